import assert from "node:assert/strict";
import { mock, test, type TestContext } from "node:test";

import type * as vscode from "vscode";

import type { Answer } from "../../src/protocol.js";
import { HitPicker, type HitActions } from "../../src/search/picker.js";
import { EditorPreview } from "../../src/search/preview.js";
import { answer, hit, MemoryLog } from "./support.js";
import { fake, type FakeQuickPick } from "./vscode.js";

const one = hit({ uri: "file:///w/one.py", name: "one" });
const two = hit({ uri: "file:///w/two.py", name: "two" });
const log = new MemoryLog() as unknown as vscode.LogOutputChannel;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Prepared {
  readonly picker: HitPicker;
  readonly pick: FakeQuickPick;
  readonly opened: string[];
  readonly similar: string[];
  readonly show: (result: Answer, phase?: "fast" | "final") => void;
}

/** A list on a clock that stands still, so that nothing is previewed, and what was opened from it. */
function prepare(context: TestContext, text = ""): Prepared {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => {
    mock.timers.reset();
  });
  fake.shown.length = 0;
  fake.missing.clear();
  const opened: string[] = [];
  const similar: string[] = [];
  const actions: HitActions = {
    findSimilar: ({ name }) => void similar.push(name),
    showInView: () => undefined,
    opened: ({ query }) => void opened.push(query),
  };
  const picker = new HitPicker(log, actions, "Search", "What?");
  const pick = fake.picks.at(-1);
  assert.ok(pick !== undefined);
  picker.show(text);
  const show = (result: Answer, phase: "fast" | "final" = "final"): void => {
    picker.answer(result, phase, () => [{ label: "nothing", run: undefined }]);
  };
  return { picker, pick, opened, similar, show };
}

test("a preview that fails does not keep the next one from being shown", async () => {
  fake.shown.length = 0;
  fake.missing.add(one.uri);
  const preview = new EditorPreview();
  await assert.rejects(preview.show(one), /gone/u);
  await preview.show(two);
  assert.deepEqual(fake.shown, [two.uri]);
});

test("a hit whose preview failed is previewed when one comes back to it", async (context) => {
  const { pick, show } = prepare(context, "retry");
  fake.missing.add(one.uri);
  show(answer("retry", { hits: [one, two] }));
  mock.timers.tick(100);
  await settle();
  assert.deepEqual(fake.shown, []);
  fake.missing.clear();
  pick.moveTo(0);
  mock.timers.tick(100);
  await settle();
  assert.deepEqual(fake.shown, [one.uri]);
});
