// The licences of the packages that are bundled, as each asks to be passed on.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @param inputs Files that a bundle was made of, relative to `root`, with forward slashes.
 * @param root Folder of the extension.
 * @returns A text with each package once: name, version, licence and the licence's text.
 * @throws Error where a package has no text of its licence.
 */
export function notices(inputs, root) {
  const folders = new Set(inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/u.exec(input)?.[0] ?? []));
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e(?:\.|$)/iu.test(entry));
    if (file === undefined) {
      throw new Error(`${name} ${version} has no text of its licence: it cannot be bundled`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(root, folder, file), "utf8").trim()}\n`;
  });
  return ["The extension contains these packages.\n", ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
