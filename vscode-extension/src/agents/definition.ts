/** How agents start the server: what VS Code is told, apart from VS Code. */

/** A server of the Model Context Protocol on standard streams. */
export interface AgentServer {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Clients ask for the tools again when it changes. */
  readonly version: string | undefined;
}

export interface AgentSources {
  /** The program of the language server that runs; undefined where none does. */
  readonly program: string | undefined;
  readonly version: string | undefined;
  /** Paths of the folders of the window that are on this machine. */
  readonly folders: readonly string[];
  readonly trusted: boolean;
  /** The setting `cascode.model.path`; empty where it is not set. */
  readonly model: string;
}

/** The servers to offer to agents: none without a folder, without a program, or where the folder is not trusted. */
export function agentServers({ program, version, folders, trusted, model }: AgentSources): AgentServer[] {
  if (program === undefined || folders.length === 0 || !trusted) {
    return [];
  }
  const args = ["mcp", ...folders.flatMap((folder) => ["--workspace", folder]), ...(model === "" ? [] : ["--model", model])];
  return [{ label: "CasCode", command: program, args, version }];
}
