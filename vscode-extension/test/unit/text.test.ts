import assert from "node:assert/strict";
import { test } from "node:test";

import { cellIndex, completeness, explanation, gist, keyOf, place, plural, queryOf, reference, shortPath, symbolName, withoutIcons } from "../../src/search/text.js";
import { hit } from "./support.js";

test("a hit shows its path, its lines and how sure the model is", () => {
  assert.equal(place(hit(), false), "src/upload.py:12-34 · likely");
});

test("every kind has the name of a symbol, a constructor too", () => {
  assert.equal(symbolName("constructor"), "constructor");
  assert.equal(symbolName("trait"), "interface");
  assert.equal(symbolName("toString"), "function");
});

test("a hit of the fast stage shows no certainty", () => {
  assert.equal(place(hit({ probability: null, match: null }), false), "src/upload.py:12-34");
});

test("the explanation gives the probability and the share of each piece of evidence, the weightiest first", () => {
  assert.equal(explanation(hit()), "87 %: meaning 84 %, words 12 %, test −4 %");
  assert.equal(explanation(hit({ why: { meaning: 0.5, words: 0.0001 } })), "87 %: meaning 100 %");
  assert.equal(explanation(hit({ why: {} })), "87 %");
  assert.equal(explanation(hit({ probability: null, match: null, why: { words: 1 } })), "words 100 %");
});

test("several folders are distinguished by name", () => {
  assert.equal(place(hit({ end_line: 12 }), true), "w/src/upload.py:12 · likely");
});

test("a long path loses folders in its middle", () => {
  const path = "packages/server/source/features/transfers/background/jobs/retrying/upload_retry.py";
  assert.equal(shortPath(path, 48), "packages/…/jobs/retrying/upload_retry.py");
});

test("a path of few folders is never cut", () => {
  const path = `${"a".repeat(80)}/b.py`;
  assert.equal(shortPath(path), path);
});

test("code that looks like an icon stays code", () => {
  assert.equal(withoutIcons("$(window).on(f) \\$(x)"), "\\$(window).on(f) \\$(x)");
  assert.equal(withoutIcons("$(el => el)"), "$(el => el)");
});

test("what a model says of a definition is marked as a guess", () => {
  assert.equal(gist({ text: "Tries again.", documented: true }), "Tries again.");
  assert.equal(gist({ text: "try again", documented: false }), "try again (a model's guess)");
});

test("the reference is what the command line prints", () => {
  assert.equal(reference(hit()), "src/upload.py:12-34 retry_upload");
});

test("the key of a function does not depend on its rank or its probability", () => {
  assert.equal(keyOf(hit()), keyOf(hit({ probability: 0.1, match: "possible", score: 3, stage: "fast" })));
  assert.notEqual(keyOf(hit()), keyOf(hit({ start_line: 99 })));
});

test("an index that is complete needs no note", () => {
  assert.equal(completeness({ state: "ready", functions: 10, pending: 0, files: 1 }), null);
});

test("an index being built says how far it is", () => {
  assert.equal(completeness({ state: "indexing", functions: 5678, pending: 4444, files: 9 }), "indexing, 1,234 of 5,678 definitions");
  assert.equal(completeness({ state: "indexing", functions: 1, pending: 0, files: 9 }), "indexing, 1 definition so far");
  assert.equal(completeness({ state: "paused", functions: 10, pending: 4, files: 9 }), "paused, 6 of 10 definitions");
});

test("selected text becomes one line of bounded length", () => {
  assert.equal(queryOf("  retry\n\t the upload \r\n"), "retry the upload");
  assert.equal(queryOf("x".repeat(50_000)).length, 20_000);
});

test("one is not plural", () => {
  assert.deepEqual([plural(1, "hit"), plural(2, "hit"), plural(12345, "hit")], ["1 hit", "2 hits", "12,345 hits"]);
});

test("a hit in a notebook is named by its cell", () => {
  const found = hit({ path: "work.ipynb", cell: { number: 3, start_line: 1, end_line: 9 } });
  assert.equal(place(found, false), "work.ipynb, cell 3:1-9 · likely");
  assert.equal(reference(found), "work.ipynb:12-34 (cell 3, lines 1-9) retry_upload");
  assert.equal(cellIndex(found, 10), 2);
  assert.equal(cellIndex(found, 2), 1);
  assert.equal(cellIndex(found, 0), undefined);
  assert.equal(cellIndex(hit(), 10), undefined);
});
