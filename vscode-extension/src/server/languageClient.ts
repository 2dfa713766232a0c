/** The connection to the server through the Language Server Protocol. A bundle of its own: the library is large. */

import type { CancellationToken, LogOutputChannel } from "vscode";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LSPErrorCodes,
  ProgressType,
  ResponseError,
  type Disposable,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node.js";
import { LanguageClient, RevealOutputChannelOn } from "vscode-languageclient/node.js";

import {
  SERVER_COMMANDS,
  STATUS_NOTIFICATION,
  type Answer,
  type DescribeArgument,
  type Description,
  type ServerStatus,
  type SimilarArgument,
  type SkippedPaths,
} from "../protocol.js";
import { EDITOR_LANGUAGES } from "../lists.js";
import { messageOf } from "../log.js";
import { ServerProcess } from "./process.js";
import { CancelledRequestError, type Connection, type ConnectionEvents, type SearchOptions } from "./connection.js";
import { settingsThatAreSet } from "./settings.js";

/** Section of the settings. */
const SECTION = "cascode";

/** What the server gets to end itself before it is killed, ms; it has a batch to finish and an index to close. */
const STOP_MS = 4_000;

/** A cold Python on a slow disk needs seconds; what needs longer than this is not the server, ms. */
const START_MS = 60_000;

/** What a server that could not start has to close is little, ms. */
const FAILED_MS = 500;

const partialResult = new ProgressType<Answer>();

export interface ConnectOptions {
  readonly program: string;
  readonly cwd: string;
  readonly trusted: boolean;
  readonly log: LogOutputChannel;
  readonly events: ConnectionEvents;
}

/** Start the server and wait until it has answered `initialize`. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const connection = new ClientConnection(options);
  await connection.start();
  return connection;
}

/** Errors go to the log with their level; what the user sees, and with which button, is decided elsewhere. */
class QuietClient extends LanguageClient {
  constructor(
    private readonly log: LogOutputChannel,
    server: ServerOptions,
    options: LanguageClientOptions,
  ) {
    super("cascode", "CasCode", server, options);
  }

  override error(message: string, data?: unknown): void {
    // The library says so of every lost connection, as it is not the one that starts the server again.
    const level = message.includes("Server will not be restarted") ? "debug" : "error";
    this.log[level](withData(message, data));
  }

  override warn(message: string, data?: unknown): void {
    this.log.warn(withData(message, data));
  }

  override info(message: string, data?: unknown): void {
    this.log.info(withData(message, data));
  }

  override debug(message: string, data?: unknown): void {
    this.log.debug(withData(message, data));
  }
}

function withData(message: string, data: unknown): string {
  if (data === undefined || data === null) {
    return message;
  }
  return `${message} ${data instanceof Error ? data.message : typeof data === "string" ? data : JSON.stringify(data)}`;
}

class ClientConnection implements Connection {
  private readonly client: QuietClient;
  private readonly subscriptions: Disposable[] = [];
  private process: ServerProcess | undefined;
  private stopping = false;
  private token = 0;

  constructor(private readonly options: ConnectOptions) {
    const { program, cwd, log, trusted, events } = options;
    // Our own process and not the library's, which can end it only once it has answered.
    const server: ServerOptions = async () => {
      this.process = await ServerProcess.start(program, ["serve", "--stdio"], cwd, log);
      void this.process.ended.then((how) => {
        log.info(`the server ended with ${how}`);
      });
      return { reader: this.process.child.stdout, writer: this.process.child.stdin };
    };
    this.client = new QuietClient(log, server, {
      documentSelector: EDITOR_LANGUAGES.map((language) => ({ scheme: "file", language })),
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      progressOnInitialization: false,
      initializationOptions: { settings: settings(), trusted, client: "vscode" },
      // Informs the caller; without a handler the library would show a message of its own.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (!this.stopping) {
            events.closed();
          }
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        workspace: {
          configuration: async (params, token, next) => {
            const found: unknown = await next(params, token);
            if (!Array.isArray(found)) {
              return found as never;
            }
            return found.map((value: unknown, index) => {
              const item = params.items[index];
              return item?.section === SECTION ? settings(item.scopeUri) : value;
            });
          },
        },
      },
    });
  }

  async start(): Promise<void> {
    this.subscriptions.push(
      this.client.onNotification(STATUS_NOTIFICATION, (status: ServerStatus) => {
        this.options.events.status(status);
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`it did not respond within ${START_MS / 1000} s`));
      }, START_MS);
    });
    const started = this.client.start();
    try {
      await Promise.race([started, late]);
    } catch (error) {
      this.stopping = true;
      // A start that comes too late must not be an unhandled rejection.
      started.catch(() => undefined);
      throw new Error(await this.failure(messageOf(error)), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why the start failed: what the server said last says more than that its stream is closed. */
  private async failure(message: string): Promise<string> {
    const { process } = this;
    if (process === undefined) {
      return message;
    }
    const how = await process.end(FAILED_MS);
    return how.startsWith("signal") ? message : `it ended with ${how}${process.lastLine === "" ? "" : `: ${process.lastLine}`}`;
  }

  get version(): string | undefined {
    return this.client.initializeResult?.serverInfo?.version;
  }

  async search(
    request: SearchOptions,
    onFast: (result: Answer) => void,
    token: CancellationToken,
  ): Promise<Answer> {
    const partialResultToken = `cascode-${++this.token}`;
    const listening = this.client.onProgress(partialResult, partialResultToken, onFast);
    try {
      const argument = { ...request, partialResultToken };
      return await this.execute<Answer>(SERVER_COMMANDS.search, argument, token);
    } finally {
      listening.dispose();
    }
  }

  similar(request: SimilarArgument, token: CancellationToken): Promise<Answer> {
    return this.execute<Answer>(SERVER_COMMANDS.similar, request, token);
  }

  describe(request: DescribeArgument): Promise<Description> {
    return this.execute<Description>(SERVER_COMMANDS.describe, request);
  }

  status(): Promise<ServerStatus> {
    return this.execute<ServerStatus>(SERVER_COMMANDS.status, {});
  }

  skipped(offset: number): Promise<SkippedPaths> {
    return this.execute<SkippedPaths>(SERVER_COMMANDS.skipped, { offset });
  }

  reindex(full: boolean): Promise<void> {
    return this.execute(SERVER_COMMANDS.reindex, { full });
  }

  pause(): Promise<void> {
    return this.execute(SERVER_COMMANDS.pause, {});
  }

  resume(): Promise<void> {
    return this.execute(SERVER_COMMANDS.resume, {});
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
    try {
      await this.client.dispose(STOP_MS);
    } finally {
      await this.process?.end();
    }
  }

  private async execute<T>(command: string, argument: object, token?: CancellationToken): Promise<T> {
    try {
      const params = { command, arguments: [argument] };
      return (await this.client.sendRequest(ExecuteCommandRequest.type, params, token)) as T;
    } catch (error) {
      const cancelled = error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled;
      throw cancelled || token?.isCancellationRequested === true ? new CancelledRequestError() : error;
    }
  }
}

/** What the user has set, as the server knows it. */
function settings(scopeUri?: string): Record<string, unknown> {
  const scope = scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri);
  const configuration = vscode.workspace.getConfiguration(SECTION, scope);
  return settingsThatAreSet(configuration, namesIn(plain(configuration)));
}

/** The names of the settings of a tree, with dots. */
function namesIn(value: unknown, name = ""): string[] {
  if (typeof value !== "object" || value === null) {
    return [name];
  }
  return Object.entries(value).flatMap(([key, below]) => namesIn(below, name === "" ? key : `${name}.${key}`));
}

/** VS Code's object has methods beside the values. */
function plain(configuration: vscode.WorkspaceConfiguration): unknown {
  const values = Object.entries(configuration).filter(([, value]) => typeof value !== "function");
  return JSON.parse(JSON.stringify(Object.fromEntries(values)));
}
