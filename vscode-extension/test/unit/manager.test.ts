import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mock, test, type TestContext } from "node:test";

import type * as vscode from "vscode";

import type { Connection } from "../../src/server/connection.js";
import type { SelectedEnvironment } from "../../src/server/discovery.js";
import { installServer, updatesServer } from "../../src/server/install.js";
import { ServerManager, type ServerState } from "../../src/server/manager.js";
import { SelectedPython } from "../../src/server/pythonExtension.js";
import { deferred, MemoryLog, status, temporaryFolder } from "./support.js";
import { EventEmitter, fake, workspace } from "./vscode.js";

interface Prepared {
  readonly manager: ServerManager;
  readonly started: string[];
  /** An environment with a server. */
  readonly environment: (name: string) => Promise<string>;
  /** Select an environment, as in the Python extension. */
  readonly select: (python: string) => void;
  /** What the next start waits for, or fails with. */
  start: () => Promise<void>;
}

async function prepare(context: TestContext): Promise<Prepared> {
  const folder = await temporaryFolder(context);
  const changed = new EventEmitter<undefined>();
  let python = "";
  const selected = (): Promise<SelectedEnvironment> => Promise.resolve({ python, label: python });
  const started: string[] = [];
  const connection = { version: "0.1.0", status: () => Promise.resolve(status()), stop: () => Promise.resolve() };
  const manager = new ServerManager(
    { extensionUri: { fsPath: folder }, globalStorageUri: { fsPath: folder } } as vscode.ExtensionContext,
    new MemoryLog() as unknown as vscode.LogOutputChannel,
    { selected, onDidChange: changed.event } as unknown as SelectedPython,
    async ({ program }) => {
      started.push(program);
      await prepared.start();
      return connection as unknown as Connection;
    },
  );
  context.after(() => {
    manager.dispose();
  });
  const prepared: Prepared = {
    manager,
    started,
    environment: async (name) => {
      const bin = join(folder, name);
      await mkdir(bin);
      for (const [program, text] of [["python", "#!/bin/sh\necho 0.1.0\n"], ["cascode", "#!/bin/sh\n"]] as const) {
        await writeFile(join(bin, program), text);
        await chmod(join(bin, program), 0o755);
      }
      return join(bin, "python");
    },
    select: (path) => {
      python = path;
      changed.fire(undefined);
    },
    start: () => Promise.resolve(),
  };
  return prepared;
}

/** Until a change has had its effect, or is known to have none. */
async function until(condition: () => boolean, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const names = (programs: readonly string[]): string[] => programs.map((program) => program.split("/").at(-2) ?? "");

test("another environment that is selected while the server starts is used", async (context) => {
  const prepared = await prepare(context);
  const { manager, started, environment, select } = prepared;
  const [a, b] = [await environment("a"), await environment("b")];
  select(a);
  const gate = deferred<undefined>();
  prepared.start = () => gate.promise;
  const first = manager.restart("opened");
  await until(() => started.length === 1);
  select(b);
  gate.resolve(undefined);
  await first;
  await until(() => started.length === 2 && manager.state.kind === "running");
  assert.deepEqual(names(started), ["a", "b"]);
});

test("another environment that is selected after a failure is tried", async (context) => {
  const prepared = await prepare(context);
  const { manager, started, environment, select } = prepared;
  const [a, b] = [await environment("a"), await environment("b")];
  select(a);
  prepared.start = () => Promise.reject(new Error("broken"));
  await manager.restart("opened");
  assert.equal(manager.state.kind, "failed");
  prepared.start = () => Promise.resolve();
  select(b);
  await until(() => manager.state.kind === "running");
  assert.deepEqual(names(started), ["a", "b"]);
});

test("a running server is started again only where another environment has another program", async (context) => {
  const { manager, started, environment, select } = await prepare(context);
  const [a, b] = [await environment("a"), await environment("b")];
  select(a);
  await manager.restart("opened");
  const { state } = manager;
  select(a);
  await until(() => manager.state !== state, 500);
  assert.equal(manager.state, state);
  select(b);
  await until(() => started.length === 2);
  assert.deepEqual(names(started), ["a", "b"]);
});

test("in Restricted Mode a setting that names the workspace starts nothing of it", async (context) => {
  const { manager, started, environment } = await prepare(context);
  const folder = join(await environment("a"), "..");
  const before = { ...workspace };
  context.after(() => {
    Object.assign(workspace, before);
    fake.settings.clear();
  });
  workspace.workspaceFolders = [{ uri: { fsPath: folder } }];
  workspace.isTrusted = false;
  fake.settings.set("path", "${workspaceFolder}/cascode");
  await manager.restart("opened");
  assert.deepEqual([manager.state.kind, started], ["absent", []]);
  workspace.isTrusted = true;
  await manager.restart("trusted");
  assert.deepEqual(names(started), ["a"]);
});

test("nothing is installed while a server runs", async (context) => {
  const { manager, environment, select } = await prepare(context);
  select(await environment("a"));
  await manager.restart("opened");
  fake.messages.length = 0;
  await installServer(manager, {} as SelectedPython, new MemoryLog() as unknown as vscode.LogOutputChannel);
  assert.match(fake.messages.join("\n"), /running already/u);
  assert.equal(manager.state.kind, "running");
});

test("the server of an earlier version is replaced without a question, once for each window", async () => {
  const states = new EventEmitter<ServerState>();
  const state = { kind: "running", launch: { outdated: true } } as unknown as ServerState;
  let made = 0;
  const restarted: string[] = [];
  const manager = {
    state,
    onDidChangeState: states.event,
    managed: () => Promise.resolve({ create: () => Promise.resolve(`${(made += 1)}`), description: () => Promise.resolve("") }),
    restartByUser: (reason: string) => Promise.resolve(restarted.push(reason)),
  } as unknown as ServerManager;
  const python = { selected: () => Promise.reject(new Error("none")) } as unknown as SelectedPython;
  updatesServer(manager, python, new MemoryLog() as unknown as vscode.LogOutputChannel);
  fake.messages.length = fake.progress.length = 0;
  states.fire({ kind: "running", launch: {} } as unknown as ServerState);
  states.fire(state);
  await until(() => restarted.length > 0, 30_000);
  states.fire(state);
  await until(() => restarted.length > 1, 200);
  assert.deepEqual([made, restarted, fake.messages], [1, ["the server was updated"], []]);
  // In the status bar, not over the editor.
  assert.deepEqual(fake.progress, [[10, "Updating CasCode's server"]]);
});

test("a Python extension that never tells about its environment is given up", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const environments = {
    onDidChangeActiveEnvironmentPath: () => undefined,
    getActiveEnvironmentPath: () => ({ path: "/hangs" }),
    resolveEnvironment: () => new Promise(() => undefined),
  };
  fake.extensions.set("ms-python.python", { isActive: true, exports: { environments } });
  context.after(() => {
    mock.timers.reset();
    fake.extensions.clear();
  });
  const outcome = new SelectedPython().selected().then(String, String);
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  mock.timers.tick(20_000);
  assert.match(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, "it hangs"))]) as string, /no answer within 20 s/u);
});
