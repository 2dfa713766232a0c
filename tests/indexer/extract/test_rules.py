"""Rules that hold in every language, and the traps of single ones."""

from __future__ import annotations

import threading
import time

import pytest

from cascode_indexer.extract import ExtractionError, extract_definitions
from cascode_indexer.types import FUNCTION_KINDS, Definition, Kind


def _functions(source: str, language: str, path: str = "") -> list[Definition]:
    found = extract_definitions(source, language, path=path).definitions
    return [definition for definition in found if definition.kind in FUNCTION_KINDS]


def _one(source: str, language: str, path: str = "") -> Definition:
    functions = _functions(source, language, path)
    assert len(functions) == 1
    return functions[0]


def _names(source: str, language: str, path: str = "") -> list[str]:
    return [function.qualified_name for function in _functions(source, language, path)]


_C_BROKEN = (
    "int broken(int { return 1 ]\n",
    "int broken(void) {\n  if (x) {\n  return 1;\n}\n",
    "int broken(void) { f(1; }\n",
    'int broken(void) { char *s = "abc; }\n',
    "int broken(void) { } }\n",
    "int broken(void) { /* }\n*/ x = ; }\n",
)
_CLASS_BROKEN = tuple("  " + source.replace("void", "") for source in _C_BROKEN)
_SCRIPT_BROKEN = (
    "function broken( { return 1 ]\n",
    "function broken() { if (x) {\n}\n",
    "function broken() { f(1; }\n",
    "function broken() { const s = `abc; }\n",
    "function broken() { return {a: }; }\n",
    "function broken() { }}\n",
)
#: Language to what stands before, broken functions, and what stands after.
BROKEN = {
    "python": (
        "def first():\n    return 1\n\n",
        (
            "def broken(:\n    return ((\n\n",
            "def broken():\n    x = (1,\n",
            'def broken():\n    s = """abc\n',
            "def broken()\n    return 1\n",
            "def broken():\n    s = 'abc\n    return 1\n",
            "  def broken():\n return 1\n",
        ),
        "def last():\n    return 3\n",
    ),
    "javascript": ("function first() { return 1; }\n", _SCRIPT_BROKEN, "function last() { return 3; }\n"),
    "typescript": (
        "function first(): number { return 1; }\n",
        _SCRIPT_BROKEN,
        "function last() { return 3; }\n",
    ),
    "php": ("<?php\nfunction first() { return 1; }\n", _SCRIPT_BROKEN, "function last() { return 3; }\n"),
    "go": (
        "func first() int { return 1 }\n\n",
        (
            "func broken( { return 1 ]\n",
            "func broken() int {\n\tif x {\n\treturn 1\n}\n",
            "func broken() { f(1; }\n",
            "func broken() { s := `abc }\n",
            'func broken() { s := "abc }\n',
            "func broken() { }}\n",
        ),
        "func last() int { return 3 }\n",
    ),
    "java": ("class A {\n  int first() { return 1; }\n", _CLASS_BROKEN, "  int last() { return 3; }\n}\n"),
    "c_sharp": ("class A {\n  int first() { return 1; }\n", _CLASS_BROKEN, "  int last() { return 3; }\n}\n"),
    "ruby": (
        "def first\n  1\nend\n",
        (
            "def broken(\n  )) 2 ]\nend\n",
            "def broken\n  if x\n  1\nend\n",
            "def broken\n f(1\nend\n",
            'def broken\n s = "abc\nend\n',
            "def broken\n1\nend\nend\n",
        ),
        "def last\n  3\nend\n",
    ),
    "rust": (
        "fn first() -> i32 { 1 }\n",
        (
            "fn broken( -> { let x = ; }\n",
            "fn broken() {\n  if x {\n  1;\n}\n",
            "fn broken() { f(1; }\n",
            'fn broken() { let s = "abc; }\n',
            "fn broken() { } }\n",
        ),
        "fn last() -> i32 { 3 }\n",
    ),
    "c": ("int first(void) { return 1; }\n", _C_BROKEN, "int last(void) { return 3; }\n"),
    "cpp": ("int first() { return 1; }\n", _C_BROKEN, "int last() { return 3; }\n"),
}


@pytest.mark.parametrize(
    ("language", "broken"),
    [(language, broken) for language, (_, all_, _) in BROKEN.items() for broken in all_],
)
def test_a_syntax_error_loses_nothing_else(language: str, broken: str) -> None:
    """A broken function between two good ones leaves both found, with their lines."""
    before, _, after = BROKEN[language]
    extraction = extract_definitions(before + broken + after, language)
    found = {function.name: function for function in extraction.definitions}
    assert {"first", "last"} <= set(found)
    assert found["last"].start_line == (before + broken).count("\n") + 1
    assert found["last"].end_line <= (before + broken + after).count("\n")
    assert found["first"].end_line <= before.count("\n")


def test_a_member_hidden_by_a_syntax_error_keeps_its_container_doc_and_kind() -> None:
    """What is read again stands where it stood."""
    source = (
        "class A:\n    def broken(self):\n        x = (1,\n\n"
        '    @property\n    def __init__(self):\n        """Doc."""\n        return 2\n'
    )
    function = extract_definitions(source, "python").definitions[-1]
    assert (function.qualified_name, function.kind, function.doc) == ("A.__init__", Kind.CONSTRUCTOR, "Doc.")
    assert (function.start_line, function.name_line, function.name_column) == (5, 6, 8)
    assert function.code == source.rstrip("\n").split("\n\n", 1)[1]


def test_a_clean_source_has_no_errors() -> None:
    """``has_errors`` is about the source, not about finding nothing."""
    assert not extract_definitions("x = 1\n", "python").has_errors
    assert extract_definitions("x = (1\n", "python").has_errors


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_editors_count_them(newline: str) -> None:
    """LF, CRLF and lone CR all count, form feeds and U+2028 do not."""
    source = newline.join(
        ["# \x0c \u2028 one line", "def f():", "    # ü", "    return '\u2028'", "", "def g(): pass", ""]
    )
    first, second = extract_definitions(source, "python").definitions
    assert (first.start_line, first.end_line) == (2, 4)
    assert (second.start_line, second.end_line) == (6, 6)
    assert first.code == newline.join(["def f():", "    # ü", "    return '\u2028'"])


def test_columns_count_code_points_and_a_byte_order_mark_does_not_count() -> None:
    """A name behind characters of several bytes has its column in code points."""
    function = _one("\ufeffx = '😀ü'; größe = lambda: 1\n", "python")
    assert (function.name_line, function.name_column) == (1, len("x = '😀ü'; "))
    assert function.code == "größe = lambda: 1"
    assert _one("\ufeffdef f(): pass\n", "python").code == "def f(): pass"


def test_code_starts_with_the_indentation_of_its_line() -> None:
    """The lines of a nested function stay aligned."""
    source = "class A:\n    @property\n    def f(self):\n        return 1\n"
    assert _one(source, "python").code == "    @property\n    def f(self):\n        return 1"


def test_lone_surrogates_survive() -> None:
    """Text decoded with surrogateescape is extracted with its surrogates."""
    source = b"def f():\n    return '\xff'\n".decode("utf-8", "surrogateescape")
    assert _one(source, "python").code == source.rstrip("\n")


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("go", "// licence\n\n// doc\nfunc f() {}\n"),
        ("javascript", "/* other */\n\n/** doc */\nexport default function f() {}\n"),
        ("javascript", "/** doc */\n// eslint-disable-next-line\nfunction f() {}\n"),
        ("typescript", "class A {\n  /** doc */\n  @dec({ a: 1 })\n  @other\n  f() {}\n}\n"),
        ("java", "class A {\n  /** doc */\n  @Override\n  // why\n  public void f() {}\n}\n"),
        ("java", "class A {\n  @Override\n  /** doc */\n  public void f() {}\n}\n"),
        ("php", "<?php\n/** doc */\n#[A]\nfunction f() {}\n"),
        ("ruby", "# doc\ndef f; end\n"),
        ("ruby", "class A\n  # doc\n  private def f; end\nend\n"),
        ("rust", "#[a]\n/// doc\n#[b]\nfn f() {}\n"),
        ("c", "int x; // other\n// doc\nint f(void) { return 1; }\n"),
        ("cpp", "/// doc\ntemplate <class T>\nvoid f(T t) {}\n"),
        ("c_sharp", "class A {\n  /// <summary>doc</summary>\n  [B]\n  void f() {}\n}\n"),
        ("python", "def f():\n    # note\n    '''doc'''\n"),
        ("python", "@a\ndef f():\n    R'doc'\n"),
        ("python", "def f():\n    ('do' 'c')\n"),
    ],
)
def test_the_doc_comment_is_found(language: str, source: str) -> None:
    """The comment above the decorators, among them or inside is the doc, nearer prose is not lost to it."""
    assert _one(source, language).doc == "doc"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("go", "// apart\n\nfunc f() {}\n"),
        ("c", "int x; /* behind x */\nint f(void) { return 1; }\n"),
        ("c", "/* Copyright 2024 A. Licensed under the MIT License. */\nint f(void) { return 1; }\n"),
        ("php", "<?php\n/* SPDX-License-Identifier: MIT */\nfunction f() {}\n"),
        ("javascript", "// ----------\nfunction f() {}\n"),
        ("javascript", "// eslint-disable-next-line\nfunction f() {}\n"),
        ("python", "# above\ndef f():\n    b'bytes'\n"),
        ("python", "def f():\n    f'{1}'\n"),
        ("python", "def f():\n    'a' + 'b'\n"),
    ],
)
def test_what_is_no_doc_comment(language: str, source: str) -> None:
    """Comments apart, trailing comments, licences, instructions to tools and other strings are no doc."""
    assert _one(source, language).doc == ""


def test_a_block_comment_loses_markers_and_common_indentation() -> None:
    """The text's own indentation stays."""
    source = "/**\n   * First.\n   *\n   *   indented\n   * last\n   */\nfunction f() {}\n"
    assert _one(source, "javascript").doc == "First.\n\n  indented\nlast"


def test_gutter_of_two_stars_is_decoration_and_a_bullet_is_not() -> None:
    """SQLite's comments have two stars a line; a star apart from the gutter is a list's."""
    source = "/*\n** Open the door\n** and close it.\n**\n** Soon.\n*/\nint f(void) { return 1; }\n"
    assert _one(source, "c").doc == "Open the door\nand close it.\n\nSoon."
    source = "/*\n * Either\n * * one or\n * **two**\n */\nint f(void) { return 1; }\n"
    assert _one(source, "c").doc == "Either\n* one or\n**two**"


def test_what_follows_a_one_line_summary_is_a_paragraph_of_its_own() -> None:
    """A parameter is not read on as part of the sentence."""
    doc = '/// <summary>Open it.</summary>\n/// <param name="d">The door.</param>\n'
    assert _one(f"class A {{\n{doc}int F(int d) {{ return d; }} }}", "c_sharp").doc == "Open it.\n\nd: The door."


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "typescript",
            "declare function f(): void;\ninterface I { m(): void }\nabstract class A { abstract m(): void; }\n",
        ),
        ("java", "interface I { void m(); }\nabstract class A { abstract void m(); native int n(); }\n"),
        ("go", "package a\nfunc f()\ntype I interface { M() }\n"),
        ("c", "int f(void);\nextern int g(int);\nint (*p)(void);\n"),
        ("cpp", "struct A { A() = default; virtual void m() = 0; void n(); };\nvoid f();\n"),
        (
            "c_sharp",
            "interface I { void M(); int P { get; set; } }\nabstract class A { abstract void M(); }\n",
        ),
        ("rust", "trait T { fn m(&self); }\nextern { fn f(); }\n"),
        ("php", "<?php interface I { function m(); } abstract class A { abstract function m(); }\n"),
        ("python", "from typing import overload\n@overload\ndef f(x: int) -> int: ...\n"),
        ("javascript", "items.map((x) => x); (function () {})(); const y = items.filter((x) => x);\n"),
    ],
)
def test_declarations_and_nameless_callbacks_are_no_functions(language: str, source: str) -> None:
    """Without a body or without a name there is nothing to find."""
    assert _names(source, language) == []


def test_tsx_and_typescript_are_distinguished_by_the_path_only() -> None:
    """A type assertion is read in ``.ts``, markup in ``.tsx``."""
    assertion = "const f = () => <number>(1 as unknown);\nfunction g() {}\n"
    markup = "const f = () => <a.b c={() => 1}>{'x'}</a.b>;\nfunction g() {}\n"
    assert not extract_definitions(assertion, "typescript", path="a.ts").has_errors
    assert not extract_definitions(markup, "typescript", path="a.tsx").has_errors
    assert _names(markup, "typescript", "a.tsx") == ["f", "g"]


@pytest.mark.parametrize(
    ("source", "name", "kind"),
    [
        ("class A:\n    def __init__(self): pass\n", "A.__init__", Kind.CONSTRUCTOR),
        ("def __init__(self): pass\n", "__init__", Kind.FUNCTION),
        ("class A:\n    f = lambda self: 1\n", "A.f", Kind.LAMBDA),
    ],
)
def test_kinds_depend_on_the_container(source: str, name: str, kind: Kind) -> None:
    """A constructor's name makes none outside a class."""
    function = _one(source, "python")
    assert (function.qualified_name, function.kind) == (name, kind)


def test_the_outer_function_holds_the_inner_one() -> None:
    """Both are functions of their own."""
    outer, inner = extract_definitions("def a():\n    def b():\n        pass\n    return b\n", "python").definitions
    assert (outer.qualified_name, inner.qualified_name) == ("a", "a.b")
    assert inner.code in outer.code


def test_a_namespace_statement_lasts_until_the_next() -> None:
    """PHP namespaces without braces name what follows them."""
    source = "<?php\nnamespace A\\B;\nfunction f() {}\nnamespace C;\nfunction g() {}\n"
    assert _names(source, "php") == ["A.B.f", "C.g"]


def test_an_unknown_language_is_refused_by_name() -> None:
    """The message names the value and what is known."""
    with pytest.raises(ExtractionError, match="unknown language 'cobol'; known languages: python, "):
        extract_definitions("", "cobol")


@pytest.mark.parametrize("language", ["python", "javascript", "go", "java", "cpp", "c_sharp", "rust"])
def test_deep_nesting_is_survived(language: str) -> None:
    """5,000 parentheses cost neither the process nor seconds."""
    expression = "(" * 5_000 + "1" + ")" * 5_000
    source = {
        "python": f"def f():\n    return {expression}\n",
        "go": f"func f() int {{ return {expression} }}",
        "java": f"class A {{ int f() {{ return {expression}; }} }}",
        "c_sharp": f"class A {{ int f() {{ return {expression}; }} }}",
        "rust": f"fn f() -> i32 {{ {expression} }}",
        "cpp": f"int f() {{ return {expression}; }}",
        "javascript": f"function f() {{ return {expression}; }}",
    }[language]
    start = time.perf_counter()
    assert [function.name for function in _functions(source, language)] == ["f"]
    assert time.perf_counter() - start < 10


def test_nested_functions_are_bounded() -> None:
    """2,000 functions in one another are read, the outermost 200 of them as functions of their own."""
    source = "function f() {" * 2_000 + "}" * 2_000
    functions = extract_definitions(source, "javascript").definitions
    assert len(functions) == 200
    assert functions[0].code == source


@pytest.mark.parametrize(
    ("language", "source", "reason"),
    [
        ("python", "(" * 40_000, "opens over 30000 brackets in one another"),
        ("java", "a<" * 5_000, "opens over 4000 angle brackets in one statement"),
    ],
)
def test_input_that_hurts_the_parser_is_refused(language: str, source: str, reason: str) -> None:
    """One line names the reason and the fix."""
    with pytest.raises(ExtractionError, match=f"^{language} source of .* bytes {reason}; name it in .cascodeignore$"):
        extract_definitions(source, language)


def test_a_parse_over_the_time_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser is stopped while it works."""
    monkeypatch.setattr("cascode_indexer.extract.parsing.TIME_LIMIT_SECONDS", 0.0)
    with pytest.raises(ExtractionError, match="takes over 0 s to parse"):
        extract_definitions("def f():\n    return 1\n" * 10_000, "python")


def test_threads_share_the_compiled_grammars() -> None:
    """Eight threads that start on cold grammars get the same functions."""
    results: list[list[str]] = []

    def work() -> None:
        for _ in range(20):
            results.append(_names("fn f() {}\nmod a { fn g() {} }\n", "rust"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [["f", "a.g"]] * 160
