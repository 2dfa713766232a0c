/** "Show Index Status": a list that follows the server's notifications while it is open. */

import * as vscode from "vscode";

import type { ServerStatus } from "../protocol.js";
import { count, plural } from "../search/text.js";
import type { ServerManager } from "../server/manager.js";
import { progress, reasonText, skippedText, summary } from "./text.js";

interface Line extends vscode.QuickPickItem {
  readonly run?: () => void;
}

export class StatusList {
  private readonly pick = vscode.window.createQuickPick<Line>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly manager: ServerManager) {
    const { pick } = this;
    pick.title = "CasCode: Index Status";
    pick.placeholder = "Press Enter to run the selected line";
    pick.keepScrollPosition = true;
    const update = (): void => {
      this.update();
    };
    this.subscriptions = [
      pick,
      manager.onDidChangeState(update),
      manager.onDidChangeStatus(update),
      pick.onDidAccept(() => {
        const run = pick.activeItems[0]?.run;
        if (run !== undefined) {
          pick.hide();
          run();
        }
      }),
      pick.onDidHide(() => {
        this.subscriptions.splice(0).forEach((subscription) => {
          subscription.dispose();
        });
      }),
    ];
  }

  show(): void {
    this.update();
    this.pick.show();
  }

  private update(): void {
    const active = this.pick.activeItems[0]?.label;
    const lines = this.lines();
    this.pick.items = lines;
    const kept = lines.find(({ label, kind }) => label === active && kind === undefined);
    if (kept !== undefined) {
      this.pick.activeItems = [kept];
    }
  }

  private lines(): Line[] {
    const { state, status } = this.manager;
    this.pick.busy = state.kind === "starting" || status?.state === "indexing" || status?.state === "starting";
    switch (state.kind) {
      case "idle":
        return [command("folder-opened", "No folder is open", "Open one to index it", "workbench.action.files.openFolder")];
      case "starting":
        return [command("sync", "Starting", state.message, "cascode.showLogs")];
      case "absent":
        return [
          state.problem.kind === "not-installed"
            ? { ...command("cloud-download", "Install the server", "", "cascode.installServer"), detail: state.problem.message }
            : {
                ...command("error", "There is no server", "Enter opens the setting", "workbench.action.openSettings", "cascode.path"),
                detail: state.problem.message,
              },
          command("output", "Show logs", "", "cascode.showLogs"),
        ];
      case "failed":
        return [
          {
            ...command("debug-restart", "The server is not running: start it again", "", "cascode.restartServer"),
            detail: state.message,
          },
          command("output", "Show logs", "", "cascode.showLogs"),
        ];
      case "running":
        return status === undefined
          ? [command("sync", "Starting", "The server reads its index", "cascode.showLogs")]
          : [...stateLines(status), ...folderLines(status), ...skippedLines(status), ...serverLines(status, state.launch.program, state.launch.reason)];
    }
  }
}

const STATE_ICONS: Readonly<Record<ServerStatus["state"], string>> = {
  starting: "sync",
  indexing: "sync",
  ready: "check",
  paused: "debug-pause",
  disabled: "circle-slash",
  error: "error",
};

function stateLines(status: ServerStatus): Line[] {
  const what =
    status.state === "paused"
      ? command("debug-start", "Resume indexing", "", "cascode.resumeIndexing")
      : command("debug-pause", "Pause indexing", "", "cascode.pauseIndexing");
  const lines: Line[] = [
    line(STATE_ICONS[status.state], summary(status), progress(status)),
    line("symbol-function", plural(status.functions, "definition"), searchable(status)),
  ];
  if (status.state === "disabled") {
    lines.push(command("gear", "Turn indexing on", "", "workbench.action.openSettings", "cascode.indexing.enabled"));
  } else {
    lines.push(what, command("refresh", "Rebuild the index", "", "cascode.rebuildIndex"));
  }
  return lines;
}

function searchable(status: ServerStatus): string {
  if (status.pending > 0) {
    return `${count(status.pending)} found by their words only`;
  }
  return status.functions > 0 ? "all found by meaning" : "";
}

function folderLines(status: ServerStatus): Line[] {
  if (status.workspaces.length === 0) {
    return [];
  }
  return [
    separator("Folders"),
    ...status.workspaces.map((workspace) => {
      const parts = [`${plural(workspace.functions, "definition")} in ${plural(workspace.files, "file")}`];
      if (workspace.pending > 0) {
        parts.push(`${count(workspace.pending)} waiting`);
      }
      if (workspace.read_only) {
        parts.push("written by another window");
      }
      const skipped = skippedText(workspace.skipped);
      return { ...line("root-folder", workspace.name, parts.join(" · ")), ...(skipped === null ? {} : { detail: skipped }) };
    }),
  ];
}

function skippedLines(status: ServerStatus): Line[] {
  const entries = Object.entries(status.skipped).filter(([, number]) => number > 0);
  if (entries.length === 0) {
    return [];
  }
  entries.sort(([, left], [, right]) => right - left);
  return [separator("Skipped"), ...entries.map(([reason, number]) => command("circle-slash", `${count(number)} ${reasonText(reason)}`, "Enter names them", "cascode.showSkipped"))];
}

function serverLines(status: ServerStatus, program: string, reason: string): Line[] {
  const { model } = status;
  const loaded = model.loaded ? `loaded${model.device === null ? "" : ` on ${model.device}`}` : "loaded with the first question";
  return [
    separator("Server"),
    line("hubot", `Model ${model.label}`, loaded),
    { ...line("server-process", `cascode ${status.version}`, program), detail: reason },
    command("output", "Show logs", "", "cascode.showLogs"),
    action("go-to-file", "Open the server's log file", status.log_file, () => {
      void vscode.window.showTextDocument(vscode.Uri.file(status.log_file)).then(undefined, () =>
        vscode.window.showInformationMessage(`CasCode: ${status.log_file} does not exist yet.`),
      );
    }),
    action("folder", "Copy the folder of the index", status.index_directory, () => {
      void vscode.env.clipboard.writeText(status.index_directory);
    }),
    command("debug-restart", "Restart the server", "", "cascode.restartServer"),
  ];
}

function line(icon: string, label: string, description: string): Line {
  return { label, description, iconPath: new vscode.ThemeIcon(icon) };
}

function action(icon: string, label: string, description: string, run: () => void): Line {
  return { ...line(icon, label, description), run };
}

function command(icon: string, label: string, description: string, id: string, argument?: string): Line {
  return action(icon, label, description, () => {
    void vscode.commands.executeCommand(id, ...(argument === undefined ? [] : [argument]));
  });
}

function separator(label: string): Line {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
