/** The language status item: what the server does, behind the braces in the status bar. */

import * as vscode from "vscode";

import { setContext } from "../contexts.js";
import { EDITOR_LANGUAGES } from "../lists.js";
import type { ServerManager } from "../server/manager.js";
import { detail, summary } from "./text.js";

const SELECTOR = EDITOR_LANGUAGES.map((language) => ({ scheme: "file", language }));

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem("cascode.status", SELECTOR);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly manager: ServerManager) {
    this.item.name = "CasCode";
    const update = (): void => {
      this.update();
    };
    this.subscriptions = [this.item, manager.onDidChangeState(update), manager.onDidChangeStatus(update)];
    this.update();
  }

  dispose(): void {
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }

  private update(): void {
    const { state, status } = this.manager;
    setContext("running", state.kind === "running");
    setContext("failed", state.kind === "failed" || (state.kind === "absent" && state.problem.kind !== "not-installed"));
    setContext("canInstall", state.kind === "absent" && state.problem.kind === "not-installed");
    setContext("paused", status?.state === "paused");
    setContext("ready", status?.state === "ready");
    switch (state.kind) {
      case "idle":
        this.show("CasCode: no folder open", "", "information", false);
        break;
      case "starting":
        this.show("CasCode: starting", state.message, "information", true);
        break;
      case "absent": {
        const missing = state.problem.kind === "not-installed";
        const command = missing
          ? { title: "Install Server", command: "cascode.installServer" }
          : { title: "Open Setting", command: "workbench.action.openSettings", arguments: ["cascode.path"] };
        this.show("CasCode: no server", state.problem.message, "warning", false, command);
        break;
      }
      case "failed":
        this.show("CasCode: not running", state.message, "error", false, { title: "Restart", command: "cascode.restartServer" });
        break;
      case "running":
        if (status === undefined) {
          this.show("CasCode: starting", "", "information", true);
        } else {
          const busy = status.state === "indexing" || status.state === "starting";
          const severity = status.state === "error" ? "error" : "information";
          const command =
            status.state === "paused"
              ? { title: "Resume", command: "cascode.resumeIndexing" }
              : { title: "Details", command: "cascode.showStatus" };
          this.show(`CasCode: ${summary(status)}`, detail(status), severity, busy, command);
        }
    }
  }

  private show(
    text: string,
    more: string,
    severity: "information" | "warning" | "error",
    busy: boolean,
    command: vscode.Command = { title: "Details", command: "cascode.showStatus" },
  ): void {
    this.item.text = text;
    this.item.detail = more;
    this.item.busy = busy;
    this.item.command = command;
    this.item.severity = {
      information: vscode.LanguageStatusSeverity.Information,
      warning: vscode.LanguageStatusSeverity.Warning,
      error: vscode.LanguageStatusSeverity.Error,
    }[severity];
  }
}
