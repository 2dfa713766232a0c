import assert from "node:assert/strict";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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

/** A lock as a window has left it that held it. */
async function left(path: string, holder: string, at = new Date()): Promise<void> {
  await mkdir(path);
  await writeFile(join(path, holder), "");
  await utimes(join(path, holder), at, at);
}

/** The number of a process that has ended. */
async function ended(): Promise<string> {
  return (await run(node, ["-p", "process.pid"])).stdout.trim();
}

test("a lock whose holder died is taken over", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await left(path, `${await ended()}-1`);
  const holders = await withLock(path, () => readdir(path));
  assert.equal(holders.length, 1);
  assert.match(holders[0] ?? "", new RegExp(`^${process.pid}-`, "u"));
  assert.deepEqual(await readdir(dirname(path)), []);
});

test("a lock without a sign of life is taken over", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await left(path, `${process.pid}-1`, new Date(0));
  assert.equal(await withLock(path, () => Promise.resolve("mine")), "mine");
});

test("a lock that its holder was letting go of when it died is free", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await mkdir(path);
  assert.equal(await withLock(path, () => Promise.resolve("mine")), "mine");
});

test("of many that take over a lock at the same time each has it alone", async (context) => {
  const folder = await temporaryFolder(context);
  const dead = `${await ended()}-1`;
  let most = 0;
  const round = async (path: string): Promise<void> => {
    await left(path, dead);
    let inside = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(path, work)));
  };
  await Promise.all(Array.from({ length: 20 }, (_, number) => round(join(folder, `lock${number}`))));
  assert.equal(most, 1);
  assert.deepEqual(await readdir(folder), []);
});

test("who was taken for dead does not free the lock of another", async (context) => {
  const path = join(await temporaryFolder(context), "lock");
  await withLock(path, async () => {
    await rm(path, { recursive: true });
    await left(path, `${process.pid}-of-another`);
  });
  assert.deepEqual(await readdir(path), [`${process.pid}-of-another`]);
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
