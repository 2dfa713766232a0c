/** The server of this window: found, started, watched, restarted, stopped. */

import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";

import * as vscode from "vscode";

import { messageOf } from "../log.js";
import { ACTIONS, forgetNotices, noticeOnce } from "../notices.js";
import type { ServerStatus } from "../protocol.js";
import type { Connection } from "./connection.js";
import { findServer, type Launch, type Problem } from "./discovery.js";
import type { ConnectOptions } from "./languageClient.js";
import { ManagedEnvironment, shippedWheel } from "./managed.js";
import { expand, namesWorkspace } from "./programs.js";
import type { SelectedPython } from "./pythonExtension.js";
import { CrashBudget, RestartQueue } from "./restarts.js";
import { run } from "./run.js";

export type ServerState =
  /** No folder is open: there is nothing to serve. */
  | { readonly kind: "idle" }
  | { readonly kind: "starting"; readonly message: string }
  | { readonly kind: "running"; readonly connection: Connection; readonly launch: Launch }
  /** There is no server to start. */
  | { readonly kind: "absent"; readonly problem: Problem }
  /** The server that was started does not run. */
  | { readonly kind: "failed"; readonly message: string };

/** There is no server to ask; the state says why. */
export class NotRunningError extends Error {
  constructor(readonly state: ServerState) {
    super("the server is not running");
    this.name = "NotRunningError";
  }
}

type Connect = (options: ConnectOptions) => Promise<Connection>;

export class ServerManager implements vscode.Disposable {
  private readonly queue = new RestartQueue((reason) => this.restartNow(reason));
  private readonly crashes = new CrashBudget();
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly statusChanged = new vscode.EventEmitter<ServerStatus | undefined>();
  private readonly subscriptions: vscode.Disposable[] = [this.stateChanged, this.statusChanged];
  private current: ServerState = { kind: "idle" };
  private lastStatus: ServerStatus | undefined;
  private managedEnvironment: Promise<ManagedEnvironment | undefined> | undefined;
  private disposed = false;
  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeStatus = this.statusChanged.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly python: SelectedPython,
    // Loaded at the first start: the library behind it is large.
    private readonly connect: Connect = async (options) => (await import("./languageClient.js")).connect(options),
  ) {
    this.subscriptions.push(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("cascode.path")) {
          void this.restart("the setting cascode.path changed");
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        void this.restart("the workspace is trusted now");
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        // Later changes are the server's own business; only the first and the last folder start and stop it.
        const folders = (vscode.workspace.workspaceFolders ?? []).length;
        if ((folders > 0) === (this.current.kind === "idle")) {
          void this.restart(folders > 0 ? "a folder was opened" : "the last folder was closed");
        }
      }),
      python.onDidChange(() => {
        this.environmentChanged().catch((error: unknown) => {
          this.log.warn(`the selected Python environment was not looked at: ${messageOf(error)}`);
        });
      }),
    );
  }

  get state(): ServerState {
    return this.current;
  }

  /** What the server last said of itself; undefined while none runs. */
  get status(): ServerStatus | undefined {
    return this.lastStatus;
  }

  /** Start or restart; several requests during a start cause one more. */
  async restart(reason: string): Promise<void> {
    this.crashes.reset();
    await this.queue.request(reason);
  }

  /** The user asked for a start: what is wrong is said again. */
  async restartByUser(reason: string): Promise<void> {
    forgetNotices();
    this.managedEnvironment = undefined;
    await this.restart(reason);
  }

  /** Wait for a start in progress; the connection, or NotRunningError. */
  async connection(): Promise<Connection> {
    for (;;) {
      const state = this.current;
      if (state.kind === "running") {
        return state.connection;
      }
      if (state.kind !== "starting") {
        throw new NotRunningError(state);
      }
      await new Promise<void>((resolve) => {
        const listening = this.onDidChangeState(() => {
          listening.dispose();
          resolve();
        });
      });
    }
  }

  /** The environment that the extension makes; undefined in a build without a wheel. */
  managed(): Promise<ManagedEnvironment | undefined> {
    this.managedEnvironment ??= shippedWheel(vscode.Uri.joinPath(this.context.extensionUri, "wheel").fsPath).then((wheel) =>
      wheel === undefined ? undefined : new ManagedEnvironment(this.context.globalStorageUri.fsPath, wheel, run, this.log),
    );
    return this.managedEnvironment;
  }

  async stop(): Promise<void> {
    this.disposed = true;
    this.queue.cancelDelayed();
    await this.queue.idle();
    await this.stopRunning();
  }

  dispose(): void {
    this.disposed = true;
    this.queue.cancelDelayed();
    this.subscriptions.splice(0).forEach((subscription) => {
      subscription.dispose();
    });
  }

  private async restartNow(reason: string): Promise<void> {
    this.log.info(`start: ${reason}`);
    this.set({ kind: "starting", message: "Starting the server…" });
    await this.stopRunning();
    if (this.disposed) {
      return;
    }
    if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
      this.log.info("no folder is open: no server is started");
      this.set({ kind: "idle" });
      return;
    }
    try {
      const found = await this.find();
      if (found.kind === "launch") {
        await this.launch(found);
      } else {
        this.set({ kind: "absent", problem: found });
        this.report(found);
      }
    } catch (error) {
      this.fail(`The server could not be started: ${messageOf(error)}`);
    }
  }

  private async find(): Promise<Launch | Problem> {
    return findServer({
      setting: this.pathSetting(),
      settingNamesWorkspace: namesWorkspace(this.writtenPath()),
      workspaceFolders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      environments: this.python,
      managed: await this.managed(),
      run,
      log: this.log,
    });
  }

  /** Another Python environment was selected: it may have the server, or have had it. */
  private async environmentChanged(): Promise<void> {
    // A start under way may have looked before the change or after it: its end shows which.
    await this.queue.idle();
    const { current } = this;
    if (this.disposed || current.kind === "idle" || current.kind === "starting" || this.pathSetting() !== "") {
      return; // What is about to start looks for itself, and a setting goes first.
    }
    if (current.kind === "running") {
      const found = await this.find();
      const same = found.kind === "launch" && found.program === current.launch.program;
      if (same || this.current !== current) {
        return;
      }
    }
    await this.restart("another Python environment was selected");
  }

  private async launch(launch: Launch): Promise<void> {
    const started = performance.now();
    if (launch.source === "managed") {
      this.using = (await this.managed())?.use(launch.program);
    }
    const cwd = this.context.globalStorageUri.fsPath;
    await mkdir(cwd, { recursive: true });
    // Set by events that may come before `connect` has answered.
    const life: { opened: Connection | undefined; ended: boolean } = { opened: undefined, ended: false };
    const connection = await this.connect({
      program: launch.program,
      // Not the workspace: nothing in it may be mistaken for a part of the server.
      cwd,
      trusted: vscode.workspace.isTrusted,
      log: this.log,
      events: {
        status: (status) => {
          this.setStatus(status);
        },
        closed: () => {
          life.ended = true;
          this.crashed(life.opened);
        },
      },
    });
    if (life.ended) {
      await connection.stop().catch(() => undefined);
      throw new Error("it ended while it was starting");
    }
    life.opened = connection;
    this.log.info(`server ${connection.version ?? "of unknown version"} ready after ${Math.round(performance.now() - started)} ms`);
    this.set({ kind: "running", connection, launch });
    connection.status().then(
      (status) => {
        if (this.lastStatus === undefined && this.current.kind === "running" && this.current.connection === connection) {
          this.setStatus(status);
        }
      },
      (error: unknown) => {
        this.log.warn(`the server did not report its status: ${messageOf(error)}`);
      },
    );
  }

  private crashed(connection: Connection | undefined): void {
    const mine = this.current.kind === "running" && this.current.connection === connection;
    if (this.disposed || !mine) {
      return; // A start that fails reports it itself.
    }
    this.setStatus(undefined);
    const delay = this.crashes.spend();
    if (delay === null) {
      this.fail("The server stopped four times without running for ten minutes in between, and will not be started again.");
      return;
    }
    this.log.warn(`the server ended unexpectedly; it is started again in ${delay} ms`);
    this.set({ kind: "starting", message: "Starting the server again…" });
    this.queue.requestAfter(delay, "the server ended unexpectedly");
  }

  private async stopRunning(): Promise<void> {
    const connection = this.live;
    this.live = undefined;
    this.setStatus(undefined);
    this.using?.();
    this.using = undefined;
    await connection?.stop().catch((error: unknown) => {
      this.log.warn(`the server did not stop as asked: ${messageOf(error)}`);
    });
  }

  /** The connection to stop before the next start, a crashed one too: it holds registered commands. */
  private live: Connection | undefined;

  /** Ends what keeps the extension's own environment from being removed by another window. */
  private using: (() => void) | undefined;

  private writtenPath(): string {
    return vscode.workspace.getConfiguration("cascode").get<string>("path", "");
  }

  private pathSetting(): string {
    const workspaceFolder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    return expand(this.writtenPath(), { home: homedir(), workspaceFolder, environment: process.env });
  }

  private set(state: ServerState): void {
    this.current = state;
    if (state.kind === "running") {
      this.live = state.connection;
    }
    this.stateChanged.fire(state);
  }

  private setStatus(status: ServerStatus | undefined): void {
    this.lastStatus = status;
    this.statusChanged.fire(status);
    if (status?.state === "error" && status.message !== null) {
      noticeOnce("error", `CasCode: ${status.message}`, [ACTIONS.logs]);
    }
  }

  private fail(message: string): void {
    this.log.error(message);
    this.set({ kind: "failed", message });
    noticeOnce("error", `CasCode: ${message}`, [ACTIONS.restart, ACTIONS.logs]);
  }

  private report(problem: Problem): void {
    switch (problem.kind) {
      case "not-installed":
        noticeOnce("info", `${problem.message} Installing it takes some minutes and happens once.`, [ACTIONS.install, ACTIONS.pathSetting]);
        break;
      case "bad-setting":
        noticeOnce("error", problem.message, [ACTIONS.pathSetting, ACTIONS.restart]);
        break;
      case "no-wheel":
        noticeOnce("warning", problem.message, [ACTIONS.pathSetting]);
        break;
    }
  }
}
