/** Getting the server on a machine that has none: the environment that the extension makes, and what it says where it cannot. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import * as cascode from "./cascode.mjs";
import { copyWorkspace, sitePackages, Window } from "./window.mjs";

/** venv and 50 packages: under a minute from files on the disk; a download takes its own time. */
const INSTALL_MS = 5 * 60_000;
const NEEDS_SERVER = /CasCode needs its server/;

describe("getting the server", { concurrency: false }, () => {
  let base, click;

  before(() => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), "cascode-install-"));
    click = copyWorkspace(base, "click", sitePackages());
  });
  after(() => fs.rmSync(base, { recursive: true, force: true }));

  it("says in one line what is missing where there is no Python", async (context) => {
    const within = withoutPython();
    if (within === undefined) return context.skip("this machine has no mount namespaces: Python cannot be hidden");
    const window = await Window.open({ folder: click, vsix: cascode.vsix(), within, name: "no-python" });
    try {
      await window.notification(NEEDS_SERVER);
      await window.pressInNotification(NEEDS_SERVER, "Install Server");
      const message = await window.notification(/needs Python/);
      assert.match(message, /CasCode needs Python 3\.10 to 3\.14: none was found\. Install one/);
      await window.screenshot("python-missing");
    } finally {
      await window.close();
    }
  });

  it("makes an environment of its own from the wheel in the .vsix, and searches with it", { timeout: INSTALL_MS + 60_000 }, async () => {
    // What a person's machine has: a system Python, and none of this checkout's programs.
    const PATH = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes(".venv")).join(":");
    const window = await Window.open({ folder: click, vsix: cascode.vsix(), env: { PATH, VIRTUAL_ENV: undefined }, name: "managed" });
    try {
      await window.notification(NEEDS_SERVER);
      await window.screenshot("install-offered");
      await window.pressInNotification(NEEDS_SERVER, "Install Server");
      await window.notification(/making a Python|installing|downloading|looking for/);
      await window.screenshot("installing");
      await cascode.ready(window, INSTALL_MS);
      await cascode.ask(window, "ask the user a yes or no question");
      assert.match((await window.labels()).join("\n"), /confirm/);
      const program = cascode.serverProcess(window).command;
      assert.match(program, /globalStorage/, "the server that runs is the extension's own");
    } finally {
      await window.close();
    }
  });
});

/** A command in whose sight no Python interpreter can be started; undefined where the system does not allow that. */
function withoutPython() {
  const folders = [...new Set([...(process.env.PATH ?? "").split(":"), "/usr/local/bin", "/usr/bin"])];
  const pythons = folders
    .flatMap((folder) => (fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : []))
    .filter((file) => /^python[0-9.]*$/.test(path.basename(file)) && fs.existsSync(file))
    .map((file) => fs.realpathSync(file));
  const hide = [...new Set(pythons)].map((file) => `mount --bind /dev/null '${file}'`).join(" && ");
  const namespace = ["unshare", "--map-root-user", "--mount", "sh", "-c"];
  try {
    execFileSync(namespace[0], [...namespace.slice(1), hide]);
  } catch {
    return undefined;
  }
  return [...namespace, `${hide} && exec "$@"`, "sh"];
}
