/**
 * One sitting of one person, in a real window: a workspace is opened for the first time, indexed, searched, edited.
 * The tests build on each other, as the minutes of that person do.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";

import * as cascode from "./cascode.mjs";
import { paints, watchPaints } from "./paints.mjs";
import { copyWorkspace, sitePackages, until, Window } from "./window.mjs";

/** A question about click's sources that shares few words with its answer, `confirm` in termui.py. */
const QUESTION = "ask the user a yes or no question";

/** 1-based number of the first line of a file that starts with a text. */
function lineOf(file, text) {
  const line = fs.readFileSync(file, "utf8").split("\n").findIndex((line) => line.trimStart().startsWith(text));
  assert.ok(line >= 0, `${file} has no line that starts with '${text}'`);
  return line + 1;
}

describe("a first sitting", { concurrency: false }, () => {
  let base, window, click, second, workspaceFile;

  before(async () => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), "cascode-session-"));
    click = copyWorkspace(base, "click", sitePackages());
    second = copyWorkspace(base, "filelock", sitePackages());
    workspaceFile = path.join(base, "sitting.code-workspace");
    fs.writeFileSync(workspaceFile, JSON.stringify({ folders: [{ path: "click" }] }));
    window = await Window.open({ folder: workspaceFile, vsix: cascode.vsix(), settings: cascode.SETTINGS });
  });

  after(async () => {
    await window?.close();
    fs.rmSync(base, { recursive: true, force: true });
  });

  afterEach(async (context) => {
    if (context.error) await window.screenshot(`failed ${context.name}`.replaceAll(/[^a-z0-9]+/gi, "-"));
    for (let n = 0; n < 3 && (await window.quickInput.count()) > 0; n += 1) await window.page.keyboard.press("Escape");
  });

  it("is activated in under 50 ms, by the extension host's own figure", async () => {
    const figure = await cascode.activationMs(window);
    console.log(`activation: ${figure} ms`);
    assert.ok(figure < 50, `activation took ${figure} ms`);
  });

  it("indexes the workspace by itself and says so", async () => {
    await cascode.ready(window);
  });

  it("answers in two steps: a fast list, then the reranked order", async () => {
    await cascode.openSearch(window);
    await watchPaints(window.page);
    await window.page.keyboard.type(QUESTION, { delay: 20 });
    await cascode.answered(window);
    const { lists } = await paints(window.page);
    assert.ok(lists.some((list) => list.busy && list.rows > 0), "a list is shown while the reranked order is awaited");
    assert.match((await window.labels())[0], /confirm/);
    await window.screenshot("search-dark");
  });
});
