/** The command that makes the extension's own environment, with what the user sees of it. */

import * as vscode from "vscode";

import { messageOf } from "../log.js";
import { ACTIONS, notice } from "../notices.js";
import { findInterpreter, withoutPython } from "./interpreters.js";
import type { ServerManager } from "./manager.js";
import type { SelectedPython } from "./pythonExtension.js";
import { CancelledError, run } from "./run.js";

let running: Promise<void> | undefined;

/** Make the environment and start the server in it; pressing the button twice does it once. */
export function installServer(manager: ServerManager, python: SelectedPython, log: vscode.LogOutputChannel): Promise<void> {
  running ??= install(manager, python, log).finally(() => {
    running = undefined;
  });
  return running;
}

/** Replace the server of an earlier version of the extension, which somebody has installed, as soon as it runs. */
export function updatesServer(manager: ServerManager, python: SelectedPython, log: vscode.LogOutputChannel): vscode.Disposable {
  // Once for each window: what failed is tried again by its button, or by the next window.
  let tried = false;
  return manager.onDidChangeState((state) => {
    if (!tried && state.kind === "running" && state.launch.outdated === true) {
      tried = true;
      void installServer(manager, python, log);
    }
  });
}

async function install(manager: ServerManager, python: SelectedPython, log: vscode.LogOutputChannel): Promise<void> {
  const { state } = manager;
  const update = state.kind === "running" && state.launch.outdated === true;
  if (state.kind === "running" && !update) {
    // What it runs from is not taken away under it. Not awaited: the message may stay for longer than the server.
    void notice("info", "CasCode: a server is running already; there is nothing to install.", [ACTIONS.restart]);
    return;
  }
  const managed = await manager.managed();
  if (managed === undefined) {
    await notice("error", "This build of the extension brings no server to install. Set cascode.path to a cascode program.", [
      ACTIONS.pathSetting,
    ]);
    return;
  }
  // Nobody waits for an update, and nobody asked for it: it shows in the status bar alone.
  const options = update
    ? { location: vscode.ProgressLocation.Window, title: "Updating CasCode's server" }
    : { location: vscode.ProgressLocation.Notification, title: "Installing CasCode's server", cancellable: true };
  const failure = await vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => {
      controller.abort();
    });
    const { signal } = controller;
    try {
      progress.report({ message: "looking for Python" });
      const preferred = await preferredPython(python);
      const found = await findInterpreter(run, preferred, { signal });
      for (const { command, reason } of found.rejected) {
        log.info(`${command} ${reason}`);
      }
      if (found.interpreter === undefined) {
        return { message: withoutPython(found), actions: [ACTIONS.python, ACTIONS.pathSetting] };
      }
      log.info(`Python ${found.interpreter.version.join(".")} of ${found.interpreter.path} makes the server's environment`);
      const report = (message: string): void => {
        progress.report({ message });
      };
      const program = await managed.create(found.interpreter, { report }, signal);
      log.info(`installed: ${program} (${(await managed.description()) ?? ""})`);
      return undefined;
    } catch (error) {
      if (error instanceof CancelledError) {
        log.info("the installation was cancelled; what was made is removed");
        return { message: undefined, actions: [] };
      }
      log.error(`installation: ${messageOf(error)}`);
      return {
        message: `CasCode: the server could not be ${update ? "updated, and the earlier one goes on" : "installed"}: ${messageOf(error)}`,
        actions: [{ ...ACTIONS.install, label: "Try Again" }, ACTIONS.logs],
      };
    }
  });
  if (failure === undefined) {
    await manager.restartByUser(update ? "the server was updated" : "the server was installed");
  } else if (failure.message !== undefined) {
    // Not awaited: the button may start the next try, which waits for the end of this one.
    void notice("error", failure.message, failure.actions);
  }
}

/** The interpreter that the user selected for the workspace, if it may be run. */
async function preferredPython(python: SelectedPython): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    return undefined;
  }
  const selected = await python.selected().catch(() => undefined);
  return selected !== undefined && "python" in selected ? selected.python : undefined;
}
