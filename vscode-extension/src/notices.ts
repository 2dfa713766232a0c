/** Messages over the editor: each problem once, with the buttons that help. */

import * as vscode from "vscode";

export interface Action {
  readonly label: string;
  readonly command: string;
  readonly argument?: unknown;
}

export const ACTIONS = {
  install: { label: "Install Server", command: "cascode.installServer" },
  logs: { label: "Show Logs", command: "cascode.showLogs" },
  restart: { label: "Restart Server", command: "cascode.restartServer" },
  pathSetting: { label: "Open Setting", command: "workbench.action.openSettings", argument: "cascode.path" },
  indexingSetting: { label: "Open Setting", command: "workbench.action.openSettings", argument: "cascode.indexing.enabled" },
  openFolder: { label: "Open Folder", command: "workbench.action.files.openFolder" },
  python: {
    label: "Download Python",
    command: "vscode.open",
    argument: vscode.Uri.parse("https://www.python.org/downloads/"),
  },
} as const satisfies Record<string, Action>;

const shown = new Set<string>();

/** Show a problem unless it was shown since the last `forgetNotices`. */
export function noticeOnce(level: "error" | "warning" | "info", message: string, actions: readonly Action[]): void {
  if (!shown.has(message)) {
    shown.add(message);
    void notice(level, message, actions);
  }
}

/** The user asked for another try: what fails again is news again. */
export function forgetNotices(): void {
  shown.clear();
}

/** Show a message and run the command of the button that was pressed. */
export async function notice(
  level: "error" | "warning" | "info",
  message: string,
  actions: readonly Action[],
): Promise<void> {
  const labels = actions.map((action) => action.label);
  const show = {
    error: vscode.window.showErrorMessage,
    warning: vscode.window.showWarningMessage,
    info: vscode.window.showInformationMessage,
  }[level];
  const picked = await show(message, ...labels);
  const action = actions.find(({ label }) => label === picked);
  if (action !== undefined) {
    await runAction(action);
  }
}

export async function runAction(action: Action): Promise<void> {
  await vscode.commands.executeCommand(action.command, ...(action.argument === undefined ? [] : [action.argument]));
}
