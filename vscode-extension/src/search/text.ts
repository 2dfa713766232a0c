/** How a hit and the state of the index are put into words. */

import { KINDS } from "../lists.js";
import type { Description, Hit, IndexSummary } from "../protocol.js";

/** Longest path shown whole; the quick pick cuts the end of a longer line, where the lines and the figure stand. */
const PATH_LENGTH = 64;

/** The server reads no more of a report than this at either end. */
const QUERY_LENGTH = 20_000;

/** Kinds of definitions that have another name among VS Code's symbols. A map: an object has a "constructor" of its own. */
const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ["lambda", "function"],
  ["trait", "interface"],
  ["protocol", "interface"],
  ["record", "struct"],
  ["type", "class"],
]);

/** What VS Code's symbols call a kind of definition; a kind of a newer server is shown as a function. */
export function symbolName(kind: string): string {
  return KINDS.includes(kind) ? (SYMBOLS.get(kind) ?? kind) : "function";
}

/** 12345 as "12,345". Not by Intl, whose first use takes a third of the time that an activation may take. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}

/** "1 file", "2 files". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Index of the cell that a hit stands in; undefined where it is in no notebook, or that has lost its cells. */
export function cellIndex(hit: Pick<Hit, "cell">, cells: number): number | undefined {
  return hit.cell === null || cells === 0 ? undefined : Math.min(hit.cell.number, cells) - 1;
}

/** A text in which VS Code draws no icons: code may hold `$(window)`. */
export function withoutIcons(text: string): string {
  return text.replace(/(\\)?\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/gu, (match, escaped: string | undefined) =>
    escaped === undefined ? `\\${match}` : match,
  );
}

/** Leave out folders in the middle of a long path; its beginning and its file say most. */
export function shortPath(path: string, length: number = PATH_LENGTH): string {
  const parts = path.split("/");
  if (path.length <= length || parts.length < 4) {
    return path;
  }
  const first = parts[0] ?? "";
  let tail = parts.at(-1) ?? "";
  for (let index = parts.length - 2; index > 0; index--) {
    const longer = `${parts[index] ?? ""}/${tail}`;
    if (first.length + longer.length + 3 > length) {
      break;
    }
    tail = longer;
  }
  return `${first}/…/${tail}`;
}

/** "12-34", or "12" for a function on one line. */
export function lines(hit: Pick<Hit, "start_line" | "end_line">): string {
  return hit.start_line === hit.end_line ? String(hit.start_line) : `${hit.start_line}-${hit.end_line}`;
}

/** The lines of a hit where its file is known, in a notebook those of the cell: "cell 3:1-9". */
export function cellAndLines(hit: Pick<Hit, "start_line" | "end_line" | "cell">): string {
  return hit.cell === null ? lines(hit) : `cell ${hit.cell.number}:${lines(hit.cell)}`;
}

/** "likely", "possible" or "weak", or null where the model did not say. */
export function sureness(hit: Hit): string | null {
  return hit.match;
}

/** Why a hit is where it is, for those who ask: "87 %: meaning 84 %, words 12 %, test −4 %"; empty where nothing is known. */
export function explanation(hit: Hit): string {
  const parts = Object.entries(hit.why);
  const total = parts.reduce((sum, [, part]) => sum + Math.abs(part), 0);
  const shares = parts
    .map(([label, part]) => ({ label, share: Math.round((100 * part) / total) }))
    .filter(({ share }) => share !== 0)
    .map(({ label, share }) => `${label} ${share < 0 ? `−${-share}` : share} %`)
    .join(", ");
  return hit.probability === null ? shares : [`${Math.round(hit.probability * 100)} %`, shares].filter(Boolean).join(": ");
}

/** Path and lines, in a notebook those of the cell: "work.ipynb, cell 3:1-9". */
export function pathAndLines(hit: Hit, path: string): string {
  return `${path}${hit.cell === null ? ":" : ", "}${cellAndLines(hit)}`;
}

/** What stands behind the name: path, lines and how sure the model is. Several folders are distinguished by name. */
export function place(hit: Hit, severalFolders: boolean): string {
  const path = pathAndLines(hit, shortPath(severalFolders ? `${hit.workspace}/${hit.path}` : hit.path));
  const sure = sureness(hit);
  return sure === null ? path : `${path} · ${sure}`;
}

/** What a definition does; that a model says so is no fact. */
export function gist({ text, documented }: Pick<Description, "text" | "documented">): string {
  return documented ? text : `${text} (a model's guess)`;
}

/** What is copied: path and lines as the command line prints them, and the name. */
export function reference(hit: Hit): string {
  const { cell } = hit;
  const shown = cell === null ? "" : ` (cell ${cell.number}, lines ${cell.start_line}-${cell.end_line})`;
  return `${hit.path}:${lines(hit)}${shown} ${hit.name}`;
}

/** The same function in two lists has the same key, though its rank, its probability or its list differ. */
export function keyOf(hit: Hit): string {
  return `${hit.uri}#${hit.name}#${hit.start_line}`;
}

/** A note when the answer may lack functions, null when the index is complete. */
export function completeness(index: IndexSummary): string | null {
  if (index.state === "ready" && index.pending === 0) {
    return null;
  }
  // Short: the quick pick breaks a longer title into two lines, and the list jumps.
  const state = index.state === "paused" ? "paused" : "indexing";
  return index.pending > 0
    ? `${state}, ${count(Math.max(0, index.functions - index.pending))} of ${plural(index.functions, "definition")}`
    : `${state}, ${plural(index.functions, "definition")} so far`;
}

/** Selected text as a query: the field has one line; a report is read in pieces by the server, which knows where they end. */
export function queryOf(text: string): string {
  return text.split(/\s+/u).join(" ").trim().slice(0, QUERY_LENGTH);
}
