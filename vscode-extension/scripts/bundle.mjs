// Bundles the extension. Two files: what activates, and the language client, which is loaded when the server starts.
import { build, context } from "esbuild";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { notices } from "./notices.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const production = process.argv.includes("--production");
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

/** Leaves `import("./languageClient.js")` to the running program: it is the second bundle. */
const separate = {
  name: "separate",
  setup(build) {
    build.onResolve({ filter: /languageClient\.js$/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./languageClient.js", external: true },
    );
  },
};

const options = {
  // Not the URL's own path: that has %20 for a space, and a slash before Windows' drive.
  absWorkingDir: root,
  entryPoints: ["src/extension.ts", "src/server/languageClient.ts"],
  entryNames: "[name]",
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  // `require` inside a promise: only that finds the module `vscode` in every extension host.
  supported: { "dynamic-import": false },
  minify: production,
  sourcemap: production ? false : "linked",
  // Their licences are in ThirdPartyNotices.txt, whole.
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  plugins: [separate],
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  const { metafile } = await build(options);
  writeFileSync(`${root}ThirdPartyNotices.txt`, notices(Object.keys(metafile.inputs), root));
}
