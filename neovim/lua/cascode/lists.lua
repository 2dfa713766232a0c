-- Written by `make generate` from the server's own lists.
return {
  lang = {
    "c",
    "c_sharp",
    "cpp",
    "go",
    "java",
    "javascript",
    "php",
    "python",
    "ruby",
    "rust",
    "typescript",
  },
  kind = {
    "constructor",
    "function",
    "lambda",
    "method",
  },
}
