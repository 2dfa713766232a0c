// Runs the tests that need no window, under Node's own runner. `-- --test-name-pattern X` and the like are passed on.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}build/test`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: readdirSync(`${root}test/unit`).filter((name) => name.endsWith(".test.ts")).map((name) => `test/unit/${name}`),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  // What stands for VS Code, of which there is no module outside of a window.
  alias: { vscode: "./test/unit/vscode.ts" },
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
const tests = readdirSync(out).filter((name) => name.endsWith(".test.mjs")).map((name) => `${out}/${name}`);
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...process.argv.slice(2), ...tests], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
