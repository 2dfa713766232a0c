"""An error in one function is none of the others': blocks are read again where the tree is wrong about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascode_indexer.extract import extract_definitions, parsing, salvage
from cascode_indexer.extract.errors import ExtractionError
from cascode_indexer.extract.grammars import grammar_for
from cascode_indexer.extract.layout import Layout


def _found(source: str, language: str) -> list[tuple[str, int, int]]:
    definitions = extract_definitions(source, language).definitions
    return [(item.qualified_name, item.start_line, item.end_line) for item in definitions]


_CASES = {
    "python": (
        """
class A:
    def f(self):
        return (1

    @cached
    def g(self):
        '''G.'''
        return 2
""",
        ("A.g", 6, 9),
    ),
    "javascript": (
        """
module.exports = {
  create(context) {
    return {
      A(node) {
        f(;
      },
      B(node) {
        g();
      },
    };
  },
};
""",
        ("create.B", 8, 10),
    ),
    "typescript": (
        """
class A {
  f(): void {
    if (x) {
  }

  g(): number {
    return 2;
  }
}
""",
        ("A.g", 7, 9),
    ),
    "ruby": (
        """
module A
  class B
    def f
      [1
    end

  private

    def g; end
  end
end
""",
        ("A.B.g", 10, 10),
    ),
    "c_sharp": (
        """
namespace A.B
{
    class C
    {
        void F()
        {
            G(;
        }
    }
    }

    class D
    {
        string S = @"{
  ""a"": 1
}";
        void H()
        {
        }
    }
}
""",
        ("A.B.D.H", 18, 20),
    ),
    "cpp": (
        """
namespace a {

int f() {
  if (x) {
  g();
}

int
h(int x)
{
  return 1;
}

}
""",
        ("a.h", 9, 13),
    ),
    "java": (
        """
class A {
    void f() {
        g(;
    @Test public void h() {
    }
}
""",
        ("A.h", 5, 6),
    ),
    "php": (
        """<?php
namespace A;

class B
{
    function f()
    {
        g([;
    }

    function h()
    {
    }
}
""",
        ("A.B.h", 11, 13),
    ),
}


@pytest.mark.parametrize("language", _CASES)
def test_a_function_keeps_its_name_and_lines_beside_an_error(language: str) -> None:
    """Its containers are the blocks it is indented in, its end is that of its own block."""
    source, right = _CASES[language]
    assert right in _found(source, language)


def test_what_swallowed_others_ends_with_its_block() -> None:
    """A brace left open makes no function out of the rest of the file."""
    source = "function f() {\n  if (a) {\n  g();\n}\n\nfunction h() {\n  i();\n}\n"
    assert _found(source, "javascript") == [("f", 1, 4), ("h", 6, 8)]
    first = extract_definitions(source, "javascript").definitions[0]
    assert first.code == "function f() {\n  if (a) {\n  g();\n}"


def test_a_word_behind_a_block_names_nothing_in_it() -> None:
    """A method that is being typed has no name yet: the 'end' that closes its block is none."""
    source = "module Jobs\n  Point = Struct.new(:x) do\n    def version.\n=end\ndef count() 1 end\n"
    assert _found(source, "ruby") == [("Jobs.Point", 2, 2), ("count", 5, 5)]


def test_a_class_begins_before_a_method_without_a_body() -> None:
    """Two definitions whose nodes begin at one byte are two."""
    assert _found("class A\n  def f; end\nend\n", "ruby") == [("A", 1, 3), ("A.f", 2, 2)]


def test_versions_in_conflict_are_both_read() -> None:
    """The marks between them are no code."""
    source = "class A {\n<<<<<<< HEAD\n  int f() { return 1; }\n=======\n  int g() { return 1; }\n>>>>>>> b\n}\n"
    assert [name for name, _, _ in _found(source, "java")] == ["A", "A.f", "A.g"]


def test_blocks_are_what_is_indented_below_a_line() -> None:
    """Decorators and comments directly above belong to a block, as do lines that close it."""
    source = b"# f\n@a(\n  1,\n)\ndef f(\n    x\n):\n    return x\n\ndef g():\n    pass\n"
    layout = Layout(source, (b"#",), lambda offset: False)
    assert [(block.first, block.head, block.last) for block in layout.blocks] == [(0, 4, 7), (9, 9, 10)]
    assert layout.blocks[0].turn == 6


@given(
    st.sampled_from(["python", "cpp", "ruby", "go"]),
    st.lists(
        st.sampled_from(
            ["def f(", "):\n", "int f(int a) {", "}\n", "return (1", "]", "\u00b4", "\x01", "x = 2;\n", "end\n"]
        )
    ),
)
def test_errors_are_the_same_by_nodes_and_by_a_query(language: str, pieces: list[str]) -> None:
    """However many there are."""
    source = "".join(pieces).encode()
    found = []
    for bytes_a_node in (len(source) + 1, 0.001):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parsing, "_BYTES_A_NODE", bytes_a_node)
            found.append(parsing.parse(grammar_for(language), source).errors())
    assert found[0] == found[1]


def test_a_long_blank_in_front_of_a_macro_is_skipped() -> None:
    """What was blanked may be longer than what is looked at first."""
    licence = "/*" + "*" * 5_000 + "*/"
    source = f"#define A\n{licence}\nAPI_A {licence} API_B {licence} int f(void) {{ return 1; }}\n"
    assert _found(source, "c") == [("f", 3, 3)]


def test_a_sister_that_takes_too_long_costs_no_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source with errors is tried with other grammars, and in pieces; where that fails, what was found stays."""
    source = "function first() { return 1; }\nfunction broken( { \nfunction last() { return 2; }\n"
    parse, own = parsing.parse, grammar_for("javascript", "")

    def limited(grammar: object, data: bytes) -> parsing.Reading:
        if grammar is not own or len(data) < len(source):
            raise ExtractionError("too slow")
        return parse(grammar, data)  # type: ignore[arg-type]

    monkeypatch.setattr(parsing, "parse", limited)
    monkeypatch.setattr(salvage, "parse", limited)
    assert ("first", 1, 1) in _found(source, "javascript")
