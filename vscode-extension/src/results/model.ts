/** What the results view holds: hits by file, narrowed by filters. */

import { KIND_GROUPS, LANGUAGES } from "../lists.js";
import type { Filters, Hit, Answer } from "../protocol.js";

export interface FileNode {
  readonly type: "file";
  readonly uri: string;
  readonly path: string;
  readonly workspace: string;
  readonly hits: readonly HitNode[];
}

export interface HitNode {
  readonly type: "hit";
  readonly hit: Hit;
  readonly file: () => FileNode;
}

export type Node = FileNode | HitNode;

/** Hits grouped by file: the file of the best hit first, the hits of a file in their order. */
export function byFile(hits: readonly Hit[]): readonly FileNode[] {
  const groups = new Map<string, Hit[]>();
  for (const hit of hits) {
    const group = groups.get(hit.uri);
    if (group === undefined) {
      groups.set(hit.uri, [hit]);
    } else {
      group.push(hit);
    }
  }
  return [...groups.entries()].flatMap(([uri, group]) => {
    const first = group[0];
    if (first === undefined) {
      return [];
    }
    const children: HitNode[] = [];
    const node: FileNode = { type: "file", uri, path: first.path, workspace: first.workspace, hits: children };
    children.push(...group.map((hit): HitNode => ({ type: "hit", hit, file: () => node })));
    return [node];
  });
}

/** What the user narrowed the view to. Empty lists narrow nothing. */
export interface Chosen {
  readonly languages: readonly string[];
  readonly kinds: readonly string[];
  /** Folders relative to a workspace folder, "" for all of it. */
  readonly folders: readonly FolderChoice[];
}

export interface FolderChoice {
  readonly workspace: string;
  readonly path: string;
}

export const NOTHING_CHOSEN: Chosen = { languages: [], kinds: [], folders: [] };

export function isNarrowed(chosen: Chosen): boolean {
  return chosen.languages.length + chosen.kinds.length + chosen.folders.length > 0;
}

/** The filters that the server applies, so that a narrowed list is as long as an open one. */
export function toFilters(chosen: Chosen): Filters {
  // A whole workspace folder has no glob; with one among the choices, `accepts` narrows instead.
  const whole = chosen.folders.some(({ path }) => path === "");
  const paths = whole ? [] : [...new Set(chosen.folders.map(({ path }) => `${escapeGlob(path)}/**`))];
  return {
    ...(chosen.languages.length > 0 ? { languages: chosen.languages } : {}),
    ...(chosen.kinds.length > 0 ? { kinds: chosen.kinds } : {}),
    ...(paths.length > 0 ? { paths } : {}),
  };
}

/** Whether a hit is among what was chosen. The server knows no workspace folder as a filter, so that is done here. */
export function accepts(chosen: Chosen, hit: Hit): boolean {
  const inFolder = ({ workspace, path }: FolderChoice): boolean =>
    hit.workspace === workspace && (path === "" || hit.path.startsWith(`${path}/`));
  return (
    (chosen.languages.length === 0 || chosen.languages.includes(hit.language)) &&
    (chosen.kinds.length === 0 || chosen.kinds.some((kind) => (KIND_GROUPS.get(kind) ?? [kind]).includes(hit.kind))) &&
    (chosen.folders.length === 0 || chosen.folders.some(inFolder))
  );
}

/** The folders that hits lie in, and the folders above those, as choices for a filter. */
export function foldersOf(hits: readonly Hit[]): readonly FolderChoice[] {
  const found = new Map<string, FolderChoice>();
  for (const { workspace, path } of hits) {
    const parts = path.split("/").slice(0, -1);
    for (let length = 0; length <= parts.length; length++) {
      const folder = parts.slice(0, length).join("/");
      found.set(`${workspace}\n${folder}`, { workspace, path: folder });
    }
  }
  return [...found.values()].sort((left, right) =>
    left.workspace === right.workspace ? compare(left.path, right.path) : compare(left.workspace, right.workspace),
  );
}

/** "Python, methods, src/server" */
export function chosenText(chosen: Chosen): string {
  return [
    ...chosen.languages.map((language) => LANGUAGES.get(language) ?? language),
    ...chosen.kinds.map((kind) => (kind === "class" ? "classes" : `${kind}s`)),
    ...chosen.folders.map(({ workspace, path }) => (path === "" ? workspace : path)),
  ].join(", ");
}

/** An answer reduced to what was chosen. */
export function narrowed(result: Answer, chosen: Chosen): readonly Hit[] {
  return result.hits.filter((hit) => accepts(chosen, hit));
}

/** Characters with a meaning in a glob stand for themselves. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[]/gu, (character) => `[${character}]`);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
