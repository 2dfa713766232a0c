/** The `when` keys that menus, key bindings and empty views depend on. */

import * as vscode from "vscode";

export type ContextKey =
  | "running"
  | "ready"
  | "paused"
  | "canInstall"
  | "failed"
  /** A question was answered, wherever: the walkthrough ticks off its step. */
  | "searched"
  /** The results view holds an answer, be it one without hits. */
  | "hasResults"
  | "filtered"
  | "hasHistory"
  | "pickerVisible";

const values = new Map<ContextKey, boolean>();

/** Set a key; only changes reach VS Code. */
export function setContext(key: ContextKey, value: boolean): void {
  if (values.get(key) !== value) {
    values.set(key, value);
    void vscode.commands.executeCommand("setContext", `cascode.${key}`, value);
  }
}
