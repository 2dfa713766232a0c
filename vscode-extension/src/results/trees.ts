/** The rows of the two views. */

import * as vscode from "vscode";

import { iconOf } from "../search/items.js";
import { toRange } from "../search/preview.js";
import { cellAndLines, explanation, plural, sureness } from "../search/text.js";
import type { History } from "./history.js";
import type { FileNode, HitNode, Node } from "./model.js";

export class ResultsTree implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private files: readonly FileNode[] = [];

  /** The best hit. */
  first(): HitNode | undefined {
    return this.files[0]?.hits[0];
  }

  show(files: readonly FileNode[]): void {
    this.files = files;
    this.changed.fire();
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return [...this.files];
    }
    return node.type === "file" ? [...node.hits] : [];
  }

  getParent(node: Node): Node | undefined {
    return node.type === "hit" ? node.file() : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.type === "file" ? fileItem(node) : hitItem(node);
  }
}

function fileItem(node: FileNode): vscode.TreeItem {
  // The resource gives the name, the icon of the file and the colours of git and of problems.
  const item = new vscode.TreeItem(vscode.Uri.parse(node.uri), vscode.TreeItemCollapsibleState.Expanded);
  const folder = node.path.split("/").slice(0, -1).join("/");
  const several = (vscode.workspace.workspaceFolders ?? []).length > 1;
  item.description = several ? [node.workspace, folder].filter((part) => part !== "").join("/") : folder;
  item.id = node.uri;
  item.contextValue = "file";
  item.tooltip = `${node.path}, ${plural(node.hits.length, "hit")}`;
  return item;
}

function hitItem(node: HitNode): vscode.TreeItem {
  const { hit } = node;
  const item = new vscode.TreeItem(hit.name, vscode.TreeItemCollapsibleState.None);
  const sure = sureness(hit);
  item.id = `${hit.uri}#${hit.name}#${hit.start_line}`;
  item.description = sure === null ? cellAndLines(hit) : `${sure} · ${cellAndLines(hit)}`;
  item.iconPath = iconOf(hit.kind);
  item.contextValue = hit.repository === null ? "hit" : "teamHit";
  item.tooltip = new vscode.MarkdownString()
    .appendCodeblock(hit.signature, hit.language === "c_sharp" ? "csharp" : hit.language)
    .appendText(explanation(hit));
  const where = hit.cell === null ? `line ${hit.start_line}` : `cell ${hit.cell.number}, line ${hit.cell.start_line}`;
  item.accessibilityInformation = { label: `${hit.name}, ${where}${sure === null ? "" : `, ${sure} match`}` };
  if (hit.cell !== null) {
    // Lines and ranges are those of the notebook's file, which `vscode.open` cannot find in what a notebook shows.
    item.command = { title: "Open", command: "cascode.results.openCell", arguments: [node] };
    return item;
  }
  const { start } = toRange(hit.selectionRange);
  // VS Code gives this command the meaning of clicks and keys in lists: one click or Space shows, two or Enter open.
  const options: vscode.TextDocumentShowOptions = { selection: new vscode.Range(start, start) };
  item.command = { title: "Open", command: "vscode.open", arguments: [vscode.Uri.parse(hit.uri), options] };
  return item;
}

export class HistoryTree implements vscode.TreeDataProvider<string> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly history: History) {}

  refresh(): void {
    this.changed.fire();
  }

  getChildren(query?: string): string[] {
    return query === undefined ? [...this.history.all()] : [];
  }

  getTreeItem(query: string): vscode.TreeItem {
    const item = new vscode.TreeItem(query, vscode.TreeItemCollapsibleState.None);
    item.id = query;
    item.iconPath = new vscode.ThemeIcon("history");
    item.tooltip = query;
    item.command = { title: "Run", command: "cascode.history.run", arguments: [query] };
    return item;
  }
}
