import assert from "node:assert/strict";
import { test } from "node:test";

import { byFile } from "../../src/results/model.js";
import { ResultsTree } from "../../src/results/trees.js";
import type { Hit } from "../../src/protocol.js";
import { hit } from "./support.js";

function rowOf(shown: Hit): ReturnType<ResultsTree["getTreeItem"]> {
  const tree = new ResultsTree();
  tree.show(byFile([shown]));
  const node = tree.first();
  assert.ok(node !== undefined);
  return tree.getTreeItem(node);
}

test("the row of a hit in a notebook names its cell, and opens that", () => {
  const cell = { number: 3, start_line: 2, end_line: 9 };
  const shown = hit({ uri: "file:///w/work.ipynb", cell, cellSelectionRange: hit().selectionRange });
  const row = rowOf(shown);
  assert.equal(row.description, "likely · cell 3:2-9");
  assert.equal(row.accessibilityInformation?.label, "retry_upload, cell 3, line 2, likely match");
  assert.equal(row.command?.command, "cascode.results.openCell");
  assert.deepEqual(row.command.arguments?.map((node: { hit: Hit }) => node.hit), [shown]);
});

test("the row of a hit in a file names its lines", () => {
  const row = rowOf(hit());
  assert.equal(row.description, "likely · 12-34");
  assert.equal(row.command?.command, "vscode.open");
  assert.equal(row.contextValue, "hit");
});

test("the row of a team's hit does not offer similar code", () => {
  assert.equal(rowOf(hit({ repository: "r" })).contextValue, "teamHit");
});
