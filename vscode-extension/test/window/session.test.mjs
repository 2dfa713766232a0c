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
import { copyWorkspace, sitePackages, until, Window } from "./window.mjs";

/** Until a folder that was added is indexed: a thousand definitions, on a slow machine that does other things too. */
const INDEXED_MS = 240_000;
/** A question about click's sources that shares few words with its answer, `confirm` in termui.py. */
const QUESTION = "ask the user a yes or no question";
/**
 * Twice what VS Code is promised at its start: on two slow cores, the window's own work beside it, the least of some loads
 * was measured between 28 and 71 ms, whatever the extension did. What was heavy (an import, a file read) took hundreds.
 */
const ACTIVATION_MS = 100;
/** Until both cores are idle after a session of minutes: single loads were measured between 28 and 151 ms. */
const SETTLING_MS = 8_000;
const MORE_LOADS = 5;
/** Waiting processes for each core beyond which milliseconds show the others: the window itself makes one or two. */
const BUSY = 2.5;

/** 1-based number of the first line of a file that starts with a text. */
function lineOf(file, text) {
  const index = fs.readFileSync(file, "utf8").split("\n").findIndex((line) => line.trimStart().startsWith(text));
  assert.ok(index >= 0, `${file} has no line that starts with '${text}'`);
  return index + 1;
}

describe("a first sitting", { concurrency: false }, () => {
  let base, window, click, folders;

  const source = (name) => path.join(click, "src/click", name);

  /** Open a file of the workspace by its name. */
  async function openFile(name) {
    await window.page.keyboard.press("Control+p");
    await window.boxFocused();
    await window.page.keyboard.insertText(name);
    await until(async () => (await window.labels())[0] === name, `${name} in the list of files`);
    await window.page.keyboard.press("Enter");
    await until(async () => (await window.activeTab()) === name, `the tab of ${name}`);
    // The tab is there before the keys go to its editor.
    await window.page.locator(".editor-instance .monaco-editor.focused").waitFor();
  }

  before(async () => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), "cascode-session-"));
    click = copyWorkspace(base, "click", sitePackages());
    copyWorkspace(base, "filelock", sitePackages());
    folders = path.join(base, "sitting.code-workspace");
    fs.writeFileSync(folders, JSON.stringify({ folders: [{ path: "click" }] }));
    window = await Window.open({ folder: folders, vsix: cascode.vsix(), settings: cascode.SETTINGS });
  });

  after(async () => {
    await window?.close();
    fs.rmSync(base, { recursive: true, force: true });
  });

  afterEach(async (context) => {
    if (context.error) await window?.screenshot(`failed-${context.name.replaceAll(/[^a-z0-9]+/gi, "-")}`);
    await window.dismissAll();
  });

  it("answers by words while the first index is being built, and says how far it is", async () => {
    await cascode.ask(window, "confirm prompt");
    assert.ok((await window.rows.count()) > 0);
    await window.screenshot("search-while-indexing");
  });

  it("indexes the workspace by itself, and then shows no progress any more", async (context) => {
    const functions = await cascode.ready(window, INDEXED_MS);
    context.diagnostic(`${functions} functions`);
    assert.ok(functions > 400);
    // The item that rests there says CasCode and no more.
    // Further passages of long functions are encoded when all are found by meaning.
    await until(
      async () => !/\d ?%|indexing/i.test(await window.statusBar()),
      "the progress to leave the status bar",
      INDEXED_MS,
    );
  });

  it("shows the state of the index, what was skipped, and which server runs", async () => {
    await window.run("CasCode: Show Index Status");
    const rows = await until(async () => {
      const rows = await window.rowTexts();
      return rows.some((row) => row.includes("named by the setting cascode.path")) && rows;
    }, "the server's row");
    assert.ok(rows.some((row) => /^click.*definitions in \d+ files/.test(row)), rows.join("\n"));
    await window.screenshot("status-light");
  });

  it("answers a question with the function that does it, and shows it", async () => {
    await cascode.ask(window, QUESTION);
    assert.ok((await window.labels()).slice(0, 3).includes("confirm"), (await window.labels()).join(", "));
    await until(async () => (await window.activeTab()) === "termui.py", "the preview of the best hit");
    await window.screenshot("search-light");
    await window.escape();
    await window.theme("dark");
    await cascode.ask(window, QUESTION);
    await window.screenshot("search-dark");
  });

  it("previews while one moves through the list, and puts the editor back on Escape", async () => {
    await window.run("View: Close All Editors");
    await openFile("globals.py");
    await window.page.keyboard.press("Control+g");
    await window.page.keyboard.type("7");
    await window.page.keyboard.press("Enter");
    const before = await until(async () => {
      const cursor = await window.cursor();
      return cursor?.line === 7 && cursor;
    }, "the cursor on line 7");
    await cascode.ask(window, QUESTION);
    const labels = await window.labels();
    await window.page.keyboard.press("ArrowDown");
    const name = labels[1].split(".").at(-1);
    await until(async () => (await window.editorText()).includes(`def ${name}`), `${name} in the editor`);
    await window.escape();
    await until(async () => (await window.activeTab()) === "globals.py", "the editor of before");
    assert.deepEqual(await window.cursor(), before);
    await until(async () => (await window.page.locator(".tabs-container .tab").count()) === 1, "the preview's tab to be closed");
  });

  it("opens a hit on Enter, with the cursor on the function's name", async () => {
    await cascode.ask(window, QUESTION);
    const rank = (await window.labels()).indexOf("confirm");
    for (let n = 0; n < rank; n += 1) await window.page.keyboard.press("ArrowDown");
    await window.page.keyboard.press("Enter");
    await window.quickInput.waitFor({ state: "hidden" });
    const line = lineOf(source("termui.py"), "def confirm(");
    await until(async () => (await window.cursor())?.line === line, `the cursor on line ${line} of termui.py`);
    assert.equal(await window.activeTab(), "termui.py");
    assert.equal((await window.cursor()).column, "def ".length + 1);
  });

  it("finds similar code from a hit's button, and opens it to the side", async () => {
    await cascode.ask(window, QUESTION);
    const row = window.rows.filter({ hasText: "src/click/termui.py" }).first();
    await row.hover();
    await row.getByRole("button", { name: /Find Similar Code/ }).click();
    await window.quickInput.getByText(/^Code Similar to /).waitFor();
    await until(async () => (await window.labels()).length > 2, "similar code");
    await window.screenshot("similar-dark");
    await window.page.keyboard.press("Control+\\");
    await until(async () => (await window.page.locator(".editor-group-container").count()) === 2, "a second group of editors");
    await window.run("View: Close All Editors");
    await until(async () => (await window.page.locator(".tabs-container .tab").count()) === 0, "no editors");
  });

  it("finds code like the function at the cursor", async () => {
    await openFile("termui.py");
    await window.page.keyboard.press("Control+g");
    await window.page.keyboard.type(String(lineOf(source("termui.py"), "def confirm(") + 3));
    await window.page.keyboard.press("Enter");
    await window.run("CasCode: Find Similar Code");
    await until(async () => (await window.labels()).length > 2, "similar code");
    assert.ok(!(await window.labels()).includes("confirm"), "the function itself is not like itself");
  });

  it("copies a reference to a hit", async () => {
    await cascode.ask(window, QUESTION);
    const first = (await window.labels())[0];
    await window.page.keyboard.press("Control+Shift+c");
    const reference = new RegExp(`^src/click/\\w+\\.py:\\d+-\\d+ ${first.replaceAll(".", "\\.")}$`);
    await until(
      async () => reference.test(await window.page.evaluate(() => navigator.clipboard.readText())),
      "the reference in the clipboard",
    );
  });

  describe("the results view", () => {
    const view = (title) => window.page.locator(".pane").filter({ has: window.page.locator(`.pane-header[aria-label^="${title}"]`) });
    const results = () => view("Results");
    const treeRows = (pane) => pane.locator(".monaco-list-row");

    it("takes the hits of the list, by file", async () => {
      await cascode.ask(window, QUESTION);
      await window.quickInput.getByRole("button", { name: /Show in the Results View/ }).click();
      await treeRows(results()).filter({ hasText: "termui.py" }).first().waitFor();
      await treeRows(results()).filter({ hasText: "confirm" }).first().waitFor();
      await treeRows(view("History")).filter({ hasText: QUESTION }).waitFor();
      await window.screenshot("results-dark");
      await window.theme("light");
      await window.screenshot("results-light");
    });

    it("previews and opens with the keyboard", async () => {
      await window.run("CasCode: Focus on Results View");
      await window.page.keyboard.press("Home");
      await window.page.keyboard.press("ArrowDown");
      const name = await treeRows(results()).nth(1).locator(".label-name").innerText();
      await window.page.keyboard.press("Enter");
      const line = name.split(".").at(-1);
      await until(async () => (await window.editorText()).includes(line), `${name} in the editor`);
    });

    it("is narrowed by kind", async () => {
      const before = await treeRows(results()).count();
      await window.run("CasCode: Filter Results");
      await window.boxFocused();
      await window.page.keyboard.type("method");
      await until(async () => (await window.rows.count()) === 1, "the choice of methods");
      await window.rows.first().click();
      await window.page.keyboard.press("Enter");
      await results().getByText(/Only methods/).waitFor();
      assert.ok(before > 0);
      await treeRows(results()).filter({ hasText: /^confirm\d/ }).waitFor({ state: "detached" });
      await window.screenshot("results-narrowed-light");
    });

    it("runs a query of the history again", async () => {
      await cascode.ask(window, "parse the arguments of a command line");
      await window.page.keyboard.press("Enter");
      await window.quickInput.waitFor({ state: "hidden" });
      await treeRows(view("History")).filter({ hasText: QUESTION }).click();
      await treeRows(results()).filter({ hasText: "confirm" }).first().waitFor();
      await window.run("View: Close All Editors");
    });
  });

  it("finds a function that is typed and not saved", async () => {
    await openFile("globals.py");
    await window.page.keyboard.press("Control+End");
    await window.page.keyboard.type("\ndef lunar_tide_offset(day): return day % 29");
    await cascode.askUntil(window, "offset of the tide by the moon", (labels) => labels.includes("lunar_tide_offset"), "the unsaved function");
    await window.screenshot("unsaved-light");
    const rank = (await window.labels()).indexOf("lunar_tide_offset");
    for (let n = 0; n < rank; n += 1) await window.page.keyboard.press("ArrowDown");
    await window.page.keyboard.press("Enter");
    const lines = fs.readFileSync(source("globals.py"), "utf8").split("\n").length;
    await until(async () => (await window.cursor())?.line > lines, "the cursor on a line that is not on the disk");
    await window.quickInput.waitFor({ state: "hidden" });
    await window.run("File: Revert File");
    await window.run("View: Close All Editors");
  });

  it("forgets a file that is deleted outside the editor", async () => {
    const query = "run a command in isolation and capture its output";
    const known = (labels) => labels.some((label) => label.startsWith("CliRunner"));
    await cascode.askUntil(window, query, known, "CliRunner");
    await window.escape();
    fs.rmSync(source("testing.py"));
    await cascode.askUntil(window, query, (labels) => !known(labels), "CliRunner to be gone");
  });

  it("follows a changed setting without a restart", async () => {
    const { pid } = cascode.serverProcess(window);
    await window.changeSettings({ "cascode.search.limit": 3 });
    await cascode.askUntil(window, QUESTION, (labels) => labels.length === 3, "three hits");
    await window.escape();
    await window.changeSettings({ "cascode.search.limit": 20 });
    await cascode.askUntil(window, QUESTION, (labels) => labels.length > 3, "more hits again");
    assert.equal(cascode.serverProcess(window).pid, pid);
  });

  it("pauses and resumes", async () => {
    await window.run("CasCode: Pause Indexing");
    await window.run("CasCode: Show Index Status");
    await until(async () => (await window.labels())[0] === "Indexing paused", "the pause in the status");
    await window.screenshot("paused-light");
    await window.escape();
    await window.run("CasCode: Resume Indexing");
    await cascode.ready(window);
  });

  it("starts the server again when it is killed, and by command", async () => {
    const first = cascode.serverProcess(window).pid;
    process.kill(first, "SIGKILL");
    const second = await until(async () => {
      const found = cascode.serverProcess(window);
      return found && found.pid !== first && found.pid;
    }, "another server");
    await cascode.ready(window);
    await cascode.askUntil(window, QUESTION, (labels) => labels.includes("confirm"), "an answer of the new server");
    await window.escape();
    assert.deepEqual(await window.notifications(), [], "one crash is not worth a message");
    await window.run("CasCode: Restart Server");
    await until(async () => {
      const found = cascode.serverProcess(window);
      return found && found.pid !== second;
    }, "a third server");
    await cascode.ready(window);
  });

  it("searches a folder that is added, and distinguishes the folders", async () => {
    await window.run("Workspaces: Add Folder to Workspace...");
    await window.boxFocused();
    await until(async () => (await window.labels()).includes("filelock"), "the folders to choose from");
    await window.quickInputBox.fill(`${path.join(base, "filelock")}/`);
    await until(async () => (await window.labels()).join() === "..,src", "what is in the folder");
    await window.page.keyboard.press("Enter");
    await cascode.askUntil(
      window,
      "acquire a lock on a file",
      (labels) => labels.some((label) => /acquire/i.test(label)),
      "a function of the added folder",
    );
    assert.match((await window.rowTexts()).join("\n"), /filelock\/src\/filelock\//);
    await window.screenshot("two-folders-light");
  });

  it("says where nothing matches well", async () => {
    await cascode.ask(window, "boil an egg for six minutes");
    await window.quickInput.getByText("Nothing matches well. The nearest:").waitFor();
    await window.screenshot("weak-light");
  });

  it("is there again at once after a reload, from the stored index", async () => {
    await window.reload();
    await cascode.askUntil(window, QUESTION, (labels) => labels.includes("confirm"), "the answer of before");
    await cascode.ready(window, INDEXED_MS);
  });

  it("paints a fast list first, and the reranked order in its place", async () => {
    await window.reload({ "cascode.search.rerank": "always" });
    await cascode.ready(window);
    const lists = await until(async () => {
      const { keys, lists } = await cascode.ask(window, QUESTION);
      await window.escape();
      const answers = lists.filter((list) => list.at > keys.at(-1) && list.rows > 1);
      return answers.length > 1 && answers;
    }, "an answer in two steps");
    assert.notEqual(lists[0].text, lists.at(-1).text);
  });

  it("is activated at once, by the extension host's own figure", async (context) => {
    // Last, when nothing is left to index: an index in the making takes both cores for itself.
    // The server has just told that it is ready; what it freed and what the window painted takes a moment more.
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
    const figures = [await cascode.activationMs(window)];
    // The least of some loads: what else the machine does can only add to it.
    for (let n = 0; n < MORE_LOADS && Math.min(...figures) >= ACTIVATION_MS; n += 1) {
      await window.reload();
      figures.push(await cascode.activationMs(window));
    }
    const [load] = os.loadavg();
    context.diagnostic(`activation: ${figures.join(", ")} ms, load ${load.toFixed(1)} on ${os.cpus().length} cores`);
    const quick = Math.min(...figures) < ACTIVATION_MS;
    if (!quick && load > BUSY * os.cpus().length) return context.skip("the machine is too busy with other work to tell");
    assert.ok(quick, `activation took ${figures.join(", ")} ms`);
  });
});
