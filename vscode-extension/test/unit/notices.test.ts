import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { temporaryFolder } from "./support.js";

test("the licences are packaged", () => {
  assert.ok(readFileSync(".vscodeignore", "utf8").split("\n").includes("!ThirdPartyNotices.txt"));
});

test("each package in the bundle is named once, with its licence", async (context) => {
  const { notices } = await import("../../scripts/notices.mjs");
  const root = await temporaryFolder(context);
  const folders = { semver: "LICENSE", "@scope/api": "License.txt", "a/node_modules/semver": "license.md" };
  for (const [folder, file] of Object.entries(folders)) {
    const path = join(root, "node_modules", folder);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "package.json"), JSON.stringify({ name: folder, version: "1.0.0", license: "ISC" }));
    await writeFile(join(path, file), `The licence of ${folder}\n`);
  }
  const inputs = Object.keys(folders).flatMap((folder) => [`node_modules/${folder}/index.js`, `node_modules/${folder}/lib/b.js`]);
  const text = notices([...inputs, "src/extension.ts"], root);
  for (const folder of Object.keys(folders)) {
    assert.equal(text.split(`${folder} 1.0.0 (ISC)\n\nThe licence of ${folder}\n`).length, 2, folder);
  }
  await mkdir(join(root, "node_modules", "bare"));
  await writeFile(join(root, "node_modules", "bare", "package.json"), JSON.stringify({ name: "bare", version: "2.0.0" }));
  assert.throws(() => notices(["node_modules/bare/index.js"], root), /bare 2\.0\.0 has no text of its licence/u);
});
