/** Pause, resume, rebuild, and the list that shows the state of the index. */

import * as vscode from "vscode";

import { messageOf } from "../log.js";
import { ACTIONS, notice } from "../notices.js";
import { NotRunningError, type ServerManager } from "../server/manager.js";
import type { Connection } from "../server/connection.js";
import { StatusList } from "./list.js";
import { showSkipped } from "./skipped.js";

export function registerIndexCommands(manager: ServerManager, log: vscode.LogOutputChannel): vscode.Disposable[] {
  /** Run something on the server; what is in the way is said with the button that helps. */
  const onServer = async (what: string, work: (connection: Connection) => Promise<void>): Promise<void> => {
    try {
      await work(await manager.connection());
    } catch (error) {
      if (error instanceof NotRunningError) {
        await sayNotRunning(error);
        return;
      }
      log.error(`${what}: ${messageOf(error)}`);
      await notice("error", `CasCode: ${what} failed: ${messageOf(error)}`, [ACTIONS.logs]);
    }
  };
  const register = (id: string, run: () => unknown): vscode.Disposable => vscode.commands.registerCommand(`cascode.${id}`, run);
  return [
    register("pauseIndexing", () => onServer("pausing", (connection) => connection.pause())),
    register("resumeIndexing", () => onServer("resuming", (connection) => connection.resume())),
    register("rebuildIndex", async () => {
      const rebuild = "Rebuild";
      const picked = await vscode.window.showWarningMessage(
        "Rebuild the index of this workspace?",
        { modal: true, detail: "Every file is read again. Definitions whose text is known are not encoded again. Searches keep working meanwhile." },
        rebuild,
      );
      if (picked === rebuild) {
        await onServer("rebuilding", (connection) => connection.reindex(true));
      }
    }),
    register("showSkipped", () => onServer("listing what was skipped", showSkipped)),
    register("showStatus", () => {
      new StatusList(manager).show();
    }),
  ];
}

async function sayNotRunning(error: NotRunningError): Promise<void> {
  switch (error.state.kind) {
    case "idle":
      await notice("info", "CasCode: open a folder first; there is nothing to index.", [ACTIONS.openFolder]);
      break;
    case "absent":
      await notice("warning", error.state.problem.message, [
        error.state.problem.kind === "not-installed" ? ACTIONS.install : ACTIONS.pathSetting,
      ]);
      break;
    case "failed":
      await notice("error", `CasCode: ${error.state.message}`, [ACTIONS.restart, ACTIONS.logs]);
      break;
    case "starting":
    case "running":
      break;
  }
}
