// Makes build/cascode-VERSION.vsix. `--wheel FILE` puts the server's wheel into it. Fails where the file is larger than
// promised.
import { createVSIX } from "@vscode/vsce";
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const LIMIT_WITHOUT_WHEEL = 500_000;
const LIMIT_WITH_WHEEL = 60_000_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { wheel: { type: "string" } } });
const { name, version, homepage: repository } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

rmSync(`${root}/wheel`, { recursive: true, force: true });
if (values.wheel !== undefined) {
  mkdirSync(`${root}/wheel`);
  copyFileSync(values.wheel, `${root}/wheel/${basename(values.wheel)}`);
}
mkdirSync(`${root}/build`, { recursive: true });
const packagePath =
  values.wheel === undefined ? `${root}build/${name}-${version}-without-server.vsix` : `${root}${name}-${version}.vsix`;
await createVSIX({
  cwd: root,
  packagePath,
  dependencies: false,
  // What shows the README resolves no relative link, and the extension is not the root of its repository.
  baseContentUrl: `${repository}/blob/main/vscode-extension`,
  baseImagesUrl: `${repository.replace("github.com", "raw.githubusercontent.com")}/main/vscode-extension`,
  gitHubIssueLinking: false,
});
const { size } = statSync(packagePath);
const limit = values.wheel === undefined ? LIMIT_WITHOUT_WHEEL : LIMIT_WITH_WHEEL;
console.log(`${packagePath}: ${size} bytes`);
if (size > limit) {
  console.error(`larger than the ${limit} bytes that were promised`);
  process.exitCode = 1;
}
