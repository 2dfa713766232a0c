import assert from "node:assert/strict";
import { test } from "node:test";

import { CrashBudget, RestartQueue } from "../../src/server/restarts.js";
import { deferred } from "./support.js";

test("requests during a start cause one more start, with all their reasons", async () => {
  const gates = [deferred<undefined>(), deferred<undefined>()];
  const reasons: string[] = [];
  const queue = new RestartQueue(async (reason) => {
    const gate = gates[reasons.length];
    reasons.push(reason);
    await gate?.promise;
  });
  const first = queue.request("opened");
  const others = [queue.request("setting"), queue.request("trust"), queue.request("setting")];
  assert.deepEqual(reasons, ["opened"]);
  gates[0]?.resolve(undefined);
  await first;
  gates[1]?.resolve(undefined);
  await Promise.all(others);
  assert.deepEqual(reasons, ["opened", "setting; trust"]);
});

test("a start that is asked for takes the place of a delayed one", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const reasons: string[] = [];
  const queue = new RestartQueue((reason) => {
    reasons.push(reason);
    return Promise.resolve();
  });
  queue.requestAfter(5_000, "crash");
  context.mock.timers.tick(1_000);
  await queue.request("the user asked");
  context.mock.timers.tick(10_000);
  await queue.idle();
  assert.deepEqual(reasons, ["the user asked"]);
  queue.requestAfter(1_000, "another crash");
  context.mock.timers.tick(1_000);
  await queue.idle();
  assert.deepEqual(reasons, ["the user asked", "another crash"]);
  queue.requestAfter(1_000, "never");
  queue.cancelDelayed();
  context.mock.timers.tick(5_000);
  assert.equal(reasons.length, 2);
});

test("two starts never run at the same time, whenever the next is asked for", async () => {
  let running = 0;
  let most = 0;
  let starts = 0;
  const queue = new RestartQueue(async () => {
    starts += 1;
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });
  const requests: Promise<void>[] = [];
  const again = (): void => {
    if (requests.length < 30) {
      const request = queue.request(`number ${requests.length}`);
      requests.push(request);
      // Asked for in the very moment in which one ends, and in between.
      request.then(again, again);
      setImmediate(again);
    }
  };
  again();
  while (requests.length < 30) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(requests);
  await queue.idle();
  assert.equal(most, 1);
  assert.ok(starts > 1);
});

test("a start that fails does not keep the next from running", async () => {
  let starts = 0;
  const queue = new RestartQueue(() => {
    starts += 1;
    return starts === 1 ? Promise.reject(new Error("no")) : Promise.resolve();
  });
  const first = queue.request("a");
  const second = queue.request("b");
  await assert.rejects(first, /no/u);
  await second;
  assert.equal(starts, 2);
});

test("a fourth crash is the last, unless the server ran for ten minutes in between", () => {
  let now = 0;
  const budget = new CrashBudget(() => now);
  assert.deepEqual([budget.spend(), budget.spend(), budget.spend(), budget.spend()], [0, 1000, 5000, null]);
  now += 600_000;
  assert.equal(budget.spend(), 0);
});

test("a server that dies some minutes after each start is not started for ever", () => {
  let now = 0;
  const budget = new CrashBudget(() => now);
  const delays = [1, 2, 3, 4].map(() => {
    now += 300_000;
    return budget.spend();
  });
  assert.deepEqual(delays, [0, 1000, 5000, null]);
});

test("a start that the user asks for forgets the crashes", () => {
  const budget = new CrashBudget(() => 0);
  [1, 2, 3].forEach(() => budget.spend());
  budget.reset();
  assert.equal(budget.spend(), 0);
});
