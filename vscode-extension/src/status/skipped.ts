/** The paths that were left out of the index, with the reason, in a list that opens them. */

import * as vscode from "vscode";

import type { SkippedPath } from "../protocol.js";
import type { Connection } from "../server/connection.js";
import { plural } from "../search/text.js";
import { reasonText, skippedPages } from "./text.js";

interface Row extends vscode.QuickPickItem {
  readonly found: SkippedPath;
}

/** Show the list; rows come by the page. */
export async function showSkipped(connection: Connection): Promise<void> {
  const pick = vscode.window.createQuickPick<Row>();
  pick.title = "CasCode: Skipped Paths";
  pick.placeholder = "Type a part of a path or a reason; Enter opens it";
  pick.matchOnDescription = true;
  pick.busy = true;
  const shown = { open: true };
  pick.onDidHide(() => {
    shown.open = false;
    pick.dispose();
  });
  pick.onDidAccept(() => {
    const uri = pick.activeItems[0]?.found.uri;
    pick.hide();
    if (uri !== undefined) {
      void vscode.commands.executeCommand(uri.endsWith("/") ? "revealInExplorer" : "vscode.open", vscode.Uri.parse(uri));
    }
  });
  pick.show();
  try {
    for await (const { paths, total } of skippedPages((offset) => connection.skipped(offset))) {
      if (!shown.open) {
        return;
      }
      pick.items = paths.map((found) => ({ label: found.path, description: `${reasonText(found.reason)} · ${found.workspace}`, found }));
      pick.title = `CasCode: ${plural(total, "skipped path")}${paths.length < total ? `, the first ${paths.length}` : ""}`;
    }
    pick.busy = false;
  } catch (error) {
    pick.hide();
    throw error;
  }
}
