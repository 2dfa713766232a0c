/**
 * Records the palette for the README: a question is typed, its answers come and narrow, one is looked at, one is opened.
 * Writes frames to a folder; scripts/palette_picture.py joins them. Run it with `make pictures`.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import * as cascode from "./cascode.mjs";
import { watchPaints } from "./paints.mjs";
import { Recording } from "./recording.mjs";
import { copyWorkspace, sitePackages, until, Window } from "./window.mjs";

/** A question about click's sources, in the pieces after which a person looks up. */
const PIECES = ["wait until", " the user", " presses a key"];
const ANSWER = "pause";
/** The file that is open before. */
const BEFORE = "formatting.py";
/** About as wide as GitHub shows a README, so that letters keep their size; sharp on fine screens, too. */
const SIZE = { width: 880, height: 600 };
const SCALE = 2;
/**
 * The editor and nothing else: at this width a side bar would take the room of the code. The cursor stays in the first
 * line while functions are looked at: its word would be marked in all of them.
 */
const SETTINGS = {
  ...cascode.SETTINGS,
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.activityBar.location": "hidden",
  "workbench.layoutControl.enabled": false,
  "window.title": "${activeEditorShort}${separator}${rootName}",
  "window.menuBarVisibility": "hidden",
  "editor.minimap.enabled": false,
  "editor.occurrencesHighlight": "off",
  "editor.scrollbar.horizontal": "hidden",
};
/** Until the sources are indexed, on a slow machine that does other things too. */
const INDEXED_MS = 240_000;

// How long things stand. A steady typist; lists long enough to be read; the end longest.
const KEY_MS = 65;
const OPENING_MS = 700;
const EMPTY_MS = 500;
const LIST_MS = 800;
const ANSWER_MS = 1_300;
const STEP_MS = 800;
const END_MS = 2_500;
/** Until what follows a list or a step (preview, colours, outline) has been painted. */
const PAINTED_MS = 700;

/**
 * Type a piece of the question, a frame a letter, and take the list that answers it. A key waits here for its frame, and
 * a list may come before the next: nobody who types as fast as the picture shows sees it, so only the box is taken.
 */
async function type(window, recording, piece, listMs) {
  await watchPaints(window.page);
  const box = window.quickInput.locator(".quick-input-header, .quick-input-filter").last();
  for (const letter of piece) {
    await window.page.keyboard.type(letter);
    await recording.frame(KEY_MS, box);
  }
  const { keys, lists } = await cascode.answered(window);
  // The list of before stands as long as this one took from the last key; what came between answers fewer letters.
  const last = lists.find((list) => list.at > keys.at(-1) && list.text === lists.at(-1).text);
  recording.hold(last.at - keys.at(-1));
  await window.page.waitForTimeout(PAINTED_MS);
  await recording.frame(listMs);
  console.log(`${piece.trim()}: ${recording.frames.at(-2).ms} ms, ${(await window.labels()).slice(0, 5).join(", ")}`);
}

/** Refuse what must not be in the picture: a panel or a message, which would show folders of this machine. */
async function nothingElse(window) {
  for (const part of [".part.panel", ".part.sidebar", ".notification-toast", ".monaco-dialog-box"]) {
    assert.equal(await window.page.locator(`${part}:visible`).count(), 0, `${part} is in the picture`);
  }
}

async function record(window, folder) {
  await cascode.ready(window, INDEXED_MS);
  await window.page.keyboard.press("Control+b");
  await window.page.locator(".part.sidebar").waitFor({ state: "hidden" });
  await window.page.keyboard.press("Control+p");
  await window.boxFocused();
  await window.page.keyboard.insertText(BEFORE);
  await until(async () => (await window.labels())[0] === BEFORE, "the file in the list");
  await window.page.keyboard.press("Enter");
  await until(async () => (await window.activeTab()) === BEFORE, "the editor");
  // The model is loaded by a first question, which is not shown.
  await cascode.ask(window, "colour of a text");
  await window.escape();
  // Where the window is slow, a key meant for one list reaches another, and that opens the log.
  if (await window.page.locator(".part.panel:visible").count()) await window.page.keyboard.press("Control+j");
  await window.page.waitForTimeout(PAINTED_MS);

  await nothingElse(window);
  const recording = await Recording.start(window, folder);
  await recording.frame(OPENING_MS);
  await window.page.keyboard.press("Control+Shift+Alt+f");
  await window.quickInput.getByPlaceholder("What does the code do?").waitFor();
  await window.boxFocused();
  await window.page.waitForTimeout(PAINTED_MS);
  await recording.frame(EMPTY_MS);
  for (const piece of PIECES.slice(0, -1)) await type(window, recording, piece, LIST_MS);
  await type(window, recording, PIECES.at(-1), ANSWER_MS);
  const labels = await window.labels();
  assert.equal(labels[0], ANSWER);

  for (const [key, rank] of [["ArrowDown", 1], ["ArrowDown", 2], ["ArrowUp", 1], ["ArrowUp", 0]]) {
    await window.page.keyboard.press(key);
    const name = labels[rank].split(".").at(-1);
    await until(async () => (await window.editorText()).includes(`def ${name}`), `${name} in the editor`);
    await window.page.waitForTimeout(PAINTED_MS);
    await recording.frame(key === "ArrowDown" ? STEP_MS : STEP_MS / 3);
  }
  await window.page.keyboard.press("Enter");
  await window.quickInput.waitFor({ state: "hidden" });
  await until(async () => (await window.editorText()).includes(`def ${ANSWER}`), "the answer in the editor");
  await window.page.waitForTimeout(PAINTED_MS);
  await recording.frame(END_MS);
  await nothingElse(window);
  recording.finish();
}

const folder = process.argv[2];
if (!folder) throw new Error("name the folder for the frames");
const base = fs.mkdtempSync(path.join(os.tmpdir(), "cascode-palette-"));
try {
  const click = copyWorkspace(base, "click", sitePackages());
  const window = await Window.open({ folder: click, vsix: cascode.vsix(), settings: SETTINGS, size: SIZE, scale: SCALE });
  try {
    await record(window, path.resolve(folder));
  } catch (error) {
    await window.screenshot("failed-palette");
    throw error;
  } finally {
    await window.close();
  }
} finally {
  fs.rmSync(base, { recursive: true, force: true });
}
