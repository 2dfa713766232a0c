import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { EDITOR_LANGUAGES } from "../../src/lists.js";
import { SERVER_COMMANDS } from "../../src/protocol.js";

interface Menu {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: string[] } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly icon?: string | { light: string; dark: string } }[];
    readonly keybindings: readonly Menu[];
    readonly menus: Readonly<Record<string, readonly Menu[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string }>> };
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[];
    }[];
    readonly viewsWelcome: readonly { readonly view: string; readonly when?: string; readonly contents: string }[];
  };
}

// The tests run in the extension's folder.
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const { contributes } = manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));

function sources(folder = "src"): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : readFileSync(join(folder, entry.name), "utf8")))
    .join("\n");
}
const source = sources();

test("no script takes the path out of a URL, where a space is %20 and Windows' drive follows a slash", () => {
  for (const folder of ["scripts", "test/window"]) {
    for (const name of readdirSync(folder).filter((name) => name.endsWith(".mjs"))) {
      assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /import\.meta\.url\)\.pathname/u, name);
    }
  }
});

test("every command of the palette and of the menus is one that the extension has", () => {
  const used = [...contributes.keybindings, ...Object.values(contributes.menus).flat()].map(({ command }) => command);
  const links = [...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
    ...contributes.viewsWelcome.map(({ contents }) => contents)].flatMap((text) =>
    [...text.matchAll(/\(command:(cascode\.[\w.]+)/gu)].map((match) => match[1] ?? ""),
  );
  assert.ok(links.length > 5);
  for (const command of [...used, ...links]) {
    assert.ok(commands.has(command), `${command} is not contributed`);
  }
});

test("every command is registered", () => {
  for (const command of commands) {
    const short = command.replace(/^cascode\.(?:results\.)?/u, "");
    assert.ok(source.includes(`"${short}"`) || source.includes(`"${command}"`), `${command} is registered nowhere`);
  }
});

test("no command has the name of a server's command, which the language client registers itself", () => {
  for (const command of Object.values(SERVER_COMMANDS)) {
    assert.equal(commands.has(command), false, command);
  }
});

test("commands that need an argument are not in the palette", () => {
  const hidden = new Set(contributes.menus["commandPalette"]?.filter(({ when }) => when === "false").map(({ command }) => command));
  for (const command of commands) {
    if (command.startsWith("cascode.picker.") || ["cascode.results.copyReference", "cascode.history.run"].includes(command)) {
      assert.ok(hidden.has(command), command);
    }
  }
});

test("every context key of a when clause is one that is set", () => {
  const clauses = [...contributes.keybindings, ...Object.values(contributes.menus).flat()].map(({ when }) => when ?? "");
  const keys = new Set(clauses.flatMap((when) => when.split("==")[0] === when || !when.includes('view') ? [...when.matchAll(/(?<![=\s]\s)\bcascode\.(\w+)\b(?!\.)/gu)].map((match) => match[1] ?? "") : []));
  const declared = readFileSync("src/contexts.ts", "utf8");
  assert.ok(keys.size > 3);
  for (const key of keys) {
    assert.ok(declared.includes(`"${key}"`), `cascode.${key} is never set`);
  }
});

test("the empty results view says one thing, and that nothing matches only of what it was asked", () => {
  const welcomes = contributes.viewsWelcome.filter(({ view }) => view === "cascode.results");
  const shown = (...set: string[]): string =>
    welcomes
      .filter(({ when }) =>
        (when ?? "").split(" && ").every((part) => ["workspaceFolderCount != 0", ...set].includes(part.replace(/^!/u, "")) !== part.startsWith("!")),
      )
      .map(({ contents }) => contents.split("\n")[0] ?? "")
      .join("|");
  assert.match(shown("cascode.searched"), /^Ask in plain words[^|]*$/u);
  assert.equal(shown("cascode.searched", "cascode.hasResults"), "Nothing matches this query.");
  assert.equal(shown("cascode.searched", "cascode.hasResults", "cascode.filtered"), "Nothing matches this query and these filters.");
  assert.match(shown("cascode.searched", "cascode.hasResults", "cascode.canInstall"), /^CasCode needs its server[^|]*$/u);
  assert.match(shown("cascode.searched", "cascode.hasResults", "cascode.filtered", "cascode.canInstall"), /^CasCode needs its server[^|]*$/u);
});

test("keys of the views are those of their lists, and not of the box that one finds rows with", () => {
  for (const { when } of contributes.keybindings.filter(({ when }) => when?.includes("focusedView") === true)) {
    assert.match(when ?? "", /&& listFocus && !inputFocus$/u);
  }
});

test("settings that name a program or a path are restricted in untrusted workspaces", () => {
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, "limited");
  // Programs and models by the ends of their names; tests of the server ask every setting that it calls restricted.
  const named = Object.keys(contributes.configuration.properties).filter((name) => /(?:path|\.model)$/iu.test(name));
  assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.toSorted(), named.toSorted());
  for (const name of named) {
    assert.equal(contributes.configuration.properties[name]?.scope, "machine-overridable");
  }
});

test("menus in the editor know every language that is indexed", () => {
  const clauses = ["editor/title", "editor/context"].map((menu) => contributes.menus[menu]?.[0]?.when ?? "");
  for (const clause of clauses) {
    const languages = /editorLangId =~ \/\^\((.*)\)\$\//u.exec(clause)?.[1]?.split("|");
    assert.deepEqual(languages, EDITOR_LANGUAGES);
  }
});

test("every picture and text that the manifest names is there", () => {
  const icons = contributes.commands.flatMap(({ icon }) => (typeof icon === "object" ? [icon.light, icon.dark] : []));
  const texts = contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown));
  for (const file of [manifest.icon, ...icons, ...texts]) {
    assert.ok(existsSync(file), file);
  }
});
