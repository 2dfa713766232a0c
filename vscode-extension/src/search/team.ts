/** Hits of the team's index: their files lie on no disk here, so what opens says where they are. */

import type * as vscode from "vscode";

/** Scheme of the addresses that the server gives them. */
export const TEAM_SCHEME = "cascode-team";

/** The text that stands in for a file of another repository: `cascode-team:/REPOSITORY/PATH?REVISION`. */
export function describeTeamHit(uri: Pick<vscode.Uri, "path" | "query">): string {
  return `${uri.path.slice(1)}\nrevision ${uri.query}\n\nThis file is in your team's index, and not in this workspace.\n`;
}
