/** The item in the status bar: small, hidden by a setting, and a click opens the list of the index status. */

import * as vscode from "vscode";

import type { ServerManager } from "../server/manager.js";
import { compact, detail, summary } from "./text.js";

const SETTING = "cascode.statusBar";

export class StatusBar implements vscode.Disposable {
  /** Right of the editor's own items: it matters less than the line and the language. */
  private readonly item = vscode.window.createStatusBarItem("cascode.statusBar", vscode.StatusBarAlignment.Right, -10);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly manager: ServerManager) {
    this.item.name = "CasCode";
    this.item.command = "cascode.showStatus";
    const update = (): void => {
      this.update();
    };
    this.subscriptions = [
      this.item,
      manager.onDidChangeState(update),
      manager.onDidChangeStatus(update),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) {
          update();
        }
      }),
    ];
    this.update();
  }

  dispose(): void {
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }

  private update(): void {
    const { state, status } = this.manager;
    if (state.kind === "idle" || !vscode.workspace.getConfiguration().get<boolean>(SETTING, true)) {
      this.item.hide();
      return;
    }
    switch (state.kind) {
      case "starting":
        this.set("$(sync~spin) CasCode", state.message);
        break;
      case "absent":
        this.set("$(warning) CasCode", state.problem.message);
        break;
      case "failed":
        this.set("$(error) CasCode", state.message);
        break;
      case "running":
        if (status === undefined) {
          this.set("$(sync~spin) CasCode", "Starting");
        } else {
          this.set(compact(status), `${summary(status)}: ${detail(status)}`);
        }
    }
    this.item.show();
  }

  private set(text: string, tooltip: string): void {
    this.item.text = text;
    this.item.tooltip = `CasCode: ${tooltip}`;
  }
}
