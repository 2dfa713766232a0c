/** What the language server answers: the wire format of its commands and of its status notification. */

export const SERVER_COMMANDS = {
  search: "cascode.server.search",
  similar: "cascode.server.similar",
  status: "cascode.server.status",
  reindex: "cascode.server.reindex",
  pause: "cascode.server.pause",
  resume: "cascode.server.resume",
} as const;

export const STATUS_NOTIFICATION = "cascode/status";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Hit {
  readonly uri: string;
  /** The whole function. */
  readonly range: Range;
  /** Its name. */
  readonly selectionRange: Range;
  /** Posix, relative to its workspace. */
  readonly path: string;
  /** Name of the workspace folder. */
  readonly workspace: string;
  /** Qualified name. */
  readonly name: string;
  readonly kind: string;
  readonly language: string;
  /** One line. */
  readonly signature: string;
  /** 1-based, inclusive. */
  readonly start_line: number;
  readonly end_line: number;
  readonly score: number;
  /** How sure the model is, 0 to 1; null where it did not say. */
  readonly probability: number | null;
  readonly stage: "fast" | "cascade";
}

export interface IndexState {
  readonly state: "ready" | "indexing" | "paused";
  readonly functions: number;
  readonly pending: number;
  readonly files: number;
}

export interface SearchResult {
  readonly query: string;
  readonly hits: readonly Hit[];
  /** False: the model says that nothing matches well. */
  readonly confident: boolean;
  readonly index: IndexState;
  readonly timings_ms: Readonly<Record<string, number>>;
}

/** Narrows a search; an absent field narrows nothing. */
export interface Filters {
  readonly languages?: readonly string[];
  readonly kinds?: readonly string[];
  /** Globs relative to a workspace folder. */
  readonly paths?: readonly string[];
}

export interface SearchRequest extends Filters {
  readonly query: string;
}

export interface SimilarRequest {
  readonly textDocument: { readonly uri: string };
  readonly position: Position;
}

export interface WorkspaceStatus {
  readonly uri: string;
  readonly name: string;
  readonly functions: number;
  readonly files: number;
  readonly pending: number;
  readonly read_only: boolean;
  readonly skipped: Readonly<Record<string, number>>;
}

export interface ServerStatus {
  readonly state: "starting" | "indexing" | "ready" | "paused" | "disabled" | "error";
  readonly message: string | null;
  readonly functions: number;
  /** Functions that have no vector yet. */
  readonly pending: number;
  readonly files: { readonly done: number; readonly total: number };
  /** Functions a second while indexing. */
  readonly rate: number | null;
  readonly skipped: Readonly<Record<string, number>>;
  readonly model: { readonly label: string; readonly loaded: boolean; readonly device: string | null };
  readonly workspaces: readonly WorkspaceStatus[];
  readonly version: string;
  readonly log_file: string;
  readonly index_directory: string;
}
