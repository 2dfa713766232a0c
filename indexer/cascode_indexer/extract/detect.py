"""Which language a file is written in: by file name, by shebang, and by a look inside for ``.h``."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from .languages import SPECS

#: Ids of the languages functions are found in.
LANGUAGES: tuple[str, ...] = tuple(SPECS)

_SUFFIXES: dict[str, tuple[str, ...]] = {
    "python": (".py", ".pyw", ".pyi", ".wsgi"),
    "javascript": (".js", ".jsx", ".mjs", ".cjs", ".es6"),
    "typescript": (".ts", ".tsx", ".mts", ".cts"),
    "go": (".go",),
    "java": (".java",),
    "php": (".php", ".phtml", ".php3", ".php4", ".php5", ".php7", ".phps", ".inc"),
    "ruby": (".rb", ".rake", ".gemspec", ".ru", ".rbw", ".podspec", ".thor", ".jbuilder"),
    "rust": (".rs",),
    "c": (".c", ".h"),
    "cpp": (
        ".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".inl",
        ".cu", ".cuh", ".ino",
    ),
    "c_sharp": (".cs", ".csx"),
}  # fmt: skip
_BY_SUFFIX = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes}
_BY_NAME = {
    "rakefile": "ruby",
    "gemfile": "ruby",
    "guardfile": "ruby",
    "vagrantfile": "ruby",
    "podfile": "ruby",
    "capfile": "ruby",
    "brewfile": "ruby",
    "fastfile": "ruby",
    "sconstruct": "python",
    "sconscript": "python",
    "wscript": "python",
    "jakefile": "javascript",
}
_ALIASES = {
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "jsx": "javascript",
    "mjs": "javascript",
    "node": "javascript",
    "ecmascript": "javascript",
    "javascriptreact": "javascript",
    "ts": "typescript",
    "tsx": "typescript",
    "typescriptreact": "typescript",
    "golang": "go",
    "rb": "ruby",
    "rs": "rust",
    "h": "c",
    "c++": "cpp",
    "cxx": "cpp",
    "cc": "cpp",
    "hpp": "cpp",
    "cplusplus": "cpp",
    "cs": "c_sharp",
    "c#": "c_sharp",
    "csharp": "c_sharp",
    "c-sharp": "c_sharp",
    "dotnet": "c_sharp",
}
_SHEBANG = re.compile(
    rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*)?(?:\S*/)?"
    rb"(python|pypy|ruby|jruby|node|nodejs|deno|bun|php)[\d.]*(?:\s|$)"
)
_SHEBANG_LANGUAGE = {
    b"python": "python",
    b"pypy": "python",
    b"ruby": "ruby",
    b"jruby": "ruby",
    b"node": "javascript",
    b"nodejs": "javascript",
    b"deno": "typescript",
    b"bun": "typescript",
    b"php": "php",
}
#: Comments and strings are cut before the look for C++: prose is full of "class" and "using".
_C_PROSE = re.compile(rb"//[^\n\r]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n\r])*\"", re.DOTALL)
_CPP_GUARDED = re.compile(
    rb"^[ \t]*\#[ \t]*if(?:def[ \t]+|[ \t]+defined[ \t]*\(?[ \t]*)__cplusplus"
    rb".*?^[ \t]*\#[ \t]*(?:endif|else)[^\n\r]*",
    re.DOTALL | re.MULTILINE,
)
_CPP = re.compile(
    rb"^[ \t]*(?:class\s+[A-Za-z_]|namespace\s*[A-Za-z_{]|template\s*<|using\s+[A-Za-z_:]"
    rb"|(?:public|private|protected)\s*:|virtual\s|friend\s|constexpr\s|explicit\s|inline\s+namespace\s)"
    rb"|\b[A-Za-z_]\w*::[A-Za-z_~]|\boperator\s*[-+*/=<>!(\[]"
    rb"|^[ \t]*\#[ \t]*include[ \t]*<[a-z_]+>[ \t]*$",
    re.MULTILINE,
)


def language_of(path: str, head: bytes = b"") -> str | None:
    """Tell a file's language.

    Args:
        path: Its path; only the last part counts.
        head: Its first bytes: they decide between C and C++ for ``.h``, and by shebang for a name without
            a suffix.

    Returns:
        A language id, or None where functions are not looked for.
    """
    name = PurePosixPath(path.replace("\\", "/")).name.lower()
    suffix = PurePosixPath(name).suffix
    if name.endswith(".blade.php"):
        return None  # a template language of its own; the PHP grammar sees text
    if suffix == ".h":
        return "cpp" if _looks_like_cpp(head) else "c"
    if suffix in _BY_SUFFIX:
        if suffix == ".inc" and b"<?php" not in head:
            return None  # also used for assembler, Pascal and templates
        if suffix == ".ts" and head.lstrip().startswith(b"<?xml"):
            return None  # Qt translations share the suffix
        return _BY_SUFFIX[suffix]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if not suffix:
        match = _SHEBANG.match(head.removeprefix(b"\xef\xbb\xbf"))
        if match:
            return _SHEBANG_LANGUAGE[match[1]]
    return None


def canonical_language(name: str) -> str | None:
    """The language id for an id or a usual other name (``py``, ``C++``, ``golang``); None where unknown."""
    lowered = name.strip().lower().removeprefix(".")
    if lowered in SPECS:
        return lowered
    return _ALIASES.get(lowered)


def _looks_like_cpp(head: bytes) -> bool:
    """Whether a header uses what C does not have, outside of what it shows to C++ compilers only."""
    code = _CPP_GUARDED.sub(b"", _C_PROSE.sub(b"", head))
    return _CPP.search(code) is not None
