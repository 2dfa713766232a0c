import assert from "node:assert/strict";
import { test } from "node:test";

import { candidates, findInterpreter, unsupported, untried, withoutPython } from "../../src/server/interpreters.js";
import { run } from "../../src/server/run.js";
import { answering } from "./support.js";

function python(path: string, version: number[], venv = true): { stdout: string } {
  return { stdout: JSON.stringify({ path, version, system: "linux-x86_64", bits: 64, venv }) };
}

function built(system: string, bits: number): { stdout: string } {
  return { stdout: JSON.stringify({ path: "C:\\python.exe", version: [3, 12, 0], system, bits, venv: true }) };
}

test("a named version is taken before whatever python3 is", async () => {
  const run = answering({
    "python3.12": python("/usr/bin/python3.12", [3, 12, 3]),
    python3: python("/usr/bin/python3.9", [3, 9, 1]),
  });
  const { interpreter } = await findInterpreter(run, undefined, { platform: "linux" });
  assert.deepEqual(interpreter, { path: "/usr/bin/python3.12", version: [3, 12, 3] });
});

test("the interpreter that the user selected comes first", async () => {
  const run = answering({ "/env/bin/python": python("/env/bin/python", [3, 10, 1]), "python3.13": python("/p", [3, 13, 0]) });
  const { interpreter } = await findInterpreter(run, "/env/bin/python", { platform: "linux" });
  assert.equal(interpreter?.path, "/env/bin/python");
});

test("Windows' launcher is asked for each version", async () => {
  const run = answering({ "py -3.11": python("C:\\Python311\\python.exe", [3, 11, 0]) });
  const { interpreter } = await findInterpreter(run, undefined, { platform: "win32" });
  assert.equal(interpreter?.path, "C:\\Python311\\python.exe");
  assert.deepEqual(candidates("win32", undefined)[0], ["py", "-3.14"]);
});

test("a Python that is too old is named in the message", async () => {
  const found = await findInterpreter(answering({ python3: python("/usr/bin/python3", [3, 8, 10]) }), undefined, { platform: "linux" });
  assert.equal(found.interpreter, undefined);
  assert.match(withoutPython(found), /needs Python 3\.10 to 3\.14: python3 is Python 3\.8\.10/u);
});

test("a Python that no wheels are for is named with one that does", async () => {
  const said = async (system: string, bits: number): Promise<string> =>
    withoutPython(await findInterpreter(answering({ python: built(system, bits) }), undefined, { platform: "win32" }));
  assert.match(await said("win-arm64", 64), /python is a Python for ARM64, .*one for x86-64 works there/u);
  assert.match(await said("win32", 32), /python is a 32-bit Python/u);
});

test("no Python at all is said plainly", async () => {
  const found = await findInterpreter(answering({}), undefined, { platform: "linux" });
  assert.match(withoutPython(found), /none was found\. Install one/u);
});

test("a Debian Python without venv is shown how to get it", async () => {
  const run = answering({ "python3.11": python("/usr/bin/python3.11", [3, 11, 2], false) });
  const found = await findInterpreter(run, undefined, { platform: "linux" });
  assert.equal(found.interpreter, undefined);
  assert.match(withoutPython(found), /without the venv module\. Install it .*python3-venv/u);
});

test("a Python that cannot answer is passed over with its last words", async () => {
  const run = answering({
    "python3.13": { code: 1, stderr: "shim: version not installed\n" },
    "python3.12": python("/usr/bin/python3.12", [3, 12, 0]),
  });
  const { interpreter, rejected } = await findInterpreter(run, undefined, { platform: "linux" });
  assert.equal(interpreter?.path, "/usr/bin/python3.12");
  assert.deepEqual(rejected, [{ command: "python3.13", reason: "could not be asked: shim: version not installed" }]);
});

test("a Python that is newer than all that were tried is taken where there is no other", async () => {
  const newer = { python3: python("/usr/bin/python3", [3, 15, 0]) };
  const alone = await findInterpreter(answering(newer), undefined, { platform: "linux" });
  assert.equal(alone.interpreter?.path, "/usr/bin/python3");
  const selected = { "/env/bin/python": python("/env/bin/python", [3, 15, 0]), "python3.11": python("/usr/bin/python3.11", [3, 11, 2]) };
  const found = await findInterpreter(answering(selected), "/env/bin/python", { platform: "linux" });
  assert.equal(found.interpreter?.path, "/usr/bin/python3.11");
  assert.match(found.rejected[0]?.reason ?? "", /^is Python 3\.15\.0, newer than the 3\.14 .*no other/u);
});

test("versions before 3.10 are refused", () => {
  assert.match(unsupported([2, 7, 18]) ?? "", /needs 3\.10/u);
  assert.match(unsupported([3, 9, 0]) ?? "", /needs 3\.10/u);
  assert.equal(unsupported([3, 10, 0]), null);
  assert.equal(unsupported([3, 15, 0]), null);
  assert.equal(untried([3, 14, 9]), null);
  assert.match(untried([3, 15, 0]) ?? "", /newer than the 3\.14/u);
});

test("the question can be put to a real Python", async () => {
  const found = await findInterpreter(run, undefined);
  assert.ok(found.interpreter !== undefined, withoutPython(found));
  assert.equal(found.interpreter.version[0], 3);
});
