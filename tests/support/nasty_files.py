"""Files as they should not be, with what extraction must give for each: its definitions, or why there are none."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from cascode_indexer.types import SkipReason

#: Name, first and last line.
Found = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class NastyFile:
    """A file and the right answer."""

    #: What is nasty about it.
    what: str
    #: Its name, whose suffix says the language.
    name: str
    language: str
    content: bytes
    #: Definitions in order, or why the file is left out.
    right: tuple[Found, ...] | SkipReason


_PYTHON = "def first():\n    return 1\n\n\ndef second():\n    return 2\n"
_PYTHON_FOUND = (("first", 1, 2), ("second", 5, 6))
_C = "int first(void)\n{\n  return 1;\n}\n\nint second(void)\n{\n  return 2;\n}\n"
_SECOND_C = "\nint second(void)\n{\n  return 2;\n}\n"
_MARKED = "def जोड़ना():\r\n    return 1\r\n\r\n\r\ndef gro\u0308\u00dfe():\r\n    return 2\r\n"
_DEEP = 10_000
_NAME = "a" * 150
_LONGER_NAME = "a" * 5_000

NASTY_FILES = (
    # nothing in them
    NastyFile("an empty file", "a.py", "python", b"", ()),
    NastyFile("a byte order mark alone", "a.py", "python", codecs.BOM_UTF8, ()),
    NastyFile("white space alone", "a.go", "go", b" \t\r\n\f\v\n\n", ()),
    NastyFile("comments alone", "a.c", "c", b"/* int f(void) { return 1; } */\n// int g(void) { return 1; }\n", ()),
    NastyFile("a shebang alone", "a.rb", "ruby", b"#!/usr/bin/env ruby", ()),
    # encodings
    NastyFile("UTF-8 with a mark", "a.py", "python", codecs.BOM_UTF8 + _PYTHON.encode(), _PYTHON_FOUND),
    NastyFile(
        "UTF-16, little end first", "a.py", "python", codecs.BOM_UTF16_LE + _PYTHON.encode("utf-16-le"), _PYTHON_FOUND
    ),
    NastyFile(
        "UTF-16, big end first", "a.py", "python", codecs.BOM_UTF16_BE + _PYTHON.encode("utf-16-be"), _PYTHON_FOUND
    ),
    NastyFile("UTF-32", "a.py", "python", codecs.BOM_UTF32_LE + _PYTHON.encode("utf-32-le"), _PYTHON_FOUND),
    NastyFile(
        "UTF-16 cut in the middle of a character",
        "a.py",
        "python",
        codecs.BOM_UTF16_LE + _PYTHON.encode("utf-16-le") + b"#",
        _PYTHON_FOUND,
    ),
    NastyFile(
        "UTF-8 with a mark and a stray byte",
        "a.py",
        "python",
        codecs.BOM_UTF8 + _PYTHON.encode() + b"# it\x92s\n",
        _PYTHON_FOUND,
    ),
    NastyFile(
        "a name that is no UTF-8",
        "a.c",
        "c",
        "// größe\n".encode() + b"int f\x81(void) { return 1; }\n" + _C.encode(),
        (("first", 3, 6), ("second", 8, 11)),
    ),
    NastyFile(
        "bytes of no encoding in a comment",
        "a.py",
        "python",
        _PYTHON.encode() * 20 + b"# \xe4W\x88:\x06\xaa\xfa\xd7\xe8\t\xb8\x83\x1b\x14K\x8a\x8d\xcd\x1d\xf1\x8e\n",
        tuple((name, first + 6 * n, last + 6 * n) for n in range(20) for name, first, last in _PYTHON_FOUND),
    ),
    NastyFile(
        "a surrogate written as bytes", "a.py", "python", _PYTHON.encode() + b"x = '\xed\xa0\x80'\n", _PYTHON_FOUND
    ),
    NastyFile("a NUL", "a.py", "python", b"x = '\0'\n" + _PYTHON.encode(), SkipReason.BINARY),
    NastyFile("noise", "a.py", "python", bytes(range(128, 256)) * 50, SkipReason.NOT_TEXT),
    # line ends
    NastyFile("carriage returns alone", "a.py", "python", _PYTHON.replace("\n", "\r").encode(), _PYTHON_FOUND),
    NastyFile("CRLF", "a.c", "c", _C.replace("\n", "\r\n").encode(), (("first", 1, 4), ("second", 6, 9))),
    NastyFile(
        "all line ends",
        "a.py",
        "python",
        b"def first():\r\n    return 1\n\r\rdef second():\r    return 2\r\n",
        _PYTHON_FOUND,
    ),
    NastyFile("CRLF and marks that combine", "a.py", "python", _MARKED.encode(), (("जोड़ना", 1, 2), ("größe", 5, 6))),
    NastyFile(
        "form feeds",
        "a.py",
        "python",
        b"\x0c\ndef first():\n    return 1\n\x0c\ndef second():\n\treturn 2\n",
        (("first", 2, 3), ("second", 5, 6)),
    ),
    NastyFile("Ctrl-Z at the end", "a.c", "c", _C.encode() + b"\x1a", (("first", 1, 4), ("second", 6, 9))),
    NastyFile(
        "line separators of Unicode in a string",
        "a.js",
        "javascript",
        "function a() { return '\u2028\u2029'; }\nfunction b() { return 1; }\n".encode(),
        (("a", 1, 1), ("b", 2, 2)),
    ),
    # long and deep
    NastyFile(
        "10,000 brackets",
        "a.py",
        "python",
        b"def first():\n    return " + b"(\n" * _DEEP + b")\n" * _DEEP + b"\n\n\ndef second():\n    return 2\n",
        (("first", 1, 2 * _DEEP + 1), ("second", 2 * _DEEP + 5, 2 * _DEEP + 6)),
    ),
    NastyFile(
        "10,000 brackets left open",
        "a.js",
        "javascript",
        b"function first() {\n  return " + b"[\n" * _DEEP + b";\n}\n\nfunction second() {\n  return 2;\n}\n",
        (("second", _DEEP + 5, _DEEP + 7),),
    ),
    NastyFile(
        "10,000 braces closed too often",
        "a.c",
        "c",
        _C.encode() + b"}\n" * _DEEP + _SECOND_C.encode(),
        (("first", 1, 4), ("second", 6, 9), ("second", _DEEP + 11, _DEEP + 14)),
    ),
    NastyFile("40,000 brackets left open", "a.js", "javascript", b"[" * 40_000, SkipReason.PARSE_FAILURE),
    NastyFile(
        "1,000 levels of indentation",
        "a.py",
        "python",
        b"".join(b" " * n + b"if x:\n" for n in range(1_000)) + b"def f(:\n",
        (("f", 1001, 1001),),
    ),
    NastyFile(
        "a line of 2 MB",
        "a.js",
        "javascript",
        b'var data = "' + b"x" * (2 << 20) + b'";\nfunction a() { return 1; }\n',
        SkipReason.LINE_TOO_LONG,
    ),
    NastyFile(
        "a literal of 100,000 characters",
        "a.js",
        "javascript",
        b'var data = "' + b"x" * 100_000 + b'";\nfunction a() { return 1; }\n',
        (("a", 2, 2),),
    ),
    NastyFile("minified code", "a.js", "javascript", b"function a(){return b(1)}" * 300, SkipReason.LINE_TOO_LONG),
    NastyFile(
        "a little minified code",
        "a.js",
        "javascript",
        b"function a(){return 1}function b(){return 2}",
        (("a", 1, 1), ("b", 1, 1)),
    ),
    NastyFile(
        "a name of 150 characters", "a.py", "python", f"def {_NAME}():\n    return 1\n".encode(), ((_NAME, 1, 2),)
    ),
    NastyFile(
        "a name of 5,000 characters",
        "a.rs",
        "rust",
        f"fn {_LONGER_NAME[:4900]}() {{}}\nfn b() {{ c() }}\n".encode(),
        (("b", 2, 2),),
    ),
    # written by programs
    NastyFile(
        "a notice of a generator",
        "a.go",
        "go",
        b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\nfunc f() {}\n",
        SkipReason.GENERATED,
    ),
    # left open
    NastyFile(
        "a string left open",
        "a.py",
        "python",
        b"def first():\n    return '1\n\n\ndef second():\n    return 2\n",
        _PYTHON_FOUND,
    ),
    NastyFile(
        "a docstring left open",
        "a.py",
        "python",
        b'def first():\n    """One.\n    return 1\n\n\ndef second():\n    """Two."""\n    return 2\n',
        (("first", 1, 3), ("second", 6, 8)),
    ),
    NastyFile(
        "a template left open",
        "a.js",
        "javascript",
        b"function first() {\n  return `1;\n}\n\nfunction second() {\n  return 2;\n}\n",
        (("first", 1, 3), ("second", 5, 7)),
    ),
    NastyFile(
        "a comment left open",
        "a.c",
        "c",
        b"int first(void)\n{\n  return 1;\n}\n\n/* int\n" + _SECOND_C.encode(),
        (("first", 1, 4), ("second", 8, 11)),
    ),
    NastyFile(
        "a heredoc of Ruby left open",
        "a.rb",
        "ruby",
        b"def first\n  <<~TEXT\n    one\nend\n\ndef second\n  2\nend\n",
        (("first", 1, 4), ("second", 6, 8)),
    ),
    NastyFile(
        "a heredoc of PHP left open",
        "a.php",
        "php",
        b"<?php\nfunction first() {\n  return <<<TEXT\n    one\n}\n\nfunction second() {\n  return 2;\n}\n",
        (("first", 2, 5), ("second", 7, 9)),
    ),
    NastyFile(
        "a raw string of Go left open",
        "a.go",
        "go",
        b"package a\n\nfunc first() string {\n\treturn `1\n}\n\nfunc second() int {\n\treturn 2\n}\n",
        (("first", 3, 5), ("second", 7, 9)),
    ),
    NastyFile(
        "a string of Rust left open",
        "a.rs",
        "rust",
        b"fn first() -> &'static str {\n    \"1\n}\n\nfn second() -> u8 {\n    2\n}\n",
        (("first", 1, 3), ("second", 5, 7)),
    ),
    NastyFile(
        "a brace left open in a class",
        "A.java",
        "java",
        b"class A {\n    int first() {\n        if (x) {\n        return 1;\n    }\n\n"
        b"    int second() {\n        return 2;\n    }\n}\n",
        (("A", 1, 10), ("A.first", 2, 5), ("A.second", 7, 9)),
    ),
    NastyFile(
        "a brace too many in a class",
        "A.cs",
        "c_sharp",
        b"class A\n{\n    int First()\n    {\n        return 1;\n    }\n    }\n\n"
        b"    int Second()\n    {\n        return 2;\n    }\n}\n",
        (("A", 1, 13), ("A.First", 3, 6), ("A.Second", 9, 12)),
    ),
    NastyFile(
        "an end left out",
        "a.rb",
        "ruby",
        b"class A\n  def first\n    if x\n      1\n  end\n\n  def second\n    2\n  end\nend\n",
        (("A", 1, 10), ("A.first", 2, 5), ("A.second", 7, 9)),
    ),
    # in the middle of work
    NastyFile(
        "a merge conflict",
        "a.py",
        "python",
        b"def first():\n<<<<<<< HEAD\n    return 1\n=======\n    return 2\n>>>>>>> other\n\n\n"
        b"def second():\n    return 2\n",
        (("first", 1, 5), ("second", 9, 10)),
    ),
    NastyFile(
        "a merge conflict around functions",
        "a.ts",
        "typescript",
        b"<<<<<<< HEAD\nfunction first() {\n  return 1;\n}\n=======\nfunction other() {\n  return 1;\n}\n"
        b">>>>>>> other\n\nfunction second() {\n  return 2;\n}\n",
        (("first", 2, 4), ("other", 6, 8), ("second", 11, 13)),
    ),
    NastyFile(
        "a call half written",
        "a.ts",
        "typescript",
        b"class A {\n  first() {\n    this.second(\n  }\n\n  second() {\n    return 2;\n  }\n}\n",
        (("A", 1, 9), ("A.first", 2, 4), ("A.second", 6, 8)),
    ),
    # left out by the preprocessor
    NastyFile(
        "code behind #if 0",
        "a.c",
        "c",
        b"#if 0\nint old(void)\n{\n  return 0;\n}\n#endif\n" + _C.encode(),
        (("first", 7, 10), ("second", 12, 15)),
    ),
    NastyFile(
        "half a function behind #if 0",
        "a.c",
        "c",
        b"#if 0\nint first(int a)\n{\n#else\nint first(void)\n{\n#endif\n  return 1;\n}\n" + _SECOND_C.encode(),
        (("first", 5, 9), ("second", 11, 14)),
    ),
    NastyFile(
        "code behind #if false",
        "A.cs",
        "c_sharp",
        b"class A\n{\n#if false\n    int Old() { return 0; }\n#endif\n    int New() { return 1; }\n}\n",
        (("A", 1, 7), ("A.New", 6, 6)),
    ),
)
