/** What the tests know of the extension: its titles, its views, and what they look like on the screen. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { EXTENSION_ROOT, PROJECT_ROOT, until } from "./window.mjs";

export const SEARCH = "CasCode: Search Code by Meaning";

/** The server of this checkout, so that most tests need no environment of their own. */
export const SETTINGS = { "cascode.path": path.join(PROJECT_ROOT, ".venv/bin/cascode") };

/** The package under test: named by CASCODE_VSIX, else the newest in the extension's folder. */
export function vsix() {
  if (process.env.CASCODE_VSIX) return path.resolve(process.env.CASCODE_VSIX);
  const found = fs
    .readdirSync(EXTENSION_ROOT)
    .filter((name) => name.endsWith(".vsix"))
    .map((name) => path.join(EXTENSION_ROOT, name))
    .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
  assert.ok(found.length > 0, `no .vsix in ${EXTENSION_ROOT}: run 'make test-window', which builds it`);
  return found[0];
}

/** Milliseconds that the extension host says our activation took; undefined before it has. */
export async function activationMs(window) {
  await window.run("Developer: Show Running Extensions");
  const row = window.page.locator(".runtime-extensions-editor .monaco-list-row").filter({ hasText: "CasCode" }).first();
  await row.waitFor({ timeout: 10_000 });
  const match = /Activation: (\d+)ms/.exec(await row.innerText());
  await window.run("View: Close Editor");
  return match ? Number(match[1]) : undefined;
}
