"""No reserved word is the name of a definition, unless the language lets members be named so."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import SPECS, extract_definitions


def _names(source: str, language: str) -> list[str]:
    return [definition.qualified_name for definition in extract_definitions(source, language).definitions]


def test_a_statement_taken_for_a_method_is_none() -> None:
    """Types that JavaScript's grammar does not know turn a block's statements into methods."""
    source = "class S { _e: boolean; async end(): Promise<void> { if (!this._e) { this._e = true; } } }\n"
    assert "S.if" not in _names(source, "javascript")
    assert "if" not in [name.rpartition(".")[2] for name in _names(source, "javascript")]


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("javascript", "class A { delete() { return 1; } }\n", "A.delete"),
        ("typescript", "class A { catch(f: F) { return f; } }\n", "A.catch"),
        ("javascript", "const a = { default() { return 1; } };\n", "a.default"),
        ("php", "<?php class A { function list() { return 1; } }\n", "A.list"),
        ("ruby", "class A\n  def class\n    1\n  end\nend\n", "A.class"),
        ("c_sharp", "class A { public T this[int i] { get { return x; } } }\n", "A.this"),
        ("c_sharp", "class A { public static implicit operator string(A a) { return x; } }\n", "A.operator string"),
        ("cpp", "struct A { operator bool() { return x; } };\n", "A.operator bool"),
    ],
)
def test_members_named_by_reserved_words_are_found(language: str, source: str, name: str) -> None:
    """Where the language allows it and the source has no error, the name is meant."""
    assert name in _names(source, language)


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        (
            "javascript",
            "class Repo { get(id) {} delete(id) {} broken() { f(; } }\n",
            ["Repo", "Repo.get", "Repo.delete", "Repo.broken"],
        ),
        (
            "typescript",
            "class Repo {\n  delete(id): void {\n    f();\n  }\n\n  catch(f: F) {\n    f();\n  }\n\n"
            "  broken() {\n    f(;\n  }\n}\n",
            ["Repo", "Repo.delete", "Repo.catch", "Repo.broken"],
        ),
        (
            "php",
            "<?php class A { function list() { return 1; } function print() { return 1; } function f() { g(; } }\n",
            ["A", "A.list", "A.print", "A.f"],
        ),
    ],
)
def test_an_error_in_another_member_costs_none_named_by_a_reserved_word(
    language: str, source: str, names: list[str]
) -> None:
    """What has no error of its own is what it looks like, unless it could be a statement."""
    assert _names(source, language) == names


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "javascript",
            "class A {\n  a() {\n    f();\n    }\n    if (x) {\n      g();\n    }\n    try {\n      f();\n"
            "    } catch (e) {\n      g();\n    }\n    while (x) {\n      f();\n    }\n  }\n}\n",
        ),
        ("c", "#ifdef A\n  if (a) {\n#else\n  if (!a) {\n#endif\n  f();\n}\n"),
        ("c", "int f(void) { return 1; }\nelse if (x) { g(); }\n"),
        ("c_sharp", "class A { void F() {\n#if X\n }\n else if (y) { G(); }\n#endif\n } }\n"),
        ("java", "class A { } if (x) { f(); }\n"),
    ],
)
def test_no_statement_becomes_a_function(language: str, source: str) -> None:
    """What error recovery makes of a statement has no name."""
    assert not SPECS[language].keywords & {name.rpartition(".")[2] for name in _names(source, language)}
