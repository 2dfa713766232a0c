/** Wires the parts together. Nothing here waits: what takes time begins after the activation. */

import * as vscode from "vscode";

import { AgentServers } from "./agents/provider.js";
import { registerIndexCommands } from "./status/commands.js";
import { StatusBar } from "./status/bar.js";
import { StatusItem } from "./status/item.js";
import { History } from "./results/history.js";
import { ResultsView } from "./results/view.js";
import { SearchFeature } from "./search/feature.js";
import { describeTeamHit, TEAM_SCHEME } from "./search/team.js";
import { visiblePicker } from "./search/picker.js";
import { installServer, updatesServer } from "./server/install.js";
import { ServerManager } from "./server/manager.js";
import { SelectedPython } from "./server/pythonExtension.js";

let manager: ServerManager | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("CasCode", { log: true });
  const python = new SelectedPython();
  const server = new ServerManager(context, log, python);
  manager = server;
  const results = new ResultsView(server, new History(context.workspaceState), log);
  const feature = new SearchFeature(server, log, results);
  results.feature = feature;
  const command = (id: string, run: (...args: never[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`cascode.${id}`, run);
  context.subscriptions.push(
    log,
    python,
    server,
    results,
    new StatusItem(server),
    new StatusBar(server),
    new AgentServers(server, log),
    updatesServer(server, python, log),
    vscode.workspace.registerTextDocumentContentProvider(TEAM_SCHEME, { provideTextDocumentContent: describeTeamHit }),
    ...registerIndexCommands(server, log),
    command("search", (query?: unknown) => feature.search(typeof query === "string" ? query : "")),
    command("searchSelection", () => feature.searchSelection()),
    command("findSimilar", () => feature.similarAtCursor()),
    command("picker.openToSide", () => visiblePicker()?.accept(true)),
    command("picker.copyReference", () => visiblePicker()?.actOnActive("copy")),
    command("picker.findSimilar", () => visiblePicker()?.actOnActive("similar")),
    command("picker.showInView", () => visiblePicker()?.showInView()),
    command("showLogs", () => {
      log.show();
    }),
    command("restartServer", () => server.restartByUser("asked for by the command Restart Server")),
    command("installServer", () => installServer(server, python, log)),
    command("openWalkthrough", () =>
      vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#start`, false),
    ),
  );
  // After the activation has returned: finding and starting the server is nobody's wait.
  const first = setImmediate(() => void server.restart("the window opened"));
  context.subscriptions.push(
    new vscode.Disposable(() => {
      clearImmediate(first);
    }),
  );
}

export async function deactivate(): Promise<void> {
  await manager?.stop();
  manager = undefined;
}
