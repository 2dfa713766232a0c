/** The side bar: results by file, and the history of queries. */

import * as vscode from "vscode";

import { setContext } from "../contexts.js";
import { messageOf } from "../log.js";
import type { Filters, Hit, Answer } from "../protocol.js";
import type { ResultsSink, SearchFeature, SimilarOrigin } from "../search/feature.js";
import { openCell } from "../search/cell.js";
import { isCancelled } from "../search/picker.js";
import { toRange } from "../search/preview.js";
import { completeness, plural, reference } from "../search/text.js";
import { NotRunningError, type ServerManager } from "../server/manager.js";
import { chooseFilters } from "./filters.js";
import type { History } from "./history.js";
import { byFile, chosenText, isNarrowed, narrowed, NOTHING_CHOSEN, toFilters, type Chosen, type Node } from "./model.js";
import { HistoryTree, ResultsTree } from "./trees.js";

type Origin = { readonly kind: "search"; readonly query: string } | { readonly kind: "similar"; readonly from: SimilarOrigin };

export class ResultsView implements ResultsSink, vscode.Disposable {
  /** Set once, by the wiring: the view asks for searches, and searches end in the view. */
  feature: SearchFeature | undefined;
  private readonly tree = new ResultsTree();
  private readonly historyTree: HistoryTree;
  private readonly view: vscode.TreeView<Node>;
  private readonly historyView: vscode.TreeView<string>;
  private readonly subscriptions: vscode.Disposable[];
  private origin: Origin | undefined;
  private result: Answer | undefined;
  /** Without filters: their choices are taken from it. */
  private unfiltered: Answer | undefined;
  private chosen: Chosen = NOTHING_CHOSEN;
  private running: vscode.CancellationTokenSource | undefined;

  constructor(
    private readonly manager: ServerManager,
    private readonly history: History,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.historyTree = new HistoryTree(history);
    this.view = vscode.window.createTreeView("cascode.results", { treeDataProvider: this.tree, showCollapseAll: true });
    this.historyView = vscode.window.createTreeView("cascode.history", { treeDataProvider: this.historyTree });
    setContext("hasHistory", history.all().length > 0);
    const command = (id: string, run: (node?: Node) => unknown): vscode.Disposable =>
      vscode.commands.registerCommand(`cascode.results.${id}`, run);
    this.subscriptions = [
      manager.onDidChangeStatus((status) => {
        if (status?.state === "ready" && this.result?.index.state === "indexing") {
          // What was found while the index was being built may not be the best of the whole.
          void this.rerun();
        }
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.rerun()),
      this.view,
      this.historyView,
      command("rerun", () => this.rerun()),
      command("filter", () => this.filter()),
      command("filterActive", () => this.filter()),
      command("clear", () => {
        this.clear();
      }),
      command("openToSide", (node) => this.withHit(node, (hit) => openHit(hit, vscode.ViewColumn.Beside))),
      command("openCell", (node) => this.withHit(node, (hit) => openHit(hit, vscode.ViewColumn.Active))),
      command("copyReference", (node) => this.withHit(node, (hit) => vscode.env.clipboard.writeText(reference(hit)))),
      command("findSimilar", (node) => this.withHit(node, (hit) => this.feature?.similarTo(hit))),
      command("filterFolder", (node) => {
        if (node?.type === "file") {
          const path = node.path.split("/").slice(0, -1).join("/");
          return this.narrow({ ...this.chosen, folders: [{ workspace: node.workspace, path }] });
        }
        return undefined;
      }),
      vscode.commands.registerCommand("cascode.history.run", (query?: unknown) => {
        const chosen = typeof query === "string" ? query : this.historyView.selection[0];
        return chosen === undefined ? undefined : this.runQuery(chosen);
      }),
      vscode.commands.registerCommand("cascode.history.remove", (query?: unknown) => {
        const chosen = typeof query === "string" ? query : this.historyView.selection[0];
        if (chosen !== undefined) {
          history.remove(chosen);
          this.historyChanged();
        }
      }),
      vscode.commands.registerCommand("cascode.history.clear", () => {
        history.clear();
        this.historyChanged();
      }),
    ];
  }

  showSearch(result: Answer): void {
    this.start({ kind: "search", query: result.query }, result);
  }

  showSimilar(result: Answer, from: SimilarOrigin): void {
    this.start({ kind: "similar", from }, result);
  }

  remember(query: string): void {
    this.history.add(query);
    this.historyChanged();
  }

  recent(): readonly string[] {
    return this.history.all();
  }

  dispose(): void {
    this.running?.cancel();
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }

  private start(origin: Origin, result: Answer): void {
    this.running?.cancel();
    this.origin = origin;
    this.chosen = NOTHING_CHOSEN;
    this.unfiltered = result;
    this.show(result);
    void this.focusFirst();
  }

  /** Give the keyboard to the best hit. */
  private async focusFirst(): Promise<void> {
    await vscode.commands.executeCommand("cascode.results.focus");
    const first = this.tree.first();
    if (first !== undefined) {
      await this.view.reveal(first, { focus: true, select: false });
    }
  }

  private async runQuery(query: string): Promise<void> {
    this.origin = { kind: "search", query };
    this.chosen = NOTHING_CHOSEN;
    this.unfiltered = undefined;
    this.remember(query);
    await vscode.commands.executeCommand("cascode.results.focus");
    await this.rerun();
  }

  /** Ask again what is shown, with the filters as they are. */
  private async rerun(): Promise<void> {
    const { origin, chosen } = this;
    if (origin === undefined) {
      return;
    }
    this.running?.cancel();
    const source = new vscode.CancellationTokenSource();
    this.running = source;
    const current = (): boolean => this.running === source && !source.token.isCancellationRequested;
    try {
      await vscode.window.withProgress({ location: { viewId: "cascode.results" } }, async () => {
        const result = await this.ask(origin, toFilters(chosen), source.token, (fast) => {
          if (current()) {
            this.show(fast);
          }
        });
        if (current()) {
          if (!isNarrowed(chosen)) {
            this.unfiltered = result;
          }
          this.show(result);
        }
      });
    } catch (error) {
      if (current() && !isCancelled(error)) {
        this.failed(error);
      }
    } finally {
      source.dispose();
    }
  }

  private async ask(
    origin: Origin,
    filters: Filters,
    token: vscode.CancellationToken,
    onFast: (result: Answer) => void,
  ): Promise<Answer> {
    const connection = await this.manager.connection();
    if (origin.kind === "search") {
      return connection.search({ query: origin.query, ...filters }, onFast, token);
    }
    return connection.similar({ textDocument: { uri: origin.from.uri }, position: origin.from.position }, token);
  }

  private failed(error: unknown): void {
    if (error instanceof NotRunningError) {
      this.view.message = "The server is not running.";
      return;
    }
    this.log.error(`results view: ${messageOf(error)}`);
    this.view.message = `The search failed: ${messageOf(error)}`;
  }

  private show(result: Answer): void {
    this.result = result;
    const hits = narrowed(result, this.chosen);
    const filtered = isNarrowed(this.chosen);
    this.tree.show(byFile(hits));
    const notes: string[] = [];
    if (filtered) {
      notes.push(`Only ${chosenText(this.chosen)}.`);
    }
    const note = completeness(result.index);
    if (note !== null) {
      notes.push(`The index is not complete: ${note}.`);
    }
    if (hits.length > 0 && !result.confident) {
      notes.push("Nothing matches well. The nearest:");
    }
    if (result.team_note !== null) {
      notes.push(`${result.team_note}.`);
    }
    // With no hits the view shows its welcome text, and a message above it would hide that.
    this.view.message = hits.length > 0 ? notes.join(" ") : "";
    const title = this.origin?.kind === "similar" ? `like ${this.origin.from.label}` : result.query;
    this.view.description = `${title} · ${plural(hits.length, "hit")}`;
    setContext("searched", true);
    setContext("hasResults", true);
    setContext("filtered", filtered);
  }

  private async filter(): Promise<void> {
    const { result } = this;
    if (result === undefined) {
      return;
    }
    const chosen = await chooseFilters(this.chosen, (this.unfiltered ?? result).hits);
    if (chosen !== undefined) {
      await this.narrow(chosen);
    }
  }

  private async narrow(chosen: Chosen): Promise<void> {
    this.chosen = chosen;
    if (this.result !== undefined) {
      // At once what is there already; then the server fills the list up.
      this.show(this.unfiltered ?? this.result);
    }
    await this.rerun();
  }

  private clear(): void {
    this.running?.cancel();
    this.origin = undefined;
    this.result = undefined;
    this.unfiltered = undefined;
    this.chosen = NOTHING_CHOSEN;
    this.tree.show([]);
    this.view.message = "";
    this.view.description = "";
    setContext("hasResults", false);
    setContext("filtered", false);
  }

  /** The hit of a menu's node; that of the selected row where a key was pressed. */
  private withHit(node: Node | undefined, run: (hit: Hit) => unknown): unknown {
    const chosen = node ?? this.view.selection[0];
    return chosen?.type === "hit" ? run(chosen.hit) : undefined;
  }

  private historyChanged(): void {
    setContext("hasHistory", this.history.all().length > 0);
    this.historyTree.refresh();
  }
}

async function openHit(hit: Hit, viewColumn: vscode.ViewColumn): Promise<void> {
  if (hit.cell !== null) {
    await openCell(hit, { viewColumn, preview: true });
    return;
  }
  const { start } = toRange(hit.selectionRange);
  await vscode.window.showTextDocument(vscode.Uri.parse(hit.uri), { viewColumn, selection: new vscode.Range(start, start) });
}
