/** The quick pick in which the results view is narrowed. */

import * as vscode from "vscode";

import { KINDS, LANGUAGES } from "../lists.js";
import type { Hit } from "../protocol.js";
import { plural } from "../search/text.js";
import { accepts, foldersOf, NOTHING_CHOSEN, type Chosen, type FolderChoice } from "./model.js";

interface Choice extends vscode.QuickPickItem {
  readonly language?: string;
  readonly functionKind?: string;
  readonly folder?: FolderChoice;
}

/**
 * Let the user choose languages, kinds and folders.
 *
 * @param chosen What is chosen now.
 * @param hits The hits without filters; each choice shows how many of them it keeps.
 * @returns The new choice; undefined when the user gave up.
 */
export async function chooseFilters(chosen: Chosen, hits: readonly Hit[]): Promise<Chosen | undefined> {
  const choice = (label: string, part: Partial<Chosen>, picked: boolean, known: object): Choice => {
    const kept = hits.filter((hit) => accepts({ ...NOTHING_CHOSEN, ...part }, hit)).length;
    return { label, picked, description: kept === 0 ? "" : plural(kept, "hit"), ...known };
  };
  const folders = foldersOf(hits);
  const several = new Set(folders.map(({ workspace }) => workspace)).size > 1;
  const picked = (folder: FolderChoice): boolean =>
    chosen.folders.some(({ workspace, path }) => workspace === folder.workspace && path === folder.path);
  // A chosen folder without hits stays in the list, or it could not be taken back.
  const lost = chosen.folders.filter(
    (folder) => !folders.some(({ workspace, path }) => workspace === folder.workspace && path === folder.path),
  );
  const offered = [...folders, ...lost].filter(({ path }) => several || path !== "");
  const languages = [...LANGUAGES];
  const hitLanguages = new Set(hits.map(({ language }) => language));
  languages.sort(([left], [right]) => Number(hitLanguages.has(right)) - Number(hitLanguages.has(left)));
  const items: Choice[] = [
    separator("Language"),
    ...languages.map(([language, label]) => choice(label, { languages: [language] }, chosen.languages.includes(language), { language })),
    separator("Kind"),
    ...KINDS.map((kind) => choice(kind, { kinds: [kind] }, chosen.kinds.includes(kind), { functionKind: kind })),
    ...(offered.length > 0 ? [separator("Folder")] : []),
    ...offered.map((folder) => {
      const name = folder.path === "" ? folder.workspace : several ? `${folder.workspace}/${folder.path}` : folder.path;
      return choice(name, { folders: [folder] }, picked(folder), { folder });
    }),
  ];
  const answer = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: "CasCode: Filter Results",
    placeHolder: "Nothing chosen shows everything",
  });
  if (answer === undefined) {
    return undefined;
  }
  return {
    languages: answer.flatMap(({ language }) => (language === undefined ? [] : [language])),
    kinds: answer.flatMap(({ functionKind }) => (functionKind === undefined ? [] : [functionKind])),
    folders: answer.flatMap(({ folder }) => (folder === undefined ? [] : [folder])),
  };
}

function separator(label: string): Choice {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
