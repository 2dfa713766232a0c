import assert from "node:assert/strict";
import { test } from "node:test";

import { History, type Memory } from "../../src/results/history.js";
import { KINDS } from "../../src/lists.js";
import { accepts, byFile, chosenText, escapeGlob, foldersOf, NOTHING_CHOSEN, toFilters } from "../../src/results/model.js";
import { hit } from "./support.js";

class StoredMemory implements Memory {
  constructor(readonly values = new Map<string, unknown>()) {}
  get(key: string): unknown {
    return this.values.get(key);
  }
  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, value);
    return Promise.resolve();
  }
}

const a1 = hit({ uri: "file:///w/a.py", path: "a.py", name: "one" });
const b1 = hit({ uri: "file:///w/src/b.py", path: "src/b.py", name: "two", kind: "method" });
const a2 = hit({ uri: "file:///w/a.py", path: "a.py", name: "three", start_line: 50 });

test("hits are grouped by file, the file of the best one first", () => {
  const files = byFile([a1, b1, a2]);
  assert.deepEqual(
    files.map(({ path, hits }) => [path, hits.map(({ hit }) => hit.name)]),
    [
      ["a.py", ["one", "three"]],
      ["src/b.py", ["two"]],
    ],
  );
  assert.equal(files[0]?.hits[1]?.file(), files[0]);
});

test("what is chosen becomes the server's filters", () => {
  const folder = { workspace: "w", path: "src" };
  assert.deepEqual(toFilters({ languages: ["go"], kinds: [], folders: [folder] }), { languages: ["go"], paths: ["src/**"] });
  assert.deepEqual(toFilters(NOTHING_CHOSEN), {});
});

test("a whole workspace folder is narrowed here, where its name is known", () => {
  const chosen = { ...NOTHING_CHOSEN, folders: [{ workspace: "w", path: "" }] };
  assert.deepEqual(toFilters(chosen), {});
  assert.equal(accepts(chosen, a1), true);
  assert.equal(accepts(chosen, hit({ workspace: "other" })), false);
});

test("a folder of one workspace folder is not that of another", () => {
  const chosen = { ...NOTHING_CHOSEN, folders: [{ workspace: "w", path: "src" }] };
  assert.equal(accepts(chosen, b1), true);
  assert.equal(accepts(chosen, hit({ workspace: "other", path: "src/b.py" })), false);
  assert.equal(accepts(chosen, hit({ path: "src2/b.py" })), false);
});

test("the folders of the hits and those above them can be chosen", () => {
  const folders = foldersOf([hit({ path: "a/b/c.py" }), hit({ path: "a/d.py" })]);
  assert.deepEqual(
    folders.map(({ path }) => path),
    ["", "a", "a/b"],
  );
});

test("a folder's name is no pattern", () => {
  assert.equal(escapeGlob("app/[id]/x*"), "app/[[]id]/x[*]");
});

test("a query asked again moves to the top, whatever its capitals", () => {
  const history = new History(new StoredMemory());
  ["retry", "parse", "Retry "].forEach((query) => {
    history.add(query);
  });
  assert.deepEqual(history.all(), ["Retry", "parse"]);
});

test("the history outlives its window and keeps the newest fifty", () => {
  const memory = new StoredMemory();
  const history = new History(memory);
  for (let number = 0; number < 60; number++) {
    history.add(`query ${number}`);
  }
  const reopened = new History(memory);
  assert.equal(reopened.all().length, 50);
  assert.equal(reopened.all()[0], "query 59");
  reopened.remove("query 59");
  assert.equal(reopened.all()[0], "query 58");
  reopened.clear();
  assert.deepEqual(new History(memory).all(), []);
});

test("a damaged memory is an empty history", () => {
  const memory = new StoredMemory(new Map([["cascode.history", { not: "a list" }]]));
  assert.deepEqual(new History(memory).all(), []);
});

test("every kind is a filter that accepts it", () => {
  for (const kind of KINDS) {
    assert.equal(accepts({ languages: [], kinds: [kind], folders: [] }, hit({ kind })), true, kind);
  }
});

test("a kind that stands for several accepts each of them", () => {
  const functions = { languages: [], kinds: ["function"], folders: [] };
  assert.equal(accepts(functions, hit({ kind: "method" })), true);
  assert.equal(accepts(functions, hit({ kind: "class" })), false);
  assert.equal(accepts({ ...functions, kinds: ["type"] }, hit({ kind: "enum" })), true);
  assert.equal(accepts({ ...functions, kinds: ["method"] }, hit({ kind: "function" })), false);
  assert.equal(chosenText({ ...functions, kinds: ["class", "method"] }), "classes, methods");
});
