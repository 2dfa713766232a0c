/** What the tests know of the extension: its titles, its views, and what they look like on the screen. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { isSettled, paints, watchPaints } from "./paints.mjs";
import { EXTENSION_ROOT, PATIENCE_MS, PROJECT_ROOT, until } from "./window.mjs";

export const SEARCH = "CasCode: Search Code by Meaning";

/** The server of this checkout, so that most tests need no environment of their own. */
export const SETTINGS = { "cascode.path": path.join(PROJECT_ROOT, ".venv/bin/cascode") };

/** The package under test, with the server's wheel in it. */
export function vsix() {
  const { name, version } = JSON.parse(fs.readFileSync(path.join(EXTENSION_ROOT, "package.json"), "utf8"));
  const file = process.env.CASCODE_VSIX ?? path.join(EXTENSION_ROOT, `${name}-${version}.vsix`);
  assert.ok(fs.existsSync(file), `${file} is not there: run 'make test-window', which builds it`);
  return file;
}

/** Milliseconds that the extension host says our activation took. */
export async function activationMs(window) {
  await window.run("Developer: Show Running Extensions");
  const row = window.page.locator(".runtime-extensions-editor .monaco-list-row").filter({ hasText: "CasCode" }).first();
  const match = await until(async () => /Activation: (\d+)ms/.exec(await row.innerText()), "the activation figure");
  await window.run("View: Close Editor");
  return Number(match[1]);
}

/** Wait until everything is indexed, as "Show Index Status" shows it; gives the number of definitions. */
export async function ready(window, patience = 2 * PATIENCE_MS) {
  await window.run("CasCode: Show Index Status");
  const functions = await until(
    async () => {
      const [summary, second] = await window.rowTexts();
      // A window that has just been loaded may take the list away again.
      if (!summary) await window.run("CasCode: Show Index Status");
      return /all found by meaning/.test(second) && /^([\d,]+) definitions?/.exec(summary)?.[1];
    },
    "everything to be indexed",
    patience,
  );
  await window.escape();
  return Number(functions.replaceAll(",", ""));
}

/** Open the quick pick and wait until its box takes keys. */
export async function openSearch(window) {
  await window.run(SEARCH);
  await window.quickInput.getByPlaceholder("What does the code do?").waitFor();
  await window.boxFocused();
}

/** Type a question into an empty quick pick and wait for its last answer; gives what was painted meanwhile. */
export async function ask(window, query, { delay = 10 } = {}) {
  await openSearch(window);
  await watchPaints(window.page);
  await window.page.keyboard.type(query, { delay });
  return answered(window);
}

/** Wait for the last answer to what was typed since `watchPaints`. */
export async function answered(window) {
  return until(async () => {
    const seen = await paints(window.page);
    return isSettled(seen) && seen;
  }, "the answer in the list");
}

/** Ask again and again until the list holds, or no longer holds, a name: for what takes the server a moment to notice. */
export async function askUntil(window, query, holds, what) {
  return until(async () => {
    await ask(window, query);
    const labels = await window.labels();
    if (holds(labels)) return labels;
    await window.escape();
    return undefined;
  }, what);
}

/** The language server of a window: the newest process with our arguments in its group. */
export function serverProcess(window) {
  const lines = execFileSync("ps", ["-e", "-o", "pid=,pgid=,args="], { encoding: "utf8" }).split("\n");
  const found = lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match && Number(match[2]) === window.process.pid && /\bcascode serve\b/.test(match[3]))
    .map((match) => ({ pid: Number(match[1]), command: match[3] }));
  return found.at(-1);
}
