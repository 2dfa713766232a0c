// Writes the settings that the server describes into package.json: node scripts/settings.mjs path/to/cascode
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const [program = "cascode"] = process.argv.slice(2);
const file = new URL("../package.json", import.meta.url);
const manifest = JSON.parse(readFileSync(file, "utf8"));
manifest.contributes.configuration = JSON.parse(execFileSync(program, ["settings", "--format", "vscode"], { encoding: "utf8" }));
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
