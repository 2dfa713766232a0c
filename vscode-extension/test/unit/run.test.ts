import assert from "node:assert/strict";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { withLock } from "../../src/server/lock.js";
import { CancelledError, run } from "../../src/server/run.js";
import { deferred, temporaryFolder } from "./support.js";

const node = process.execPath;

test("a program's output is collected and passed on line by line", async () => {
  const lines: string[] = [];
  const script = "process.stdout.write('one\\ntw'); process.stdout.write('o\\r\\n\\nthree'); process.stderr.write('bad\\n'); process.exitCode = 3";
  const { code, stdout, stderr } = await run(node, ["-e", script], { onLine: (line) => void lines.push(line) });
  assert.deepEqual([code, stdout, stderr], [3, "one\ntwo\r\n\nthree", "bad\n"]);
  assert.deepEqual(lines.toSorted(), ["bad", "one", "three", "two"]);
});

test("cancelling ends the program and its children", { skip: process.platform === "win32" }, async () => {
  const controller = new AbortController();
  const child = "setInterval(() => {}, 1000); process.stdout.write(String(process.pid) + '\\n')";
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], {stdio: 'inherit'})`;
  const started = deferred<undefined>();
  const running = run(node, ["-e", parent], { signal: controller.signal, onLine: () => { started.resolve(undefined); } });
  await started.promise;
  controller.abort();
  // It settles when the last process has let go of the output, the child that inherited it included.
  await assert.rejects(running, CancelledError);
});

test("a signal that is aborted already starts nothing", async () => {
  await assert.rejects(run("/nowhere", [], { signal: AbortSignal.abort() }), CancelledError);
});

test("a program that does not answer in time is ended", async () => {
  await assert.rejects(run(node, ["-e", "setInterval(() => {}, 1000)"], { timeout: 200 }), /did not answer within 0.2 s/u);
});

test("a program that is not there is an error of its own", async () => {
  await assert.rejects(run("/nowhere/program", []), { code: "ENOENT" });
});

test("the second to ask for a lock waits and is informed", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  const entered = deferred<undefined>();
  const inside = deferred<undefined>();
  const waiting = deferred<undefined>();
  const order: string[] = [];
  const first = withLock(path, async () => {
    entered.resolve(undefined);
    await inside.promise;
    order.push("first");
  });
  // Of two that ask at the same moment either may be the first.
  await entered.promise;
  const second = withLock(
    path,
    () => {
      order.push("second");
      return Promise.resolve();
    },
    { waiting: () => { waiting.resolve(undefined); } },
  );
  await waiting.promise;
  inside.resolve(undefined);
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
});

test("a lock whose holder died is taken over", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  const { stdout } = await run(node, ["-p", "process.pid"]);
  await writeFile(path, stdout.trim());
  assert.equal(await withLock(path, () => readFile(path, "utf8")), String(process.pid));
});

test("a lock without a sign of life is taken over", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await writeFile(path, String(process.pid));
  await utimes(path, new Date(0), new Date(0));
  assert.equal(await withLock(path, () => Promise.resolve("mine")), "mine");
});

test("who waits for a lock can give up", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  const controller = new AbortController();
  await withLock(path, async () => {
    const second = withLock(path, () => Promise.resolve(), {
      signal: controller.signal,
      waiting: () => {
        controller.abort();
      },
    });
    await assert.rejects(second, CancelledError);
  });
});

test("work that fails frees the lock", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await assert.rejects(withLock(path, () => Promise.reject(new Error("no"))), /no/u);
  assert.equal(await withLock(path, () => Promise.resolve("free")), "free");
});
