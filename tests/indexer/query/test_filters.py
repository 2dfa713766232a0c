"""Filters: checked once, then asked of every definition."""

from __future__ import annotations

import pytest

from cascode_indexer.errors import QueryError
from cascode_indexer.query import Filters


def admits(filters: Filters, path: str = "src/a.py", language: str = "python", kind: str = "function") -> bool:
    """Whether a definition gets through."""
    admission = filters.admission()
    assert admission is not None
    return admission(path, language, kind)


def test_no_filter_asks_nothing() -> None:
    """Where everything may answer there is nothing to call."""
    assert Filters().admission() is None
    assert not Filters()


def test_languages_by_any_of_their_names() -> None:
    """Aliases stand for the language; others are left out."""
    filters = Filters.parse(("py", "C++"), (), ())
    assert filters.languages == ("python", "cpp")
    assert admits(filters, language="cpp")
    assert not admits(filters, language="c")


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [("function", "method", "class"), ("function", "lambda", "constant"), ("type", "trait", "method")],
)
def test_a_word_may_mean_several_kinds(word: str, inside: str, outside: str) -> None:
    """``function`` means every sort of function, as before types were indexed; ``type`` every sort of type."""
    filters = Filters.parse((), (word,), ())
    assert admits(filters, kind=inside)
    assert not admits(filters, kind=outside)


def test_kinds() -> None:
    """Only the kinds named answer."""
    filters = Filters.parse((), ("method",), ())
    assert admits(filters, kind="method")
    assert not admits(filters, kind="function")


@pytest.mark.parametrize(
    ("globs", "path", "expected"),
    [
        (("src/**",), "src/deep/a.py", True),
        (("src/**",), "lib/a.py", False),
        (("*.go",), "deep/a.go", True),
        (("./src",), "src/a.py", True),
        ((".",), "lib/a.py", True),
        (("!tests/",), "src/a.py", True),
        (("!tests/",), "tests/deep/a.py", False),
        (("src/**", "!src/gen/"), "src/gen/a.py", False),
        (("src/**", "!src/gen/"), "src/a.py", True),
    ],
)
def test_paths(globs: tuple[str, ...], path: str, expected: bool) -> None:
    """Globs in gitignore syntax; exclusions alone leave everything else."""
    assert admits(Filters.parse((), (), globs), path=path) is expected


def test_filters_hold_together() -> None:
    """A definition must get through every one of them."""
    filters = Filters.parse(("python",), ("class",), ("src/**",))
    assert admits(filters, kind="class")
    assert not admits(filters, kind="class", language="go")
    assert not admits(filters, kind="method")
    assert not admits(filters, kind="class", path="lib/a.py")


@pytest.mark.parametrize(
    ("languages", "kinds", "paths", "message"),
    [
        (("cobol",), (), (), "unknown language 'cobol'"),
        ((), ("klass",), (), "unknown kind 'klass'"),
        ((), (), ("../other",), "path '../other' matches no file"),
        ((), (), ("# comment",), "path '# comment' matches no file"),
        ((), (), ("",), "path '' matches no file"),
    ],
)
def test_mistakes_are_named(
    languages: tuple[str, ...], kinds: tuple[str, ...], paths: tuple[str, ...], message: str
) -> None:
    """One line with the value and what to write instead."""
    with pytest.raises(QueryError, match=message):
        Filters.parse(languages, kinds, paths)
