import assert from "node:assert/strict";
import { mock, test, type TestContext } from "node:test";

import type * as vscode from "vscode";

import type { Answer } from "../../src/protocol.js";
import { SearchFeature, type ResultsSink } from "../../src/search/feature.js";
import { BUTTONS, isHit, rowsOf } from "../../src/search/items.js";
import { HitPicker, type HitActions } from "../../src/search/picker.js";
import { EditorPreview } from "../../src/search/preview.js";
import type { ServerManager } from "../../src/server/manager.js";
import { answer, hit, MemoryLog } from "./support.js";
import { fake, Uri, window, type FakeQuickPick } from "./vscode.js";

const one = hit({ uri: "file:///w/one.py", name: "one" });
const two = hit({ uri: "file:///w/two.py", name: "two" });
const three = hit({ uri: "file:///w/three.py", name: "three" });
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

test("Enter opens the active hit of the answer to what is in the box", async (context) => {
  const { pick, opened, show } = prepare(context, "retry");
  show(answer("retry", { hits: [one, two] }));
  pick.moveTo(1);
  pick.enter();
  await settle();
  assert.deepEqual([opened, fake.shown], [["retry"], [two.uri]]);
});

test("Enter before the answer opens the first hit of that answer, and not one of an older text", async (context) => {
  const { pick, opened, show } = prepare(context);
  pick.type("ret");
  show(answer("ret", { hits: [one, two] }));
  pick.moveTo(1);
  pick.type("retry");
  pick.enter();
  await settle();
  assert.deepEqual(opened, []);
  show(answer("retry", { hits: [two, three] }), "fast");
  await settle();
  assert.deepEqual(opened, [], "the fast order is not the last word");
  show(answer("retry", { hits: [three, two] }));
  await settle();
  assert.deepEqual([opened, fake.shown], [["retry"], [three.uri]]);
});

test("Enter before the first answer takes no row of the empty box", async (context) => {
  const { picker, pick, opened, show } = prepare(context);
  let taken = 0;
  picker.say([{ label: "an earlier query", run: () => (taken += 1), stays: true }]);
  pick.type("retry");
  pick.enter();
  assert.equal(taken, 0);
  show(answer("retry", { hits: [three] }));
  await settle();
  assert.deepEqual(opened, ["retry"]);
});

test("an Enter before the answer is forgotten when the person types on, moves, or nothing is found", async (context) => {
  const { picker, pick, opened, show } = prepare(context);
  pick.type("ret");
  show(answer("ret", { hits: [one, two] }));
  pick.type("retry");
  pick.enter();
  pick.type("retry upload");
  show(answer("retry upload", { hits: [one, two] }));
  pick.type("retry uploads");
  pick.enter();
  pick.moveTo(1);
  show(answer("retry uploads", { hits: [one, two] }));
  pick.type("retry uploaded");
  pick.enter();
  show(answer("retry uploaded", { hits: [] }));
  show(answer("retry uploaded", { hits: [one] }));
  pick.type("retry it");
  pick.enter();
  picker.say([{ label: "The search failed" }]);
  show(answer("retry it", { hits: [one] }));
  await settle();
  assert.deepEqual(opened, []);
});

test("a row that one goes to after typing is what Enter means, and a click", async (context) => {
  const { pick, opened, show } = prepare(context);
  pick.type("ret");
  show(answer("ret", { hits: [one, two] }));
  mock.timers.tick(100);
  pick.type("retry");
  pick.moveTo(1);
  pick.enter();
  await settle();
  assert.deepEqual([opened, fake.shown.at(-1)], [["ret"], two.uri]);
});

test("what is like a hit of the team's index is not offered, by button or by key", (context) => {
  const team = hit({ uri: "cascode-team:/r/a.py?1", repository: "r", revision: "1" });
  const [row, mine] = rowsOf(answer("q", { hits: [team, one] }), false, { offered: true, said: new Map() });
  assert.ok(row !== undefined && isHit(row) && mine !== undefined && isHit(mine));
  assert.deepEqual(row.buttons, [BUTTONS.side, BUTTONS.copy]);
  assert.equal(mine.buttons?.includes(BUTTONS.similar), true);
  const { picker, pick, similar, show } = prepare(context, "q");
  show(answer("q", { hits: [team, one] }));
  picker.actOnActive("similar");
  assert.equal(picker.ended, false);
  assert.deepEqual(similar, []);
  pick.hide();
});

test("similar code is not asked for where the server knows no file", async () => {
  const feature = new SearchFeature({} as ServerManager, log, {} as ResultsSink);
  for (const uri of ["untitled:Untitled-1", "git:/w/a.py?HEAD"]) {
    fake.messages.length = 0;
    const before = fake.picks.length;
    window.activeTextEditor = { document: { uri: Uri.parse(uri) }, selection: { active: { line: 0, character: 0 } } };
    await feature.similarAtCursor();
    assert.match(fake.messages.join("\n"), /similar code is found for files/u, uri);
    assert.equal(fake.picks.length, before, uri);
  }
  window.activeTextEditor = undefined;
});
