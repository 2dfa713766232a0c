// Written by `make generate` from the server's own lists.

/** Languages that are indexed, as the server names them, with the names that people know. */
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
};

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

/** The kinds of definitions that the index distinguishes. */
export const KINDS: readonly string[] = [
  "function",
  "method",
  "constructor",
  "lambda",
  "class",
  "interface",
  "trait",
  "protocol",
  "struct",
  "record",
  "enum",
  "type",
  "module",
  "constant",
];

/** What a kind of several means as a filter. */
export const KIND_GROUPS: Readonly<Record<string, readonly string[]>> = {
  function: [
    "function",
    "method",
    "constructor",
    "lambda",
  ],
  type: [
    "class",
    "interface",
    "trait",
    "protocol",
    "struct",
    "record",
    "enum",
    "type",
    "module",
  ],
};
