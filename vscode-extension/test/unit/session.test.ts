import assert from "node:assert/strict";
import { mock, test, type TestContext } from "node:test";

import type { SearchArgument, Answer } from "../../src/protocol.js";
import { DEBOUNCE_MS, SearchSession } from "../../src/search/session.js";
import { answer, deferred } from "./support.js";

interface Asked {
  readonly request: SearchArgument;
  readonly fast: (result: Answer) => void;
  readonly signal: AbortSignal;
  readonly resolve: (result: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A session on a clock that the test moves, with what it asked and what it reported. */
function prepare(context: TestContext): { session: SearchSession; asked: Asked[]; reported: string[] } {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => {
    mock.timers.reset();
  });
  const asked: Asked[] = [];
  const reported: string[] = [];
  const session = new SearchSession(
    (request, fast, signal) => {
      const { promise, resolve, reject } = deferred<Answer>();
      asked.push({ request, fast, signal, resolve, reject });
      return promise;
    },
    {
      busy: (busy) => void reported.push(busy ? "busy" : "idle"),
      answered: ({ query }, phase) => void reported.push(`${phase} ${query}`),
      failed: (error) => void reported.push(`failed ${String(error)}`),
      emptied: () => void reported.push("emptied"),
    },
    { languages: ["python"] },
  );
  return { session, asked, reported };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined);
  return item;
}

test("a word typed without a pause is one query", (context) => {
  const { session, asked } = prepare(context);
  for (const text of ["r", "re", "ret", "retr", "retry"]) {
    session.type(text);
    mock.timers.tick(DEBOUNCE_MS - 1);
  }
  assert.equal(asked.length, 0);
  mock.timers.tick(1);
  assert.deepEqual(
    asked.map(({ request }) => request),
    [{ query: "retry", languages: ["python"] }],
  );
});

test("the fast answer is shown at once and the reranked one when it comes", async (context) => {
  const { session, asked, reported } = prepare(context);
  session.type("retry");
  mock.timers.tick(DEBOUNCE_MS);
  const { fast, resolve } = at(asked, 0);
  fast(answer("retry"));
  assert.deepEqual(reported, ["busy", "fast retry"]);
  resolve(answer("retry"));
  await settle();
  assert.deepEqual(reported, ["busy", "fast retry", "idle", "final retry"]);
});

test("a fast answer that comes after the last one is dropped", async (context) => {
  const { session, asked, reported } = prepare(context);
  session.type("retry");
  mock.timers.tick(DEBOUNCE_MS);
  const { fast, resolve } = at(asked, 0);
  resolve(answer("retry"));
  await settle();
  fast(answer("retry"));
  assert.deepEqual(reported, ["busy", "idle", "final retry"]);
});

test("the next keystroke cancels the query in flight, and nothing more is heard of it", async (context) => {
  const { session, asked, reported } = prepare(context);
  session.type("retry");
  mock.timers.tick(DEBOUNCE_MS);
  const first = at(asked, 0);
  session.type("retry upload");
  assert.equal(first.signal.aborted, true);
  first.fast(answer("retry"));
  first.reject(new Error("cancelled"));
  await settle();
  mock.timers.tick(DEBOUNCE_MS);
  at(asked, 1).resolve(answer("retry upload"));
  await settle();
  assert.deepEqual(reported, ["busy", "busy", "idle", "final retry upload"]);
});

test("a space at the end asks nothing", (context) => {
  const { session, asked } = prepare(context);
  session.type("retry");
  mock.timers.tick(DEBOUNCE_MS);
  session.type("retry ");
  mock.timers.tick(DEBOUNCE_MS);
  assert.equal(asked.length, 1);
  assert.equal(at(asked, 0).signal.aborted, false);
});

test("an emptied box cancels and says so", (context) => {
  const { session, asked, reported } = prepare(context);
  session.type("retry");
  mock.timers.tick(DEBOUNCE_MS);
  session.type("  ");
  assert.equal(at(asked, 0).signal.aborted, true);
  mock.timers.tick(DEBOUNCE_MS);
  assert.equal(asked.length, 1);
  assert.deepEqual(reported, ["busy", "idle", "emptied"]);
});

test("a failure is shown once, and the same text can be asked again", async (context) => {
  const { session, asked, reported } = prepare(context);
  session.now("retry");
  at(asked, 0).reject(new Error("gone"));
  await settle();
  session.now("retry");
  at(asked, 1).resolve(answer("retry"));
  await settle();
  assert.deepEqual(reported, ["busy", "idle", "failed Error: gone", "busy", "idle", "final retry"]);
});
