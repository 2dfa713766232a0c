import assert from "node:assert/strict";
import { test } from "node:test";

import { activeAfter, READ_MS } from "../../src/search/selection.js";

test("the row that the user moved to stays active wherever it goes", () => {
  assert.equal(activeAfter({ active: "b", moved: true, shownFor: 10 }, ["c", "a", "b"]), 2);
});

test("the best hit is active while nobody has moved or read the list", () => {
  assert.equal(activeAfter({ active: "b", moved: false, shownFor: 10 }, ["a", "b"]), 0);
});

test("a list that was read keeps its active row", () => {
  assert.equal(activeAfter({ active: "b", moved: false, shownFor: READ_MS }, ["a", "b"]), 1);
});

test("a row that is gone gives way to the best hit", () => {
  assert.equal(activeAfter({ active: "x", moved: true, shownFor: 10 }, ["a", "b"]), 0);
});

test("an empty list has no active row", () => {
  assert.equal(activeAfter({ active: "x", moved: true, shownFor: 10 }, []), -1);
});
