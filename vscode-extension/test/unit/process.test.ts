import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerProcess } from "../../src/server/process.js";
import { MemoryLog } from "./support.js";

const node = process.execPath;

test("what the server writes to stderr is logged line by line", async () => {
  const log = new MemoryLog();
  const script = "process.stderr.write('loading\\nmo'); process.stderr.write('del\\r\\n\\nlast'); process.exitCode = 3";
  const server = await ServerProcess.start(node, ["-e", script], ".", log);
  const closed = new Promise((resolve) => server.child.stderr.once("close", resolve));
  assert.equal(await server.ended, "status 3");
  await closed;
  assert.equal(server.lastLine, "last");
  assert.deepEqual(log.lines, ["server: loading", "server: model", "server: last"]);
});

test("a program that can not be started is an error", async () => {
  await assert.rejects(ServerProcess.start("/nowhere/cascode", [], ".", new MemoryLog()), { code: "ENOENT" });
});

test("a server that ends when it is asked to is not killed", async () => {
  const script = "process.stdin.on('end', () => process.exit(0)).resume()";
  const server = await ServerProcess.start(node, ["-e", script], ".", new MemoryLog());
  server.child.stdin.end();
  await server.end();
  assert.equal(await server.ended, "status 0");
});

test("a server that ends for nothing less is killed", { skip: process.platform === "win32" }, async () => {
  const script = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write('up')";
  const server = await ServerProcess.start(node, ["-e", script], ".", new MemoryLog());
  await new Promise((resolve) => server.child.stdout.once("data", resolve));
  await server.end(50);
  assert.equal(await server.ended, "signal SIGKILL");
});
