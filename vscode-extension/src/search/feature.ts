/** The search commands: what a quick pick asks, and what it says when there is nothing to ask or to show. */

import * as vscode from "vscode";

import { setContext } from "../contexts.js";
import { messageOf } from "../log.js";
import { ACTIONS } from "../notices.js";
import type { Hit, Position, SearchArgument, Answer } from "../protocol.js";
import { summary } from "../status/text.js";
import { NotRunningError, type ServerManager, type ServerState } from "../server/manager.js";
import { actionRow, commandRow, separator, type Row } from "./items.js";
import { closePicker, HitPicker, isCancelled, type HitActions } from "./picker.js";
import { SearchSession } from "./session.js";
import { count, gist, plural, queryOf, withoutIcons } from "./text.js";

const TITLE = "Search Code by Meaning";
const PLACEHOLDER = "What does the code do? For example: retry a failed upload";

/** Recent queries offered in the empty box: as many as are seen without scrolling. */
const OFFERED = 8;

/** Characters of a name that leave the title room for the state of the index. */
const TITLE_NAME = 28;

/** Documents whose functions the server knows: not those of no file, and not the old side of a comparison. */
const SIMILAR_SCHEMES: ReadonlySet<string> = new Set(["file", "vscode-notebook-cell"]);

const STATUS = { label: "Show Index Status", command: "cascode.showStatus" };

/** The seam to the results view and its history. */
export interface ResultsSink {
  showSearch(result: Answer): void;
  showSimilar(result: Answer, origin: SimilarOrigin): void;
  remember(query: string): void;
  recent(): readonly string[];
}

export interface SimilarOrigin {
  readonly uri: string;
  readonly position: Position;
  /** How a person knows it: a function's name, or a file and a line. */
  readonly label: string;
}

export class SearchFeature {
  constructor(
    private readonly manager: ServerManager,
    private readonly log: vscode.LogOutputChannel,
    private readonly results: ResultsSink,
  ) {}

  /** Open the quick pick, with a query where one is given. */
  async search(text = ""): Promise<void> {
    await closePicker();
    const picker = new HitPicker(this.log, this.actions(), TITLE, PLACEHOLDER);
    const session = new SearchSession((request, onFast, signal) => this.ask(request, onFast, signal), {
      busy: (busy) => {
        picker.busy = busy;
      },
      answered: (result, phase) => {
        setContext("searched", true);
        picker.answer(result, phase, () => this.nothing(result));
      },
      failed: (error) => {
        this.failed(picker, error);
      },
      emptied: () => {
        picker.say(this.offers(picker, session));
      },
    });
    picker.onDidType((typed) => {
      session.type(typed);
    });
    // A server that comes up while the list is open answers what is in the box.
    const listening = this.manager.onDidChangeState((state) => {
      if (state.kind === "running" && picker.text.trim() !== "") {
        session.now(picker.text);
      }
    });
    picker.onDidEnd(() => {
      session.cancel();
      listening.dispose();
    });
    picker.show(text);
    if (text.trim() === "") {
      picker.say(this.offers(picker, session));
    } else {
      session.now(text);
    }
  }

  /** Search with the selected text; what is at the cursor where nothing is selected. */
  async searchSelection(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      await this.search();
      return;
    }
    const selected = editor.document.getText(editor.selection);
    const word = editor.document.getWordRangeAtPosition(editor.selection.active);
    const text = selected.trim() === "" && word !== undefined ? editor.document.getText(word) : selected;
    await this.search(queryOf(text));
  }

  /** Find code like the function at the cursor. */
  async similarAtCursor(): Promise<void> {
    await closePicker();
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      void vscode.window.showInformationMessage("CasCode: put the cursor into a function to find code like it.");
      return;
    }
    if (!SIMILAR_SCHEMES.has(editor.document.uri.scheme)) {
      void vscode.window.showInformationMessage(
        "CasCode: similar code is found for files, and not for documents that were never saved or show an earlier version.",
      );
      return;
    }
    const { line, character } = editor.selection.active;
    const path = editor.document.uri.path.split("/").at(-1) ?? "";
    this.similar({ uri: editor.document.uri.toString(), position: { line, character }, label: `${path}:${line + 1}` });
  }

  similarTo(hit: Hit): void {
    this.similar({ uri: hit.uri, position: hit.selectionRange.start, label: hit.name });
  }

  private similar(origin: SimilarOrigin): void {
    const actions = this.actions();
    const picker = new HitPicker(
      this.log,
      { ...actions, opened: () => undefined, showInView: (result) => { this.results.showSimilar(result, origin); } },
      `Code Similar to ${shortName(origin.label)}`,
      "Type to filter by name or path",
    );
    const source = new vscode.CancellationTokenSource();
    let found: Answer | undefined;
    const show = (): void => {
      if (found !== undefined) {
        const words = picker.text.toLowerCase().split(/\s+/u).filter((word) => word !== "");
        const hits = found.hits.filter((hit) => words.every((word) => `${hit.name} ${hit.path}`.toLowerCase().includes(word)));
        picker.answer({ ...found, hits }, "final", () => [
          found?.hits.length === 0
            ? actionRow("info", "No similar code", "Nothing else in the workspace is like this function.")
            : actionRow("info", "None of the hits has these words in its name or path"),
        ]);
      }
    };
    picker.onDidType(show);
    picker.onDidEnd(() => {
      source.cancel();
      source.dispose();
    });
    picker.show();
    picker.busy = true;
    void (async () => {
      try {
        const connection = await this.manager.connection();
        found = await connection.similar({ textDocument: { uri: origin.uri }, position: origin.position }, source.token);
        show(); // Words may have been typed meanwhile.
      } catch (error) {
        this.failed(picker, error);
      } finally {
        picker.busy = false;
      }
    })();
  }

  private actions(): HitActions {
    return {
      findSimilar: (hit) => {
        this.similarTo(hit);
      },
      ...(this.hasGists() ? { describe: (hit: Hit) => this.describe(hit) } : {}),
      showInView: (result) => {
        this.results.remember(result.query);
        this.results.showSearch(result);
      },
      opened: (result) => {
        this.results.remember(result.query);
      },
    };
  }

  /** Whether a model is named that says what definitions do. */
  private hasGists(): boolean {
    // The server's word and not the editor's setting: a file of settings may name the model.
    return this.manager.status?.describes === true;
  }

  private async describe(hit: Hit): Promise<string> {
    const connection = await this.manager.connection();
    return gist(await connection.describe({ textDocument: { uri: hit.uri }, position: hit.selectionRange.start }));
  }

  private async ask(
    request: SearchArgument,
    onFast: (result: Answer) => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    const source = new vscode.CancellationTokenSource();
    const cancel = (): void => {
      source.cancel();
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const connection = await this.manager.connection();
      signal.throwIfAborted();
      return await connection.search(request, onFast, source.token);
    } finally {
      signal.removeEventListener("abort", cancel);
      source.dispose();
    }
  }

  private failed(picker: HitPicker, error: unknown): void {
    if (picker.ended || isCancelled(error)) {
      return;
    }
    if (error instanceof NotRunningError) {
      picker.say(rowsWithoutServer(error.state));
      return;
    }
    this.log.error(`search: ${messageOf(error)}`);
    picker.say([
      commandRow("error", "The search failed", messageOf(error), ACTIONS.logs),
      separator("What helps"),
      commandRow("debug-restart", "Restart the server", undefined, ACTIONS.restart),
    ]);
  }

  /** What the empty box offers: recent queries, or what is in the way of asking. */
  private offers(picker: HitPicker, session: SearchSession): Row[] {
    const { state, status } = this.manager;
    if (state.kind !== "running" && state.kind !== "starting") {
      return rowsWithoutServer(state);
    }
    const recent = this.results.recent().slice(0, OFFERED);
    const rows: Row[] = recent.map((query) => ({
      ...actionRow("history", withoutIcons(query), undefined, () => {
        picker.text = query;
        session.now(query);
      }),
      stays: true,
    }));
    if (rows.length > 0) {
      rows.unshift(separator("Recent"));
    }
    if (rows.length > 0) {
      return rows;
    }
    if (status === undefined) {
      return [actionRow("sync", "The server is starting", "Type a question; it is answered once the server is ready.")];
    }
    const size = `${plural(status.functions, "definition")} in ${plural(status.files.total, "file")}`;
    const what = status.state === "ready" ? size : `${summary(status)}: ${size}`;
    return [commandRow("info", what, "Type a question, or press Enter for the state of the index.", STATUS)];
  }

  /** Why an answer has no hits, and what helps. */
  private nothing(result: Answer): Row[] {
    const { status } = this.manager;
    if (status?.state === "disabled") {
      return [
        commandRow("circle-slash", "Indexing is turned off", "Press Enter for the setting cascode.indexing.enabled.", ACTIONS.indexingSetting),
      ];
    }
    if (result.index.state === "indexing") {
      const done = result.index.functions > 0 ? `${count(result.index.functions)} definitions are indexed so far.` : "Nothing is indexed yet.";
      return [commandRow("sync", "Nothing found yet: the index is being built", done, STATUS)];
    }
    if (result.index.functions === 0) {
      return [
        commandRow("warning", "No definition was found in this workspace", "Press Enter to see what was skipped, and why.", STATUS),
      ];
    }
    return [actionRow("info", "Nothing matches", "Describe the code in other words.")];
  }
}

/** A long qualified name without its beginning: a title of two lines makes the list jump. */
function shortName(name: string): string {
  return name.length > TITLE_NAME ? `…${name.slice(1 - TITLE_NAME)}` : name;
}

/** What stands in the list where no server can be asked. */
function rowsWithoutServer(state: ServerState): Row[] {
  switch (state.kind) {
    case "idle":
      return [commandRow("folder-opened", "Open a folder to search its code", undefined, ACTIONS.openFolder)];
    case "absent":
      return state.problem.kind === "not-installed"
        ? [
            commandRow("cloud-download", "Install the server", "It comes with the extension; installing takes some minutes, once.", ACTIONS.install),
            commandRow("gear", "Use an installed server: cascode.path", undefined, ACTIONS.pathSetting),
          ]
        : [commandRow("error", "There is no server", state.problem.message, ACTIONS.pathSetting)];
    case "failed":
      return [
        commandRow("debug-restart", "The server is not running: start it again", state.message, ACTIONS.restart),
        commandRow("output", "Show the logs", undefined, ACTIONS.logs),
      ];
    case "starting":
    case "running":
      return [];
  }
}
