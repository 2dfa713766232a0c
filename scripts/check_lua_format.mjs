// Checks, or with --write fixes, the format of the Lua sources. StyLua's own command line is a download at install
// time; its WebAssembly build is a plain npm package, but knows nothing of files and of stylua.toml.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, configuration, ...rest] = process.argv.slice(2);
const write = rest[0] === "--write";
const files = write ? rest.slice(1) : rest;
const stylua = createRequire(resolve(modules, "index.js"))("@johnnymorganz/stylua");

// Each key of stylua.toml has an enumeration of the same values, or is a number.
const enums = {
  syntax: stylua.LuaVersion,
  line_endings: stylua.LineEndings,
  indent_type: stylua.IndentType,
  quote_style: stylua.QuoteStyle,
  call_parentheses: stylua.CallParenType,
};
const settings = [];
for (const line of readFileSync(configuration, "utf8").split("\n")) {
  const pair = /^(\w+)\s*=\s*(?:"(.*)"|(\d+))$/.exec(line);
  if (!pair) continue;
  const [, name, word, number] = pair;
  const value = number ? Number(number) : enums[name]?.[word];
  if (value === undefined) throw new Error(`${configuration}: ${line} is not known to StyLua's library`);
  settings.push([name, value]);
}

// Formatting takes a configuration's memory with it: each file needs its own.
function config() {
  const made = stylua.Config.new();
  for (const [name, value] of settings) made[name] = value;
  return made;
}

let wrong = 0;
for (const file of files) {
  const before = readFileSync(file, "utf8");
  const after = stylua.formatCode(before, config(), undefined, stylua.OutputVerification.Full);
  if (before === after) continue;
  wrong += 1;
  if (write) writeFileSync(file, after);
  console.log(`${file}: ${write ? "formatted" : "is not formatted; run make format-editors"}`);
}
process.exit(wrong > 0 && !write ? 1 : 0);
