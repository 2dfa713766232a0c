import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { findInterpreter, withoutPython, type Interpreter } from "../../src/server/interpreters.js";
import { lastError, ManagedEnvironment, shippedWheel, type Wheel } from "../../src/server/managed.js";
import { CancelledError, run } from "../../src/server/run.js";
import { MemoryLog, temporaryFolder } from "./support.js";

/** A wheel as small as wheels get, with a `cascode` program and the extra `mcp`; real pip installs it. */
const BUILD = `
import base64, hashlib, sys, zipfile
target, main = sys.argv[1:3]
files = {
    "cascode_test_server.py": main,
    "cascode-0.5.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: cascode\\nVersion: 0.5.0\\nProvides-Extra: mcp\\n",
    "cascode-0.5.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "cascode-0.5.0.dist-info/entry_points.txt": "[console_scripts]\\ncascode = cascode_test_server:main\\n",
}
record = "".join(
    f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\\n"
    for name, text in files.items()
)
files["cascode-0.5.0.dist-info/RECORD"] = record + "cascode-0.5.0.dist-info/RECORD,,\\n"
with zipfile.ZipFile(target, "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
`;
const WORKS = "def main():\n    print('cascode, version 0.5.0')\n";
const FAILS = "def main():\n    raise SystemExit('cannot start here')\n";

let python: Promise<Interpreter> | undefined;

function interpreter(): Promise<Interpreter> {
  python ??= findInterpreter(run, undefined).then((found) => {
    assert.ok(found.interpreter !== undefined, withoutPython(found));
    return found.interpreter;
  });
  return python;
}

async function prepare(context: TestContext, main = WORKS): Promise<{ storage: string; wheel: Wheel; managed: ManagedEnvironment; log: MemoryLog }> {
  const folder = await temporaryFolder(context);
  const wheels = join(folder, "wheel");
  await mkdir(wheels);
  const { code, stderr } = await run((await interpreter()).path, ["-c", BUILD, join(wheels, "cascode-0.5.0-py3-none-any.whl"), main]);
  assert.equal(code, 0, stderr);
  const wheel = await shippedWheel(wheels);
  assert.ok(wheel !== undefined);
  // As the path of a person who has a space in their name.
  const storage = join(folder, "global storage");
  const log = new MemoryLog();
  return { storage, wheel, managed: new ManagedEnvironment(storage, wheel, run, log), log };
}

const quiet = { report: (): void => undefined };
const never = new AbortController().signal;

test("an environment is made from the wheel, found again, and rebuilt when it is damaged", { timeout: 120_000 }, async (context) => {
  const { storage, wheel, managed } = await prepare(context);
  assert.equal(await managed.program(), undefined);
  const said: string[] = [];
  const program = await managed.create(await interpreter(), { report: (message) => void said.push(message) }, never);
  assert.equal(await managed.program(), program);
  assert.match((await run(program, ["--version"])).stdout, /0\.5\.0/u);
  assert.match((await managed.description()) ?? "", /cascode-0\.5\.0-py3-none-any\.whl/u);
  assert.match(said.join("\n"), /making a Python 3\.\d+ environment\ninstalling; a minute, once\n[^]*checking/u);
  // The lock is gone.
  assert.deepEqual((await readdir(storage)).length, 1);
  // Another start of the extension finds it; one whose Python is gone counts as not made.
  const later = new ManagedEnvironment(storage, wheel, run, new MemoryLog());
  assert.equal(await later.program(), program);
  await rm(join(program, "..", "python"));
  assert.equal(await later.program(), undefined);
  // Half made by an extension that was killed: rebuilt.
  const folder = join(program, "..", "..");
  await rm(join(folder, "cascode-installed.json"));
  await writeFile(join(folder, "left-over"), "");
  assert.equal(await later.create(await interpreter(), quiet, never), program);
  assert.equal(existsSync(join(folder, "left-over")), false);
  // One that works is left alone, and a person who gives up does not lose it; one that does not work is made anew.
  await writeFile(join(folder, "left-over"), "");
  assert.equal(await later.create(await interpreter(), quiet, never), program);
  await assert.rejects(later.create(await interpreter(), quiet, AbortSignal.abort()), CancelledError);
  assert.equal(existsSync(join(folder, "left-over")), true);
  await writeFile(program, "#!/bin/sh\nexit 1\n");
  assert.equal(await later.create(await interpreter(), quiet, never), program);
  assert.match((await run(program, ["--version"])).stdout, /0\.5\.0/u);
});

/** An environment as another version of the extension has left it, `days` ago. */
async function leave(storage: string, name: string, days: number): Promise<string> {
  const folder = join(storage, name);
  await mkdir(join(folder, "bin"), { recursive: true });
  const at = new Date(Date.now() - days * 24 * 3_600_000);
  for (const path of ["bin/cascode", "bin/python", "cascode-installed.json"]) {
    await writeFile(join(folder, path), "");
    await utimes(join(folder, path), at, at);
  }
  await utimes(folder, at, at);
  return folder;
}

test("the environment of an earlier version is found, and stays as long as a window uses it", async (context) => {
  const folder = await temporaryFolder(context);
  const storage = join(folder, "storage");
  const wheel = join(folder, "cascode-0.5.0-py3-none-any.whl");
  await writeFile(wheel, "");
  const environment = (): ManagedEnvironment => new ManagedEnvironment(storage, { path: wheel, version: "0.5.0" }, run, new MemoryLog(), "linux");
  assert.equal(await environment().earlier(), undefined);
  await leave(storage, "server-0.3.0-000000000003", 90);
  const used = await leave(storage, "server-0.4.0-000000000004", 30);
  await mkdir(join(storage, "server-0.4.1-000000000041")); // another window makes it
  const earlier = await environment().earlier();
  assert.deepEqual(earlier, { program: join(used, "bin/cascode"), version: "0.4.0" });
  // A window that was not loaded again after the update runs the earlier one; then one with the new server opens.
  const windows = [environment().use(earlier.program)];
  const signed = join(used, "cascode-in-use");
  await until(() => existsSync(signed) && !existsSync(join(storage, "server-0.3.0-000000000003")));
  const now = await leave(storage, "server-0.5.0-e3b0c44298fc", 0);
  windows.push(environment().use(join(now, "bin/cascode")));
  await until(() => existsSync(join(now, "cascode-in-use")));
  assert.deepEqual((await readdir(storage)).sort(), [
    "server-0.4.0-000000000004",
    "server-0.4.1-000000000041",
    "server-0.5.0-e3b0c44298fc",
  ]);
  const long = new Date(Date.now() - 3 * 24 * 3_600_000);
  await utimes(signed, long, long);
  await utimes(used, long, long);
  windows.push(environment().use(join(now, "bin/cascode")));
  await until(() => !existsSync(used));
  assert.equal(existsSync(now), true);
  windows.forEach((end) => {
    end();
  });
});

/** Until what goes on in the background is done. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a server that does not start fails the installation, and nothing is left", { timeout: 120_000 }, async (context) => {
  const { storage, managed } = await prepare(context, FAILS);
  await assert.rejects(managed.create(await interpreter(), quiet, never), /cannot start here/u);
  assert.equal(await managed.program(), undefined);
  assert.deepEqual(await readdir(storage), []);
});

test("cancelling removes what was made", { timeout: 120_000 }, async (context) => {
  const { storage, managed } = await prepare(context);
  const controller = new AbortController();
  const report = (message: string): void => {
    if (message.startsWith("installing;")) {
      controller.abort();
    }
  };
  await assert.rejects(managed.create(await interpreter(), { report }, controller.signal), CancelledError);
  assert.deepEqual(await readdir(storage), []);
});

test("a folder without a wheel ships no server", async (context) => {
  assert.equal(await shippedWheel(await temporaryFolder(context)), undefined);
  assert.equal(await shippedWheel("/nowhere"), undefined);
});

test("the wheel's version is read from its name", async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, "cascode-1.2.3-py3-none-any.whl"), "");
  assert.equal((await shippedWheel(folder))?.version, "1.2.3");
});

test("pip's error is found above its notices", () => {
  const output = "Collecting openvino\nERROR: No matching distribution found for openvino\n[notice] A new release of pip is available\n";
  assert.match(lastError(output) ?? "", /^No matching distribution found for openvino, at least for this system \(https:.*install\.md\)$/u);
  assert.equal(lastError("Traceback\nOSError: no space left\n"), "OSError: no space left");
  assert.equal(lastError(""), undefined);
});
