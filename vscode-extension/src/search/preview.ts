/** Shows a function in the editor while one moves through hits, and puts the editor back as it was. */

import * as vscode from "vscode";

import type { Hit, Range } from "../protocol.js";
import { openCell, showCell } from "./cell.js";

/** The range of the protocol as VS Code's. */
export function toRange(range: Range): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

/** Share of the editor that the list lies over: the function begins below it. */
const COVERED = 0.45;

/** VS Code's largest `editor.stickyScroll.maxLineCount`. */
const STICKY_LINES = 20;

/** An editor that stands right already reports no scrolling, ms. */
const SCROLLED_MS = 150;

/** Lines of an editor that has not been laid out yet. */
const USUAL_LINES = 40;

interface Origin {
  readonly column: vscode.ViewColumn;
  readonly tab: vscode.Tab | undefined;
  readonly wasPreview: boolean;
  readonly editor: vscode.TextEditor | undefined;
  readonly selections: readonly vscode.Selection[];
  readonly visible: vscode.Range | undefined;
  /** Documents that had a tab in the group. */
  readonly tabs: ReadonlySet<string>;
}

export class EditorPreview implements vscode.Disposable {
  private readonly decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.rangeHighlightForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  private readonly origin: Origin = capture();
  private decorated: vscode.TextEditor | undefined;
  private latest = 0;
  private showing: Promise<void> = Promise.resolve();
  private shown = false;
  /** Documents that were shown. */
  private readonly previewed = new Set<string>();
  private ended = false;

  /** Show a hit beside the list, which keeps the focus. A later call overtakes an earlier one. */
  show(hit: Hit): Promise<void> {
    const number = ++this.latest;
    // A hit that could not be shown, a deleted file for example, must not keep the next from being shown.
    this.showing = this.showing.catch(() => undefined).then(async () => {
      if (number === this.latest && !this.ended) {
        await this.reveal(hit);
      }
    });
    return this.showing;
  }

  /** Open a hit for good, with the cursor on its name. */
  async open(hit: Hit, side: boolean): Promise<void> {
    await this.end();
    const uri = vscode.Uri.parse(hit.uri);
    if (side) {
      await this.restoreEditor();
    }
    const quickOpen = vscode.workspace.getConfiguration("workbench.editor").get<boolean>("enablePreviewFromQuickOpen", false);
    const viewColumn = side ? vscode.ViewColumn.Beside : this.origin.column;
    if (hit.cell !== null) {
      await openCell(hit, { viewColumn, preview: quickOpen });
      await this.closeOthers(uri);
      return;
    }
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { viewColumn, preview: quickOpen });
    const name = toRange(hit.selectionRange);
    editor.selection = new vscode.Selection(name.start, name.start);
    editor.revealRange(toRange(hit.range), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    await this.closeOthers(uri);
  }

  /** Put back what was there before the first `show`. */
  async restore(): Promise<void> {
    await this.end();
    if (this.shown) {
      await this.restoreEditor();
      await this.closeOthers(undefined);
    }
  }

  dispose(): void {
    this.ended = true;
    this.decoration.dispose();
  }

  private async end(): Promise<void> {
    this.ended = true;
    await this.showing.catch(() => undefined);
    this.decorated?.setDecorations(this.decoration, []);
  }

  private async reveal(hit: Hit): Promise<void> {
    if (hit.cell !== null) {
      this.shown = true;
      this.previewed.add(vscode.Uri.parse(hit.uri).toString());
      await showCell(hit, { viewColumn: this.origin.column, preview: true, preserveFocus: true });
      return;
    }
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(hit.uri));
    if (this.isOver()) {
      return;
    }
    this.shown = true;
    this.previewed.add(document.uri.toString());
    const editor = await vscode.window.showTextDocument(document, {
      viewColumn: this.origin.column,
      preview: true,
      preserveFocus: true,
    });
    if (this.decorated !== undefined && this.decorated !== editor) {
      this.decorated.setDecorations(this.decoration, []);
    }
    const range = toRange(hit.range);
    editor.setDecorations(this.decoration, [range]);
    const visible = editor.visibleRanges[0];
    const lines = visible === undefined ? USUAL_LINES : Math.max(visible.end.line - visible.start.line, 1);
    const top = Math.max(0, range.start.line - Math.round(lines * COVERED));
    editor.revealRange(new vscode.Range(top, 0, top, 0), vscode.TextEditorRevealType.AtTop);
    this.decorated = editor;
  }

  private isOver(): boolean {
    return this.ended;
  }

  private async restoreEditor(): Promise<void> {
    const { tab, editor, column, wasPreview } = this.origin;
    if (tab === undefined || !this.shown) {
      return;
    }
    if (editor !== undefined && tab.input instanceof vscode.TabInputText) {
      const back = await vscode.window.showTextDocument(editor.document, { viewColumn: column, preview: wasPreview, preserveFocus: true });
      back.selections = this.origin.selections;
      if (this.origin.visible !== undefined) {
        await scrollTo(back, this.origin.visible.start.line);
      }
      return;
    }
    // Other editors come back when the preview's tab is closed, except one that was a preview itself and was replaced.
    const options = { viewColumn: column, preview: true, preserveFocus: true };
    if (wasPreview && tab.input instanceof vscode.TabInputTextDiff) {
      await vscode.commands.executeCommand("vscode.diff", tab.input.original, tab.input.modified, tab.label, options);
    } else if (wasPreview && tab.input instanceof vscode.TabInputCustom) {
      await vscode.commands.executeCommand("vscode.openWith", tab.input.uri, tab.input.viewType, options);
    } else if (wasPreview && tab.input instanceof vscode.TabInputNotebook) {
      await vscode.commands.executeCommand("vscode.openWith", tab.input.uri, tab.input.notebookType, options);
    }
  }

  /** Close the tabs that previews left (all of them where preview editors are turned off). */
  private async closeOthers(kept: vscode.Uri | undefined): Promise<void> {
    if (!this.shown) {
      return;
    }
    const group = vscode.window.tabGroups.all.find(({ viewColumn }) => viewColumn === this.origin.column);
    const left = (group?.tabs ?? []).filter(
      ({ input, isDirty, isPinned }) =>
        (input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook) &&
        this.previewed.has(input.uri.toString()) &&
        !this.origin.tabs.has(input.uri.toString()) &&
        input.uri.toString() !== kept?.toString() &&
        !isDirty &&
        !isPinned,
    );
    await vscode.window.tabGroups.close(left, true);
  }
}

/**
 * Scroll until a line is the first visible one. VS Code reveals below the lines that stick to the top, and counts them
 * as covered and yet visible: what the first step misses by is corrected in a second.
 */
async function scrollTo(editor: vscode.TextEditor, line: number): Promise<void> {
  const reveal = (at: number): void => {
    const position = new vscode.Position(Math.max(0, at), 0);
    editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.AtTop);
  };
  const missed = (): number => (editor.visibleRanges[0]?.start.line ?? line) - line;
  const scrolled = new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      listening.dispose();
      resolve();
    };
    const timer = setTimeout(done, SCROLLED_MS);
    const listening = vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
      // Events of the scrolling before are still under way.
      if (textEditor === editor && Math.abs(missed()) <= STICKY_LINES) {
        done();
      }
    });
  });
  reveal(line);
  await scrolled;
  if (missed() !== 0 && Math.abs(missed()) <= STICKY_LINES) {
    reveal(line - missed());
  }
}

function capture(): Origin {
  const group = vscode.window.tabGroups.activeTabGroup;
  const tab = group.activeTab;
  const editor = vscode.window.activeTextEditor;
  const uri = tab?.input instanceof vscode.TabInputText ? tab.input.uri.toString() : undefined;
  const shown = uri !== undefined && editor?.document.uri.toString() === uri ? editor : undefined;
  return {
    column: group.viewColumn,
    tab,
    wasPreview: tab?.isPreview ?? false,
    editor: shown,
    selections: [...(shown?.selections ?? [])],
    visible: shown?.visibleRanges[0],
    tabs: new Set(
      group.tabs.flatMap(({ input }) =>
        input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook ? [input.uri.toString()] : [],
      ),
    ),
  };
}
