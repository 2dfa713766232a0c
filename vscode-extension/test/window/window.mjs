/**
 * A real VS Code window under Playwright: code-server on a free loopback port, Chromium in front of it.
 *
 * Everything that a window writes (settings, extensions, logs) lies in one fresh folder, and every wait is for something
 * that a person would see.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const EXTENSION_ROOT = path.resolve(HERE, "../..");
export const PROJECT_ROOT = path.resolve(EXTENSION_ROOT, "..");
export const SCREENSHOTS = path.join(HERE, "screenshots");

/** Where scripts/setup-window.sh put code-server and playwright-core. */
const VSCODE = process.env.CASCODE_WINDOW_VSCODE ?? "";
if (!fs.existsSync(path.join(VSCODE, "node_modules/code-server"))) {
  throw new Error(`CASCODE_WINDOW_VSCODE is '${VSCODE}', where no code-server is: start this with 'make test-window'`);
}
const { chromium } = createRequire(path.join(VSCODE, "package.json"))("playwright-core");
const CODE_SERVER = path.join(VSCODE, "node_modules/code-server/out/node/entry.js");

/** Wide enough for a side bar, an editor and a palette; small enough for a README. */
const SIZE = { width: 1280, height: 800 };
/** What a person would still call "it works": most waits end in a fraction of it, on a busy machine too. */
export const PATIENCE_MS = Number(process.env.CASCODE_WINDOW_PATIENCE_MS ?? 30_000);

/** The palette lists what it has long before this. */
const PALETTE_MS = 3_000;

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Settings that keep VS Code itself quiet: no tips, no network, nothing that moves in a screenshot. */
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  // A browser's VS Code follows the system's theme, and then not the setting.
  "window.autoDetectColorScheme": false,
  "workbench.colorTheme": "Default Light Modern",
  "workbench.enableExperiments": false,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "npm.fetchOnlinePackageInfo": false,
  "git.openRepositoryInParentFolders": "never",
  // A browser's VS Code saves by itself: an unsaved edit would not stay one.
  "files.autoSave": "off",
  "editor.cursorBlinking": "solid",
  "security.workspace.trust.enabled": false,
  "window.commandCenter": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

/**
 * @template T
 * @param {() => Promise<T | undefined | null | false>} probe
 * @param {string} what  completes the sentence "waited N s for ..."
 * @param {number} patience  milliseconds
 * @returns {Promise<T>} the first truthy answer of the probe
 */
export async function until(probe, what, patience = PATIENCE_MS) {
  const started = Date.now();
  let problem = "";
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer;
    } catch (error) {
      problem = ` (${error.message.split("\n")[0]})`;
    }
    if (Date.now() - started > patience) throw new Error(`waited ${patience / 1000} s for ${what}${problem}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort() {
  const probe = net.createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** A copy of an installed Python package's sources, laid out as its repository has them. */
export function copyWorkspace(into, name, sitePackages) {
  const root = path.join(into, name);
  fs.cpSync(path.join(sitePackages, name), path.join(root, "src", name), {
    recursive: true,
    filter: (source) => !source.includes("__pycache__") && !source.endsWith(".so"),
  });
  return root;
}

export function sitePackages() {
  const python = path.join(PROJECT_ROOT, ".venv/bin/python");
  return execFileSync(python, ["-c", "import click, pathlib; print(pathlib.Path(click.__file__).parent.parent)"], {
    encoding: "utf8",
  }).trim();
}

/** Settings by the folder of their file: those of a machine are read from another one where VS Code runs on a server. */
function byScope(settings) {
  const isMachine = ([name]) => ["cascode.path", "cascode.model.path", "cascode.device"].includes(name);
  const entries = Object.entries(settings);
  return {
    User: Object.fromEntries(entries.filter((entry) => !isMachine(entry))),
    Machine: Object.fromEntries(entries.filter(isMachine)),
  };
}

/** Groups of processes that end with the test run, however it ends. */
const running = new Set();
process.once("exit", () => {
  for (const { pid } of running) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

export class Window {
  /**
   * Start code-server and open a folder in a browser.
   *
   * @param {object} options
   * @param {string} options.folder  the workspace, or a .code-workspace file
   * @param {string | null} options.vsix  the extension to install; null for a bare VS Code
   * @param {Record<string, unknown>} [options.settings]  user settings
   * @param {Record<string, string | undefined>} [options.env]  added to the environment of the extension host
   * @param {string} [options.name]  used in the names of folders
   * @param {string} [options.home]  the folder that everything is written to; removed at the end
   * @param {{width: number, height: number}} [options.size]  of the window, in CSS pixels
   * @param {number} [options.scale]  pixels of the screen for one of CSS
   * @param {string[]} [options.within]  a program and its arguments that start code-server, `unshare` for example
   */
  static async open({ folder, vsix, settings = {}, env = {}, name = "window", home, size = SIZE, scale = 1, within = [] }) {
    const window = new Window();
    window.size = size;
    window.scale = scale;
    window.within = within;
    window.home = home ?? fs.mkdtempSync(path.join(os.tmpdir(), `cascode-${name}-`));
    window.folder = folder;
    window.userData = path.join(window.home, "user-data");
    window.extensions = path.join(window.home, "extensions");
    window.indexDirectory = path.join(window.home, "index");
    window.environment = {
      ...process.env,
      XDG_CONFIG_HOME: path.join(window.home, "config"),
      XDG_DATA_HOME: path.join(window.home, "data"),
      XDG_STATE_HOME: path.join(window.home, "state"),
      CASCODE_INDEX_DIR: window.indexDirectory,
      VSCODE_PROXY_URI: undefined,
      ...env,
    };
    window.writeSettings({ ...QUIET, ...settings });
    if (vsix) await window.#codeServerCommand("--install-extension", vsix);
    await window.#start();
    return window;
  }

  async #codeServerCommand(...args) {
    const folders = ["--user-data-dir", this.userData, "--extensions-dir", this.extensions];
    await promisify(execFile)(process.execPath, [CODE_SERVER, ...folders, ...args], { env: this.environment });
  }

  async #start() {
    this.port = await freePort();
    this.log = "";
    const command = [...this.within, process.execPath];
    this.process = spawn(
      command[0],
      [
        ...command.slice(1),
        CODE_SERVER,
        ...["--bind-addr", `127.0.0.1:${this.port}`, "--auth", "none"],
        ...["--user-data-dir", this.userData, "--extensions-dir", this.extensions],
        ...["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"],
        "--disable-getting-started-override",
      ],
      // A group of its own: what it starts (extension host, language server) can be ended with it.
      { env: this.environment, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    running.add(this.process);
    this.process.stdout.on("data", (chunk) => (this.log += chunk));
    this.process.stderr.on("data", (chunk) => (this.log += chunk));
    await until(async () => {
      assert.equal(this.process.exitCode, null, `code-server ended:\n${this.log}`);
      return /HTTP server listening/.test(this.log);
    }, "code-server to listen");
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: CHROMIUM_FLAGS });
    const context = await this.browser.newContext({
      viewport: this.size,
      deviceScaleFactor: this.scale,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    this.page = await context.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    await this.#load();
  }

  async #load() {
    const kind = this.folder.endsWith(".code-workspace") ? "workspace" : "folder";
    await this.page.goto(`http://127.0.0.1:${this.port}/?${kind}=${encodeURIComponent(this.folder)}`);
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
    await this.page.locator(".explorer-folders-view, .empty-view, .explorer-viewlet").first().waitFor();
  }

  /** Load the window again, as "Developer: Reload Window" does, with other settings: the extension host starts again. */
  async reload(settings = {}) {
    this.writeSettings({ ...this.settings, ...settings });
    await this.#load();
  }

  async close() {
    await this.browser?.close();
    if (this.process && this.process.exitCode === null) {
      const ended = once(this.process, "exit");
      process.kill(-this.process.pid, "SIGTERM");
      const killer = setTimeout(() => process.kill(-this.process.pid, "SIGKILL"), 5_000);
      await ended;
      running.delete(this.process);
      clearTimeout(killer);
    }
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  // --- settings -------------------------------------------------------------------------------------------------

  writeSettings(settings) {
    this.settings = settings;
    for (const [folder, part] of Object.entries(byScope(settings))) {
      const file = path.join(this.userData, folder, "settings.json");
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, JSON.stringify(part, null, 2));
    }
  }

  /** Change user settings in the editor of settings.json: a browser's VS Code does not notice that file change by itself. */
  async changeSettings(changes) {
    this.settings = { ...this.settings, ...changes };
    const { User: settings } = byScope(this.settings);
    await this.run("Preferences: Open User Settings (JSON)");
    await until(async () => (await this.activeTab()) === "settings.json", "the editor of the settings");
    await this.page.locator(".editor-instance .monaco-editor.focused").waitFor();
    await this.page.keyboard.press("Control+a");
    const text = JSON.stringify(settings, null, 2);
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await this.page.keyboard.press("Control+v");
    await this.page.locator(".tabs-container .tab.active.dirty").waitFor();
    await this.page.keyboard.press("Control+s");
    const file = path.join(this.userData, "User/settings.json");
    await until(async () => fs.readFileSync(file, "utf8") === text, "the settings to be stored");
    await this.page.locator(".tabs-container .tab.active:not(.dirty)").waitFor();
    await this.page.keyboard.press("Control+w");
    await until(async () => (await this.activeTab()) !== "settings.json", "the settings to be closed");
  }

  async theme(kind) {
    await this.changeSettings({ "workbench.colorTheme": kind === "light" ? "Default Light Modern" : "Default Dark Modern" });
    await this.page.locator(`.monaco-workbench.${kind === "light" ? "vs" : "vs-dark"}`).first().waitFor();
  }

  // --- keyboard -------------------------------------------------------------------------------------------------

  get quickInput() {
    return this.page.locator(".quick-input-widget:visible");
  }

  get quickInputBox() {
    return this.quickInput.locator(".quick-input-box input");
  }

  /** Rows of the open palette or picker that are painted now. */
  get rows() {
    return this.quickInput.locator(".quick-input-list .monaco-list-row");
  }

  /** Labels of the painted rows, top to bottom. */
  labels() {
    return this.#rowTexts(".label-name");
  }

  /** All text of each painted row, top to bottom. */
  rowTexts() {
    return this.#rowTexts(".quick-input-list-entry, .quick-input-list-rows");
  }

  #rowTexts(selector) {
    return this.rows.evaluateAll(
      (rows, selector) =>
        rows
          .map((row) => ({ top: Number.parseFloat(row.style.top), text: (row.querySelector(selector) ?? row).textContent ?? "" }))
          .sort((a, b) => a.top - b.top)
          .map((row) => row.text),
      selector,
    );
  }

  /** Run a command by its title through the palette. */
  async run(title) {
    // The palette does not take up commands of extensions that are read after it was opened: then it is opened again.
    const index = await until(async () => {
      await this.page.keyboard.press("F1");
      // Typing before the widget has the focus would write into the editor. A key is lost on a list that just closes.
      if (!(await this.boxFocused(PALETTE_MS).then(() => true, () => false))) return undefined;
      await this.page.keyboard.insertText(title);
      const found = await until(async () => {
        const found = (await this.labels()).indexOf(title);
        return found >= 0 && { index: found };
      }, `the command '${title}'`, PALETTE_MS).catch(() => undefined);
      if (found === undefined) await this.escape();
      return found;
    }, `the command '${title}'`);
    for (let n = 0; n < index.index; n += 1) await this.page.keyboard.press("ArrowDown");
    await this.page.keyboard.press("Enter");
  }

  /** Wait until the box of the palette or picker takes keys. */
  async boxFocused(patience = PATIENCE_MS) {
    await this.quickInputBox.waitFor({ timeout: patience });
    await until(() => this.quickInputBox.evaluate((input) => input === document.activeElement), "the focus of the box", patience);
  }

  async escape() {
    await this.page.keyboard.press("Escape");
    await this.quickInput.waitFor({ state: "hidden" });
  }

  /** Close lists, and an error's box: what one test leaves open must not fail the next ones. */
  async dismissAll() {
    const open = this.page.locator(".quick-input-widget:visible, .monaco-dialog-box:visible");
    for (let n = 0; n < 4 && (await open.count()) > 0; n += 1) {
      await this.page.keyboard.press("Escape");
      await this.page.waitForTimeout(100);
    }
  }

  // --- what is on the screen ------------------------------------------------------------------------------------

  /** Name of the file in the active editor's tab. */
  async activeTab() {
    const tab = this.page.locator(".editor-group-container.active .tabs-container .tab.active .label-name");
    return (await tab.count()) > 0 ? tab.first().innerText() : undefined;
  }

  /** "Ln 12, Col 5" of the status bar as numbers. */
  async cursor() {
    const text = await this.page.locator("#status\\.editor\\.selection").innerText();
    const match = /Ln (\d+), Col (\d+)/.exec(text);
    return match ? { line: Number(match[1]), column: Number(match[2]) } : undefined;
  }

  /** The lines of the active editor that are painted. */
  async editorText() {
    const lines = await this.page
      .locator(".editor-instance .view-line")
      .evaluateAll((nodes) =>
        nodes
          .map((node) => ({ top: Number.parseFloat(node.style.top), text: node.textContent }))
          .sort((a, b) => a.top - b.top)
          .map((line) => line.text),
      );
    return lines.join("\n").replaceAll("\u00a0", " ");
  }

  /** Texts of the notifications on screen. */
  notifications() {
    return this.page.locator(".notification-toast .notification-list-item-message").allInnerTexts();
  }

  /** Wait for a notification and give its text. */
  async notification(pattern, patience = PATIENCE_MS) {
    return until(async () => (await this.notifications()).find((text) => pattern.test(text)), `a notification like ${pattern}`, patience);
  }

  /** Press a button of the notification whose text matches. */
  async pressInNotification(pattern, button) {
    const toast = this.page.locator(".notification-toast").filter({ hasText: pattern }).first();
    await toast.locator(".monaco-text-button", { hasText: button }).click();
  }

  statusBar() {
    return this.page.locator(".part.statusbar").innerText();
  }

  async screenshot(name) {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), animations: "disabled" });
  }
}
