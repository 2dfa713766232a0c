import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { findServer, older, type Launch, type Problem, type Sources } from "../../src/server/discovery.js";
import { expand, isInside, programsBeside } from "../../src/server/programs.js";
import { answering, MemoryLog, temporaryFolder } from "./support.js";

const NO_ENVIRONMENT = { selected: () => Promise.resolve({ reason: "the Python extension is not installed" }) };

async function program(context: TestContext, mode = 0o755): Promise<string> {
  const folder = await temporaryFolder(context);
  await mkdir(join(folder, "bin"));
  const path = join(folder, "bin", "cascode");
  await writeFile(path, "#!/bin/sh\n");
  await chmod(path, mode);
  return path;
}

function managed(program: string | undefined, earlier?: string): NonNullable<Sources["managed"]> {
  return {
    program: () => Promise.resolve(program),
    earlier: () => Promise.resolve(earlier === undefined ? undefined : { program: "/earlier/bin/cascode", version: earlier }),
  };
}

function find(changes: Partial<Sources>): Promise<Launch | Problem> {
  return findServer({
    setting: "",
    settingNamesWorkspace: false,
    workspaceFolders: [],
    trusted: true,
    environments: NO_ENVIRONMENT,
    managed: managed("/managed/bin/cascode"),
    run: answering({}),
    log: new MemoryLog(),
    platform: "linux",
    ...changes,
  });
}

test("the setting comes before everything else", async (context) => {
  const setting = await program(context);
  const found = await find({ setting });
  assert.deepEqual(found, { kind: "launch", program: setting, source: "setting", reason: "named by the setting cascode.path" });
});

test("a setting that names nothing is a problem and nobody else's server is started", async () => {
  const found = await find({ setting: "/nowhere/cascode" });
  assert.equal(found.kind, "bad-setting");
  assert.match((found).message, /names \/nowhere\/cascode, which does not exist/u);
});

test("a setting that names a folder, a relative path or no program is a problem", async (context) => {
  const folder = await temporaryFolder(context);
  assert.match(((await find({ setting: folder })) as Problem).message, /is a folder/u);
  assert.match(((await find({ setting: "bin/cascode" })) as Problem).message, /not an absolute path/u);
  const setting = await program(context, 0o644);
  if (process.getuid?.() === 0) {
    // Root may execute a file only where somebody may, so that this holds for root too.
    assert.match(((await find({ setting })) as Problem).message, /may not be executed/u);
  }
});

test("the selected environment is used where it has cascode", async (context) => {
  const path = await program(context);
  const python = join(path, "..", "python");
  const run = answering({ [python]: { stdout: "0.3.1\n" } });
  const found = await find({ environments: { selected: () => Promise.resolve({ python, label: ".venv" }) }, run });
  assert.equal(found.kind, "launch");
  assert.equal((found).source, "environment");
  assert.match((found).reason, /cascode\.path is not set; the selected environment \.venv has cascode 0\.3\.1/u);
});

test("an environment with an older cascode is passed over with that reason", async (context) => {
  const path = await program(context);
  const python = join(path, "..", "python");
  const run = answering({ [python]: { stdout: "0.0.9\n" } });
  const found = await find({ environments: { selected: () => Promise.resolve({ python, label: ".venv" }) }, run });
  assert.equal((found as Launch).source, "managed");
  assert.match((found as Launch).reason, /has cascode 0\.0\.9, older than 0\.1\.0/u);
});

test("in Restricted Mode nothing of the selected environment runs", async (context) => {
  const path = await program(context);
  const asked: string[] = [];
  let selected = 0;
  const environments = {
    selected: () => {
      selected += 1;
      return Promise.resolve({ python: join(path, "..", "python"), label: ".venv" });
    },
  };
  const found = await find({ trusted: false, environments, run: answering({}, asked) });
  assert.equal((found as Launch).source, "managed");
  assert.deepEqual([selected, asked], [0, []]);
});

test("in Restricted Mode no setting leads to a program of the workspace", async (context) => {
  const setting = await program(context);
  const workspace = join(setting, "..", "..");
  const link = join(await temporaryFolder(context), "cascode");
  await symlink(setting, link);
  for (const changes of [
    { setting, workspaceFolders: ["/elsewhere", workspace] },
    { setting: link, workspaceFolders: [workspace] },
    { setting, settingNamesWorkspace: true, workspaceFolders: ["/elsewhere"] },
  ]) {
    const found = (await find({ ...changes, trusted: false })) as Launch;
    assert.equal(found.source, "managed");
    assert.match(found.reason, /^cascode\.path names a program of the workspace, which is not started in Restricted Mode; /u);
    assert.equal(((await find({ ...changes, trusted: true })) as Launch).source, "setting");
  }
  assert.equal(((await find({ setting, workspaceFolders: ["/elsewhere"], trusted: false })) as Launch).source, "setting");
});

test("what lies in a folder is known by its path", () => {
  assert.equal(isInside("/w/.venv/bin/cascode", "/w", "linux"), true);
  assert.equal(isInside("/w/..tools/cascode", "/w", "linux"), true);
  assert.equal(isInside("/w2/cascode", "/w", "linux"), false);
  assert.equal(isInside("/cascode", "/w", "linux"), false);
  assert.equal(isInside("/W/cascode", "/w", "darwin"), true);
  assert.equal(isInside("c:\\W\\cascode.exe", "C:\\w", "win32"), true);
  assert.equal(isInside("D:\\w\\cascode.exe", "C:\\w", "win32"), false);
});

test("a Python extension that fails is a reason and no end", async () => {
  const found = await find({ environments: { selected: () => Promise.reject(new Error("boom")) } });
  assert.match((found as Launch).reason, /did not answer: boom/u);
});

test("an environment that is not made yet is offered to be made", async () => {
  const found = await find({ managed: managed(undefined) });
  assert.equal(found.kind, "not-installed");
});

test("after an update of the extension its earlier server serves, where it still can", async () => {
  const found = (await find({ managed: managed(undefined, "0.1.0") })) as Launch;
  assert.deepEqual([found.program, found.source, found.outdated], ["/earlier/bin/cascode", "managed", true]);
  assert.match(found.reason, /was updated, and its server 0\.1\.0 serves until/u);
  assert.equal((await find({ managed: managed(undefined, "0.0.9") })).kind, "not-installed");
  assert.equal(((await find({ managed: managed("/new/bin/cascode", "0.1.0") })) as Launch).outdated, undefined);
});

test("a build without a wheel says how else to get a server", async () => {
  const found = await find({ managed: undefined });
  assert.equal(found.kind, "no-wheel");
  assert.match((found).message, /pip install cascode and/u);
});

test("the decision and its reason are logged", async () => {
  const log = new MemoryLog();
  await find({ log });
  assert.match(log.lines.join("\n"), /server: \/managed\/bin\/cascode \(cascode\.path is not set; the Python extension is not installed; /u);
});

test("versions are compared by their numbers", () => {
  assert.equal(older("0.9.0", "0.10.0"), true);
  assert.equal(older("0.10.0", "0.9.0"), false);
  assert.equal(older("1.0", "1.0.0"), false);
  assert.equal(older("0.1.0.dev3", "0.1.0"), false);
});

test("a setting's variables are replaced", () => {
  const context = { home: "/home/me", workspaceFolder: "/w", environment: { TOOLS: "/opt" } };
  assert.equal(expand(" ~/bin/cascode ", context), "/home/me/bin/cascode");
  assert.equal(expand("${workspaceFolder}/.venv/bin/cascode", context), "/w/.venv/bin/cascode");
  assert.equal(expand("${env:TOOLS}/cascode", context), "/opt/cascode");
  assert.equal(expand("${userHome}/x~y", context), "/home/me/x~y");
});

test("the program lies beside its interpreter", () => {
  assert.deepEqual(programsBeside("/env/bin/python3.12", "linux"), ["/env/bin/cascode"]);
  assert.deepEqual(programsBeside("C:\\env\\Scripts\\python.exe", "win32")[0], "C:\\env\\Scripts\\cascode.exe");
  assert.deepEqual(programsBeside("C:\\conda\\python.exe", "win32")[1], "C:\\conda\\Scripts\\cascode.exe");
});
