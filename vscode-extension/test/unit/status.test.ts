import assert from "node:assert/strict";
import { test } from "node:test";

import { compact, detail, percentage, progress, remaining, skippedPages, skippedText, summary } from "../../src/status/text.js";
import { status } from "./support.js";

test("an index that is ready shows its size", () => {
  assert.equal(summary(status()), "1,200 definitions");
  assert.equal(detail(status()), "40 files");
});

test("reading files is shown by files", () => {
  const now = status({ state: "indexing", files: { done: 10, total: 40 }, pending: 500 });
  assert.equal(percentage(now), 25);
  assert.equal(summary(now), "Indexing 25 %");
});

test("encoding is shown by definitions, with the time that is left", () => {
  const now = status({ state: "indexing", pending: 900, rate: 5 });
  assert.equal(percentage(now), 25);
  assert.equal(remaining(now), "about 3 minutes left");
  assert.equal(progress(now), "40 of 40 files · 900 definitions waiting · about 3 minutes left");
  assert.equal(detail(now), "900 definitions waiting");
});

test("no rate, no promise", () => {
  assert.equal(remaining(status({ state: "indexing", pending: 900, rate: null })), null);
  assert.equal(remaining(status({ state: "indexing", pending: 900, rate: 0 })), null);
});

test("what was skipped is shown by reason, the commonest first", () => {
  assert.equal(skippedText({ too_large: 4, ignored: 1800, binary: 0 }), "1,804 skipped: 1,800 ignored, 4 too large");
  assert.equal(skippedText({}), null);
  assert.equal(detail(status({ skipped: { too_large: 4, ignored: 1800 } })), "40 files, 1,804 skipped (mostly ignored)");
  assert.equal(detail(status({ skipped: { binary: 1 } })), "40 files, 1 skipped (binary)");
});

test("an empty index is not a division by zero", () => {
  const now = status({ state: "indexing", functions: 0, files: { done: 0, total: 0 } });
  assert.equal(percentage(now), null);
  assert.equal(summary(now), "Indexing");
});

test("the status bar shows an icon, and how far indexing is", () => {
  assert.equal(compact(status()), "$(search) CasCode");
  assert.equal(compact(status({ state: "paused" })), "$(debug-pause) CasCode");
  assert.equal(compact(status({ state: "error", message: "the disk is full" })), "$(error) CasCode");
  assert.equal(compact(status({ state: "indexing", files: { done: 10, total: 40 } })), "$(sync~spin) CasCode 25 %");
});

test("skipped paths come by the page, until all are known", async () => {
  const all = Array.from({ length: 5 }, (_, at) => ({ path: `${at}.py`, workspace: "w", uri: `file:///w/${at}.py`, reason: "binary" }));
  const asked: number[] = [];
  const sizes: number[] = [];
  for await (const { paths, total } of skippedPages((offset) => {
    asked.push(offset);
    return Promise.resolve({ total: 5, paths: all.slice(offset, offset + 2) });
  })) {
    assert.equal(total, 5);
    sizes.push(paths.length);
  }
  assert.deepEqual([asked, sizes], [[0, 2, 4], [2, 4, 5]]);
});

test("an empty page ends the list, whatever it was said to hold", async () => {
  let asked = 0;
  for await (const { paths } of skippedPages(() => Promise.resolve({ total: 9, paths: asked++ === 0 ? [{ path: "a", workspace: "w", uri: "u", reason: "r" }] : [] }))) {
    assert.equal(paths.length, 1);
  }
  assert.equal(asked, 2);
});
