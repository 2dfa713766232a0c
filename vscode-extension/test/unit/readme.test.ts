import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly keybindings: readonly { readonly key: string }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
  };
}

const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const readme = readFileSync("README.md", "utf8");

test("the README names every setting with its default", () => {
  for (const [name, { default: value }] of Object.entries(contributes.configuration.properties)) {
    assert.ok(readme.includes(`| \`${name}\` | \`${JSON.stringify(value)}\` |`), name);
  }
});

test("the README names every command that is always in the palette", () => {
  const conditional = new Set(contributes.menus.commandPalette.filter(({ when }) => /false|has/u.test(when)).map(({ command }) => command));
  const titles = contributes.commands.filter(({ command }) => !conditional.has(command) && !/picker|results|history/u.test(command));
  assert.ok(titles.length >= 10);
  for (const { title } of titles) {
    assert.ok(readme.includes(`**${title}**`), title);
  }
});

test("the README names every key of the quick pick", () => {
  const text = readme.toLowerCase();
  for (const { key } of contributes.keybindings.filter(({ key }) => key !== "delete" && key !== "ctrl+c")) {
    assert.ok(text.includes(`\`${key}\``), key);
  }
});

test("what is packaged has no relative links, which the markets do not resolve", () => {
  const script = readFileSync("scripts/package.mjs", "utf8");
  assert.doesNotMatch(script, /rewriteRelativeLinks: false/u);
  // The extension lies in a folder of its repository, which the tool that packages it does not know.
  assert.match(script, /baseImagesUrl: `\$\{repository[^`]*\}\/main\/vscode-extension`/u);
});

test("every picture of the README is there and small", () => {
  const pictures = [...readme.matchAll(/!\[[^\]]+\]\(([^)]+)\)/gu)].map((match) => match[1] ?? "");
  assert.ok(pictures.length >= 3);
  for (const picture of pictures) {
    assert.ok(statSync(picture).size < 120_000, picture);
  }
});
