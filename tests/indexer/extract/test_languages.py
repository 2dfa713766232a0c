"""What is particular to single languages, beyond their golden sources."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import Kind

LOADED = """
import sys
import cascode_indexer.extract as extract
extract.extract_definitions("f() { :; }", "bash")
print(*sorted(name for name in sys.modules if name.startswith("tree_sitter_")))
"""


def _found(source: str, language: str) -> list[tuple[str, str]]:
    """Kinds and qualified names."""
    return [
        (definition.kind.value, definition.qualified_name)
        for definition in extract_definitions(source, language).definitions
    ]


def test_only_the_grammar_that_is_needed_is_loaded() -> None:
    """The other languages cost nothing until one of their files is read."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} == {"tree_sitter_bash"}


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        # The grammar asks for a line break in front of the brace.
        (
            "kotlin",
            "class A { val x = 1 }\nclass B { fun f() {} }\n",
            [("class", "A"), ("class", "B"), ("method", "B.f")],
        ),
        (
            "kotlin",
            "class A\ninternal actual constructor(val x: Int) {\n    fun f() = 1 // {a }\n}\n",
            [("class", "A"), ("method", "A.f")],
        ),
        # Within another class the grammar would take it for a constructor of that one.
        (
            "kotlin",
            'class A {\n  class B<T : C>\n  @Inject\n  @Named("x")\n'
            "  private constructor(val x: T) {\n    fun f() = 1\n  }\n"
            "  val y = 1\n  constructor(z: Int) { g(z) }\n}\n",
            [("class", "A"), ("class", "A.B"), ("method", "A.B.f"), ("constructor", "A.constructor")],
        ),
        ("kotlin", 'val a = $$"{\\"$b\\": 1}"\nfun f() = a\n', [("function", "f")]),
        ("kotlin", 'val a = "{ b }"\nfun f() = a\n', [("function", "f")]),
        ("bash", "#!/bin/sh\nf() { :; }\n", [("function", "f")]),
        ("bash", "for x in (*); do\nfunction f {\n  :\n}\ng() { :; }\n", [("function", "f"), ("function", "g")]),
        ("lua", "t = { ['do'] = function() end }\n", [("function", "t.do")]),
        ("lua", "getmetatable('').f = function() end\n", [("function", "f")]),
        ("lua", "self.f = function() end\n_G.g = function() end\n", [("function", "f"), ("function", "g")]),
        (
            "dart",
            "f() { }\nint g(int a) => a;\nabstract class A { int h(); }\n",
            [("function", "f"), ("function", "g"), ("class", "A")],
        ),
        (
            "elixir",
            "defmodule A do\n  def f(1), do: 1\n  # two\n  def f(2), do: 2\n  def g, do: 0\n  def f(3), do: 3\nend\n",
            [("function", "A.f"), ("function", "A.g"), ("function", "A.f")],
        ),
        ("haskell", "f :: Int\ng :: Int\ng = 1\nf = g\n", [("function", "g"), ("function", "f")]),
        ("haskell", "f x = g\n  where\n    f y = y\n", [("function", "f"), ("function", "f.f")]),
        ("perl", "sub next { 1 }\n__END__\nsub f { 1 }\n", [("function", "next")]),
        ("powershell", "function F { param($a = { 1 }) $a }\n", [("function", "F")]),
        (
            "powershell",
            "function F {\n  # nothing\n}\nfunction G($a) { <# none #> }\nfunction H { break outer }\n",
            [("function", "F"), ("function", "G"), ("function", "H")],
        ),
        ("powershell", "class A {\n  [void] F() {\n    # later\n  }\n}\n", [("class", "A"), ("method", "A.F")]),
        (
            "objective_c",
            "namespace b = a::b;\nusing namespace a::c;\n\n@implementation A {\n  b::State::Shared _s;\n}\n\n"
            "- (void)f:(b::Props::Shared const &)p old:(b::Props::Shared const &)o\n{\n"
            "  const auto &n = static_cast<const b::Props &>(*p);\n  for (auto i : n.items) {\n    g(i);\n  }\n}\n\n"
            "- (void)h\n{\n  auto s = b::State{1};\n}\n@end\n\n"
            "template <typename T>\nvoid set(const T &props, C *c)\n{\n  c.x = props.x;\n}\n",
            [("method", "A.f:old:"), ("method", "A.h"), ("function", "set")],
        ),
        ("julia", "x::Int = 1\na[1] = 2\nf(x)::Int = 1\nfunction g end\n", [("function", "f")]),
        (
            "objective_c",
            "@implementation A\n- (void)f { }\n#if B\n- (int)g:(int)x { return x; }\n#endif\n@end\n",
            [("method", "A.f"), ("method", "A.g:")],
        ),
        (
            "solidity",
            "contract A { function f() external; receive() external payable { } }\n",
            [("class", "A"), ("method", "A.receive")],
        ),
    ],
)
def test_forms_of_a_language(language: str, source: str, expected: list[tuple[str, str]]) -> None:
    """Forms that a grammar reads wrongly or that are written in few files."""
    assert _found(source, language) == expected


def test_the_first_line_of_a_script_documents_nothing() -> None:
    """A shebang is a comment to the grammar."""
    (function,) = extract_definitions("#!/bin/sh\n# Opens the door.\nopen_door() { :; }\n", "bash").definitions
    assert function.doc == "Opens the door."


def test_the_clauses_of_a_function_are_one_definition() -> None:
    """Its span reaches from the signature to the last equation, whatever stands between."""
    (function,) = extract_definitions("f :: Int -> Int\nf 0 = 1\n-- else\nf n =\n  n\n", "haskell").definitions
    assert (function.start_line, function.end_line, function.signature) == (1, 5, "f :: Int -> Int")


def test_a_name_in_several_nodes_is_found_again_after_an_error() -> None:
    """A selector is a whole name, also where the parser lost its class."""
    source = "@implementation A\n- (void)f {\n  if (x {\n}\n\n- (int)g:(int)x with:(int)y {\n  return x;\n}\n@end\n"
    names = [definition.name for definition in extract_definitions(source, "objective_c").definitions]
    assert names.count("g:with:") == 1


def test_the_clauses_of_a_function_are_one_behind_an_error_too() -> None:
    """What is read apart is joined again, with the type above it; another function between keeps clauses apart."""
    source = (
        "defmodule A do\n  @spec f(t) :: {:ok, t}\n  def f(1), do: 1\n\n  # two\n  def f(x) do\n    x\n  end\n\n"
        "  def g, do: 0\n\n  def f(3), do: 3\n\n  def h(x) do\n    g(x \n  end\nend\n"
    )
    found = [item for item in extract_definitions(source, "elixir").definitions if item.name == "f"]
    assert [(item.start_line, item.end_line) for item in found] == [(2, 8), (12, 12)]
    assert found[0].code == "\n".join(source.split("\n")[1:8])


def test_what_is_read_again_is_in_its_class_and_in_no_made_up_one() -> None:
    """A method at the margin says nothing of its class, which the parser wants around it."""
    source = (
        "@implementation Door {\n  int x ? ;\n}\n\n- (void)f\n{\n  if (x {\n}\n\n- (int)g\n{\n  return 1;\n}\n\n"
        "- (void)h {\n  g ( ;\n}\n@end\n"
    )
    found = extract_definitions(source, "objective_c").definitions
    names = {item.qualified_name for item in found if item.kind is Kind.METHOD}
    assert names == {"Door.g", "Door.h"}


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (
            "vue",
            "<script>\nfunction f() {}\n</script>\n<script setup>\nfunction g() {}\n</script>\n",
            [("f", 2), ("g", 5)],
        ),
        ("html", "<!-- <script>function f() {}</script> -->\n<script>function g() {}</script>\n", [("g", 2)]),
        ("html", "<script type='text/template'>function f() {}</script>\n", []),
        ("html", "<p>function f() {}</p>\n", []),
        (
            "svelte",
            "<script>\nfunction f() {\n  if (\n}\n\nfunction g() {\n  return 1;\n}\n</script>\n",
            [("f", 2), ("g", 6)],
        ),
        ("astro", "---\nconst f = () => 1;\n---\n<p>\n---\n</p>\n", [("f", 2)]),
    ],
)
def test_scripts_are_read_where_they_stand(language: str, source: str, expected: list[tuple[str, int]]) -> None:
    """Text, comments, templates and data around them are no code; lines are the file's."""
    found = extract_definitions(source, language).definitions
    assert [(definition.name, definition.start_line) for definition in found] == expected
