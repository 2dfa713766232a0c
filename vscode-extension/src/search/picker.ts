/** The quick pick: hits while one types, previewed while one moves. */

import * as vscode from "vscode";

import { setContext } from "../contexts.js";
import { messageOf } from "../log.js";
import type { Hit, Answer } from "../protocol.js";
import { CancelledRequestError } from "../server/connection.js";
import { BUTTONS, isAction, isHit, rowKey, rowsOf, type Row } from "./items.js";
import { EditorPreview } from "./preview.js";
import { activeAfter } from "./selection.js";
import type { Phase } from "./session.js";
import { completeness, keyOf, reference } from "./text.js";

/** Moving quickly through the list opens only the file that one stops at, ms. */
const PREVIEW_MS = 60;

/** What the commands of keys and buttons do with the active hit. */
export interface HitActions {
  findSimilar(hit: Hit): void;
  /** Say what a hit does; absent where no model is named for that. */
  describe?: (hit: Hit) => Promise<string>;
  /** Hand the hits to the results view. */
  showInView(result: Answer): void;
  /** The user opened a hit of this answer. */
  opened(result: Answer): void;
}

/** The list that keys act on; one at a time is visible. */
let visible: HitPicker | undefined;

export function visiblePicker(): HitPicker | undefined {
  return visible;
}

/** Close the list that is open; settles when the editor is as it was, so that the next list can remember that. */
export async function closePicker(): Promise<void> {
  await visible?.close();
}

const IN_VIEW = { iconPath: new vscode.ThemeIcon("list-tree"), tooltip: "Show in the Results View" };

function setVisible(picker: HitPicker | undefined): void {
  visible = picker;
  setContext("pickerVisible", picker !== undefined);
}

export class HitPicker {
  private readonly pick = vscode.window.createQuickPick<Row>();
  private readonly preview = new EditorPreview();
  private readonly subscriptions: vscode.Disposable[] = [];
  private result: Answer | undefined;
  /** What was said of hits, by their key. */
  private readonly said = new Map<string, string>();
  /** What was in the box when the rows came; without spaces around it, which ask nothing. */
  private answered = "";
  /** The user went to a row since the last letter was typed: Enter and a click mean that one. */
  private chose = false;
  /** The user pressed Enter before the answer to what is in the box: its best hit is opened when it comes. */
  private awaited: { readonly text: string; readonly side: boolean } | undefined;
  private moved = false;
  private shownAt = 0;
  /** Key of the row that our own change made active; the events that follow from it are no moves of the user. */
  private expected: string | undefined;
  private previewTimer: NodeJS.Timeout | undefined;
  private previewed: string | undefined;
  private done = false;
  private readonly gone = settling();

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly actions: HitActions,
    private readonly baseTitle: string,
    placeholder: string,
  ) {
    const { pick } = this;
    pick.title = baseTitle;
    pick.placeholder = placeholder;
    pick.keepScrollPosition = true;
    pick.matchOnDescription = false;
    pick.matchOnDetail = false;
    // Not in the published API, and present since 2021: without it VS Code sorts rows whose label has the typed
    // letters to the top and drops the separators.
    (pick as { sortByLabel?: boolean }).sortByLabel = false;
    pick.buttons = [IN_VIEW];
    this.subscriptions.push(
      pick,
      this.preview,
      pick.onDidChangeValue((value) => {
        this.chose = false;
        if (value.trim() !== this.awaited?.text) {
          this.awaited = undefined;
        }
      }),
      pick.onDidChangeActive(() => {
        this.activeChanged();
      }),
      pick.onDidAccept(() => {
        this.accept(false);
      }),
      pick.onDidTriggerButton(() => {
        this.showInView();
      }),
      pick.onDidTriggerItemButton(({ item, button }) => {
        if (isHit(item)) {
          this.act(item.hit, button);
        }
      }),
      pick.onDidHide(() => {
        void this.hidden().finally(this.gone.resolve);
      }),
    );
  }

  /** Call for each text in the box. */
  onDidType(listener: (text: string) => void): void {
    this.subscriptions.push(this.pick.onDidChangeValue(listener));
  }

  /** Call when the list is gone. */
  onDidEnd(listener: () => void): void {
    this.subscriptions.push(new vscode.Disposable(listener));
  }

  show(text = ""): void {
    setVisible(this);
    this.pick.value = text;
    this.pick.show();
  }

  get text(): string {
    return this.pick.value;
  }

  set text(text: string) {
    this.pick.value = text;
  }

  get ended(): boolean {
    return this.done;
  }

  set busy(busy: boolean) {
    this.pick.busy = busy;
  }

  /** Show an answer; `fresh` where it belongs to another query than the rows before. */
  answer(result: Answer, phase: Phase, empty: () => Row[]): void {
    const fresh = this.result?.query !== result.query;
    const rows = result.hits.length === 0 && phase === "final" ? empty() : this.rowsOf(result);
    if (rows.length === 0) {
      return; // The fast stage found nothing; what stands is replaced by the final answer.
    }
    this.result = result;
    const note = completeness(result.index);
    this.pick.title = note === null ? this.baseTitle : `${this.baseTitle}  ·  ${note}`;
    this.replace(rows, fresh);
    this.belongs();
    if (phase === "final") {
      const { awaited } = this;
      this.awaited = undefined;
      const best = result.hits[0];
      if (awaited !== undefined && best !== undefined) {
        void this.open(best, awaited.side);
      }
    }
  }

  /** Show rows that belong to no answer. */
  say(rows: Row[]): void {
    this.result = undefined;
    this.pick.title = this.baseTitle;
    this.replace(rows, true);
    this.belongs();
    this.awaited = undefined;
  }

  /** Open the active hit; where the rows answer an older text, the best one of the answer that is under way. */
  accept(side: boolean): void {
    const text = this.pick.value.trim();
    if (text !== this.answered && !this.chose) {
      this.awaited = { text, side };
      return;
    }
    const row = this.pick.activeItems[0];
    if (isAction(row)) {
      if (row.run === undefined) {
        return;
      }
      if (row.stays === true) {
        row.run();
      } else {
        void this.close().then(row.run);
      }
    } else if (isHit(row)) {
      void this.open(row.hit, side);
    }
  }

  /** Run something on the active hit: the commands of the key bindings. */
  actOnActive(button: keyof typeof BUTTONS): void {
    const row = this.pick.activeItems[0];
    // A key does what a button of the row does: some rows have fewer.
    if (isHit(row) && row.buttons?.includes(BUTTONS[button]) === true) {
      this.act(row.hit, BUTTONS[button]);
    }
  }

  showInView(): void {
    const { result } = this;
    if (result !== undefined && result.hits.length > 0) {
      void this.close().then(() => {
        this.actions.showInView(result);
      });
    }
  }

  /** Settles when the editor is as it was. */
  close(): Promise<void> {
    this.pick.hide();
    return this.gone.promise;
  }

  private rowsOf(result: Answer): Row[] {
    const several = (vscode.workspace.workspaceFolders ?? []).length > 1;
    return rowsOf(result, several, { offered: this.actions.describe !== undefined, said: this.said });
  }

  /** Show what a hit does in place of its signature. */
  private async describe(hit: Hit): Promise<void> {
    const show = (text: string): void => {
      this.said.set(keyOf(hit), text);
      if (!this.done && this.result !== undefined) {
        this.replace(this.rowsOf(this.result), false);
      }
    };
    show("…");
    try {
      show((await this.actions.describe?.(hit)) ?? "");
    } catch (error) {
      show(messageOf(error));
    }
  }

  private replace(rows: Row[], fresh: boolean): void {
    const before = {
      active: this.activeKey(),
      moved: this.moved && !fresh,
      shownFor: fresh ? 0 : performance.now() - this.shownAt,
    };
    if (fresh) {
      this.moved = false;
      this.shownAt = performance.now();
    }
    // Enter belongs to a hit where there is one, and not to the line above it.
    const hits = rows.filter(isHit);
    const choices = hits.length > 0 ? hits : rows.filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator);
    const active = choices[activeAfter(before, choices.map(rowKey))];
    this.expected = active === undefined ? undefined : rowKey(active);
    this.pick.keepScrollPosition = !fresh;
    this.pick.items = rows;
    this.pick.activeItems = active === undefined ? [] : [active];
    this.schedulePreview();
  }

  /** Remember that the rows belong to what is in the box. Only answers to the newest text come here. */
  private belongs(): void {
    this.answered = this.pick.value.trim();
    this.chose = false;
  }

  private activeKey(): string | undefined {
    const row = this.pick.activeItems[0];
    return row === undefined ? undefined : rowKey(row);
  }

  private activeChanged(): void {
    const key = this.activeKey();
    if (key === this.expected) {
      this.expected = undefined;
    } else if (this.expected === undefined && key !== undefined) {
      this.moved = true;
      // VS Code itself goes to the first row whenever a letter is typed.
      const first = this.pick.items.find(({ kind }) => kind !== vscode.QuickPickItemKind.Separator);
      if (first !== undefined && rowKey(first) !== key) {
        this.chose = true;
        this.awaited = undefined;
      }
    }
    this.schedulePreview();
  }

  private schedulePreview(): void {
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => {
      this.expected = undefined;
      const row = this.pick.activeItems[0];
      if (!isHit(row) || this.done || rowKey(row) === this.previewed) {
        return;
      }
      const key = rowKey(row);
      this.previewed = key;
      this.preview.show(row.hit).catch((error: unknown) => {
        if (this.previewed === key) {
          this.previewed = undefined; // Tried again when one comes back to it.
        }
        this.log.warn(`no preview of ${row.hit.path}: ${messageOf(error)}`);
      });
    }, PREVIEW_MS);
  }

  private act(hit: Hit, button: vscode.QuickInputButton): void {
    if (button === BUTTONS.copy) {
      const text = reference(hit);
      void vscode.env.clipboard.writeText(text).then(() => vscode.window.setStatusBarMessage(`Copied ${text}`, 3_000));
    } else if (button === BUTTONS.side) {
      void this.open(hit, true);
    } else if (button === BUTTONS.describe) {
      void this.describe(hit);
    } else {
      void this.close().then(() => {
        this.actions.findSimilar(hit);
      });
    }
  }

  private async open(hit: Hit, side: boolean): Promise<void> {
    if (this.done) {
      return;
    }
    this.done = true;
    clearTimeout(this.previewTimer);
    if (this.result !== undefined) {
      this.actions.opened(this.result);
    }
    try {
      await this.preview.open(hit, side);
    } catch (error) {
      void vscode.window.showErrorMessage(`CasCode: ${hit.path} could not be opened: ${messageOf(error)}`);
    }
    this.pick.hide();
    this.dispose();
  }

  private async hidden(): Promise<void> {
    if (visible === this) {
      setVisible(undefined);
    }
    if (!this.done) {
      this.done = true;
      clearTimeout(this.previewTimer);
      await this.preview.restore().catch((error: unknown) => {
        this.log.warn(`the editor could not be put back: ${messageOf(error)}`);
      });
      this.dispose();
    }
  }

  private dispose(): void {
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }
}

function settling(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Whether an error only says that nobody waits for the answer any more. */
export function isCancelled(error: unknown): boolean {
  return error instanceof CancelledRequestError || (error instanceof Error && error.name === "Canceled");
}
