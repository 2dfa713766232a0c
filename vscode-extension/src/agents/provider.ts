/** Offers the search to Copilot's agents, where this VS Code can take servers of the Model Context Protocol. */

import * as vscode from "vscode";

import type { Log } from "../log.js";
import type { ServerManager } from "../server/manager.js";
import { agentServers } from "./definition.js";

/** The id that package.json contributes. */
const PROVIDER = "cascode.agents";

/** What VS Code has from 1.101 on; the extension runs in earlier ones too, so its types do not know it. */
interface McpApi {
  readonly lm?: {
    registerMcpServerDefinitionProvider?: (
      id: string,
      provider: {
        readonly onDidChangeMcpServerDefinitions: vscode.Event<void>;
        readonly provideMcpServerDefinitions: () => object[];
      },
    ) => vscode.Disposable;
  };
  readonly McpStdioServerDefinition?: new (
    label: string,
    command: string,
    args: string[],
    env: Record<string, string>,
    version: string | undefined,
  ) => object;
}

export class AgentServers implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[] = [this.changed];
  private readonly later: NodeJS.Immediate;

  constructor(
    private readonly manager: ServerManager,
    private readonly log: Log,
  ) {
    // No agent asks before the activation has ended, and a person waits for that.
    this.later = setImmediate(() => {
      this.register();
    });
  }

  dispose(): void {
    clearImmediate(this.later);
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }

  private register(): void {
    const { lm, McpStdioServerDefinition: Definition } = vscode as unknown as McpApi;
    if (lm?.registerMcpServerDefinitionProvider === undefined || Definition === undefined) {
      this.log.info("this VS Code takes no servers for agents from extensions: it needs 1.101 or later");
      return;
    }
    const fire = (): void => {
      this.changed.fire();
    };
    try {
      this.subscriptions.push(
        lm.registerMcpServerDefinitionProvider(PROVIDER, {
          onDidChangeMcpServerDefinitions: this.changed.event,
          provideMcpServerDefinitions: () =>
            this.servers().map(({ label, command, args, version }) => new Definition(label, command, [...args], {}, version)),
        }),
      );
    } catch (error) {
      // 1.100 has the function and keeps it for extensions of its own choice: it throws, which would end our activation.
      this.log.info(`this VS Code takes no servers for agents from extensions: ${String(error)}`);
      return;
    }
    this.subscriptions.push(
      this.manager.onDidChangeState(fire),
      vscode.workspace.onDidChangeWorkspaceFolders(fire),
      vscode.workspace.onDidGrantWorkspaceTrust(fire),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("cascode.model.path")) {
          fire();
        }
      }),
    );
  }

  private servers(): ReturnType<typeof agentServers> {
    const { state } = this.manager;
    const running = state.kind === "running" ? state : undefined;
    return agentServers({
      program: running?.launch.program,
      version: running?.connection.version,
      folders: (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      model: vscode.workspace.getConfiguration("cascode").get<string>("model.path", ""),
    });
  }
}
