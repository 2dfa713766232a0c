"""Which comment documents which definition, where more than one could."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import Kind


def _docs(source: str, language: str, path: str = "") -> dict[str, str]:
    found = extract_definitions(source, language, path=path).definitions
    return {definition.qualified_name: definition.doc for definition in found}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", "class A {\n  int a_; /**< The a. */\n  void f() {}\n};\n"),
        ("cpp", "class A {\n  int a_; /*!< The a. */\n  void f() {}\n};\n"),
        ("cpp", "class A {\n  int a_; ///< The a,\n          ///< on two lines.\n  void f() {}\n};\n"),
        ("java", "class A {\n  int a; /** The a. */\n  void f() {}\n}\n"),
        ("typescript", "class A {\n  a = 1; /** The a. */\n  f() { g(); }\n}\n"),
    ],
)
def test_a_comment_behind_a_field_is_about_the_field(language: str, source: str) -> None:
    """It is not the documentation of the method on the next line."""
    assert _docs(source, language)["A.f"] == ""


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", "class A {\n  int a_; /** Does it. */ void f() {}\n};\n"),
        ("java", "class A { /** Does it. */\n  void f() {}\n}\n"),
        ("c_sharp", "class A\n{\n    ///<summary>Does it.</summary>\n    void F() { }\n}\n"),
    ],
)
def test_a_comment_behind_something_else_can_be_about_what_follows(language: str, source: str) -> None:
    """On the same line, or behind the brace that opens a body; and a tag begins as Doxygen's mark does."""
    assert "Does it." in _docs(source, language).values()


def test_inner_comments_of_rust_are_about_what_they_stand_in() -> None:
    """The file's or the module's, and never of the item below."""
    source = (
        "//! Doors of every kind, which open, close and lock.\n"
        "pub fn first() {}\n\n"
        "mod hinges {\n    //! Hinges of doors.\n    //! They squeak.\n    mod deep {\n        fn f() {}\n    }\n}\n"
    )
    assert _docs(source, "rust", "doors/src/shut.rs") == {
        "shut": "Doors of every kind, which open, close and lock.",
        "first": "",
        "hinges": "Hinges of doors.\nThey squeak.",
        "hinges.deep.f": "",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [("crates/doors/src/lib.rs", "doors"), ("doors/lib.rs", "doors"), ("src/lib.rs", "lib"), ("a/src/mod.rs", "src")],
)
def test_a_crate_is_called_by_its_folder(path: str, name: str) -> None:
    """Every crate's root lies in a folder called src."""
    source = "//! Doors of every kind, which open, close and lock.\nuse a;\n"
    (module,) = extract_definitions(source, "rust", path=path).definitions
    assert (module.name, module.kind) == (name, Kind.MODULE)


@pytest.mark.parametrize(
    ("source", "doc"),
    [
        ("/** F. */\nfunction f(a: A): void;\nfunction f(a: B): void;\nfunction f(a: any) { g(); }\n", "F."),
        ("/** F. */\nexport function f(a: A): void\nexport function f(a: any) { g(); }\n", "F."),
        ("/** F. */\nfunction f(a: A): void;\n/** Own. */\nfunction f(a: any) { g(); }\n", "Own."),
        ("/** F. */\nfunction f(a: A): void;\n/** G. */\nfunction f(a: B): void;\nfunction f(a: any) { g(); }\n", "F."),
        ("/** E. */\ndeclare function e(a: A): void;\nfunction f(a: any) { g(); }\n", ""),
        ("/** E. */\nfunction e(a: A): void;\nfunction f(a: any) { g(); }\n", ""),
    ],
)
def test_a_function_with_several_signatures_is_documented_above_the_first(source: str, doc: str) -> None:
    """Unless the one with the body has documentation of its own."""
    assert _docs(source, "typescript") == {"f": doc}


def test_a_method_with_several_signatures_is_documented_above_the_first() -> None:
    """As a function is."""
    source = "class A {\n  /** Gets it. */\n  get(a: A): B;\n  get(a: C): D;\n  get(a: any) { return f(a); }\n}\n"
    assert _docs(source, "typescript")["A.get"] == "Gets it."


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def f(self):\n        return 1\n{}",
        "class A:\n    def f(self):\n        return 1\n{}\n    def g(self):\n        return 2\n",
        "class A:\n    def f(self):\n{}\n        return 1\n",
    ],
)
@pytest.mark.parametrize("lines", ["# c\n", "        # c\n", "         # c\n        # d\n", "# c\n\n    # d\n"])
def test_any_number_of_comments_is_read_in_linear_time(source: str, lines: str) -> None:
    """The grammar of Python alone takes ten seconds and more for these; what is found is what few comments leave."""

    def found(count: int) -> list[tuple[str, int]]:
        definitions = extract_definitions(source.replace("{}", lines * count), "python").definitions
        return [(definition.qualified_name, definition.start_line) for definition in definitions]

    many, few = found(20_000 // lines.count("#")), found(2)
    assert [name for name, _ in many] == [name for name, _ in few] == ["A", "A.f", "A.g"][: len(few)]
    assert all(line == other or name == "A.g" for (name, line), (_, other) in zip(many, few, strict=True))


def test_comments_that_are_read_as_one_do_not_end_a_block_later() -> None:
    """What is indented less than those before it is behind the block, and so is what follows."""
    many = "        # c\n" * 60 + "# d\n" * 60
    source = f"class A:\n    def f(self):\n        return 1\n{many}def g(): pass\n"
    found = {found.qualified_name: found.code for found in extract_definitions(source, "python").definitions}
    few = source.replace("        # c\n" * 59, "").replace("# d\n" * 59, "")
    expected = {found.qualified_name: found.code for found in extract_definitions(few, "python").definitions}
    assert list(found) == list(expected) == ["A", "A.f", "g"]
    assert found["A.f"].count("# d") == expected["A.f"].count("# d")
    assert found["A"] == expected["A"]
