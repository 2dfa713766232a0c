/** The rows of the quick pick. */

import * as vscode from "vscode";

import { runAction, type Action } from "../notices.js";
import type { Hit, Answer } from "../protocol.js";
import { keyOf, place, symbolName, withoutIcons } from "./text.js";

export interface HitRow extends vscode.QuickPickItem {
  readonly hit: Hit;
}

/** A row that says something; chosen, it does something, or nothing where it has nothing to do. */
export interface ActionRow extends vscode.QuickPickItem {
  readonly run: (() => void) | undefined;
  /** The list stays open. */
  readonly stays?: boolean;
}

export type Row = HitRow | ActionRow | vscode.QuickPickItem;

export const BUTTONS = {
  // Not Ctrl+Enter: VS Code takes every Enter in a quick pick for itself and does not report which modifier keys were held.
  side: { iconPath: new vscode.ThemeIcon("split-horizontal"), tooltip: "Open to the Side (Ctrl+\\)" },
  similar: { iconPath: new vscode.ThemeIcon("type-hierarchy-sub"), tooltip: "Find Similar Code (Ctrl+Shift+S)" },
  describe: { iconPath: new vscode.ThemeIcon("question"), tooltip: "Say What It Does" },
  copy: { iconPath: new vscode.ThemeIcon("copy"), tooltip: "Copy Reference (Ctrl+Shift+C)" },
} as const;

/** The icon of a kind of definition, in the colour that the outline has for it. */
export function iconOf(kind: string): vscode.ThemeIcon {
  const symbol = symbolName(kind);
  const colour = symbol === "enum" ? "enumerator" : symbol;
  return new vscode.ThemeIcon(`symbol-${symbol}`, new vscode.ThemeColor(`symbolIcon.${colour}Foreground`));
}

export function isHit(row: Row | undefined): row is HitRow {
  return row !== undefined && "hit" in row;
}

export function isAction(row: Row | undefined): row is ActionRow {
  return row !== undefined && "run" in row;
}

export function rowKey(row: Row): string {
  return isHit(row) ? keyOf(row.hit) : row.label;
}

/** What is asked about the hits of a list beside opening them. */
export interface Gists {
  /** Whether there is a model to ask. */
  readonly offered: boolean;
  /** What was said of hits, by their key. */
  readonly said: ReadonlyMap<string, string>;
}

function hitRow(hit: Hit, severalFolders: boolean, gists: Gists): HitRow {
  return {
    label: withoutIcons(hit.name),
    description: place(hit, severalFolders),
    detail: withoutIcons(gists.said.get(keyOf(hit)) ?? hit.signature),
    iconPath: iconOf(hit.kind),
    // The list is the server's: VS Code must not hide rows that lack the typed letters.
    alwaysShow: true,
    // A cell of a notebook and a hit of the team's are no files of this machine to read.
    buttons: [
      ...(gists.offered && hit.cell === null && hit.repository === null ? [BUTTONS.describe] : []),
      BUTTONS.side,
      ...(hit.repository === null ? [BUTTONS.similar] : []),
      BUTTONS.copy,
    ],
    hit,
  };
}

export function actionRow(icon: string, label: string, detail?: string, run?: () => void): ActionRow {
  return { label, alwaysShow: true, iconPath: new vscode.ThemeIcon(icon), run, ...(detail === undefined ? {} : { detail }) };
}

/** A row that runs the command of a button. */
export function commandRow(icon: string, label: string, detail: string | undefined, action: Action): ActionRow {
  return actionRow(icon, label, detail, () => void runAction(action));
}

export function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

/** The rows of an answer. That nothing matches well is a row and no separator, which would hide the end of a path. */
export function rowsOf(result: Answer, severalFolders: boolean, gists: Gists): Row[] {
  const rows: Row[] = result.hits.map((hit) => hitRow(hit, severalFolders, gists));
  if (rows.length > 0 && !result.confident) {
    rows.unshift(actionRow("info", "Nothing matches well. The nearest:"));
  }
  if (result.team_note !== null) {
    rows.push(actionRow("info", result.team_note));
  }
  return rows;
}
