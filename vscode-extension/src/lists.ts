// Written by `make generate` from the server's own lists.

// Maps: an object has a "constructor" of its own.

/** Languages that are indexed, as the server names them, with the names that people know. */
export const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ["python", "Python"],
  ["javascript", "JavaScript"],
  ["typescript", "TypeScript"],
  ["go", "Go"],
  ["java", "Java"],
  ["php", "PHP"],
  ["ruby", "Ruby"],
  ["rust", "Rust"],
  ["c", "C"],
  ["cpp", "C++"],
  ["c_sharp", "C#"],
  ["kotlin", "Kotlin"],
  ["swift", "Swift"],
  ["scala", "Scala"],
  ["dart", "Dart"],
  ["lua", "Lua"],
  ["bash", "Bash"],
]);

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
  "kotlin",
  "swift",
  "scala",
  "dart",
  "lua",
  "bash",
  "shellscript",
  "sh",
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
export const KIND_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ["function", [
    "function",
    "method",
    "constructor",
    "lambda",
  ]],
  ["type", [
    "class",
    "interface",
    "trait",
    "protocol",
    "struct",
    "record",
    "enum",
    "type",
    "module",
  ]],
]);
