/** The wire format, and how languages are called. */

import type { LANGUAGE_IDS, SearchArgument } from "./protocol.generated.js";

export { KINDS, SERVER_COMMANDS, STATUS_NOTIFICATION } from "./protocol.generated.js";
export type {
  Answer,
  Hit,
  IndexSummary,
  Position,
  Range,
  SearchArgument,
  ServerStatus,
  SimilarArgument,
  WorkspaceStatus,
} from "./protocol.generated.js";

/** Narrows a search; an absent field narrows nothing. */
export type Filters = Pick<SearchArgument, "languages" | "kinds" | "paths">;

/** Languages that functions are found in, as the server names them, with the names that people know. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  python: "Python",
  javascript: "JavaScript",
  typescript: "TypeScript",
  go: "Go",
  java: "Java",
  php: "PHP",
  ruby: "Ruby",
  rust: "Rust",
  c: "C",
  cpp: "C++",
  c_sharp: "C#",
} satisfies Record<(typeof LANGUAGE_IDS)[number], string>;

/** What VS Code calls those languages; documents of these are sent to the server while they are edited. */
export const EDITOR_LANGUAGES: readonly string[] = [
  "python",
  "javascript",
  "javascriptreact",
  "typescript",
  "typescriptreact",
  "go",
  "java",
  "php",
  "ruby",
  "rust",
  "c",
  "cpp",
  "cuda-cpp",
  "csharp",
];
