"""Filters: checked once, then asked of every definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.errors import QueryError
from cascode_indexer.query import Filters
from cascode_indexer.query import filters as filters_module
from cascode_indexer.query.filters import refuse_whole_paths


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
        ((), (), ("C:/shop/src/**",), "path 'C:/shop/src/[*][*]' matches no file: write it from the workspace on"),
        ((), (), ("!c:\\shop",), "matches no file: write it from the workspace on"),
    ],
)
def test_mistakes_are_named(
    languages: tuple[str, ...], kinds: tuple[str, ...], paths: tuple[str, ...], message: str
) -> None:
    """One line with the value and what to write instead."""
    with pytest.raises(QueryError, match=message):
        Filters.parse(languages, kinds, paths)


def test_backslashes_separate_folders_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path as completed there is a glob; elsewhere a backslash takes the meaning from what follows it."""
    for windows in (True, False):
        monkeypatch.setattr(filters_module, "_BACKSLASH_SEPARATES", windows)
        assert admits(Filters.parse((), (), (".\\src\\a.py",))) is windows
        assert admits(Filters.parse((), (), ("!src\\**",))) is not windows
    assert admits(Filters.parse((), (), ("\\!a.py",)), path="!a.py")


@pytest.mark.parametrize(
    ("glob", "inside"), [("/work/shop/src/**", "src/**"), ("!/work/shop/src", "!src"), ("/work/shop", "**")]
)
def test_a_path_from_the_root_of_the_disk_is_refused(glob: str, inside: str) -> None:
    """It would match nothing; the line says what to write, and an anchored glob stays one."""
    with pytest.raises(QueryError) as refused:
        refuse_whole_paths(["src", glob], ["/home/ann", "/work/shop"])
    assert str(refused.value) == f"path {glob!r} matches no file: write it from the workspace on, {inside!r}"
    refuse_whole_paths(["/src/**", "/work/shop-2/src", "/"], ["/work/shop", "/"])


def test_a_folder_of_the_workspaces_own_name_is_meant(tmp_path: Path) -> None:
    """A workspace that is mounted at /src may have a folder src: '/src/**' is anchored in it."""
    glob = f"{tmp_path.as_posix()}/**"
    with pytest.raises(QueryError):
        refuse_whole_paths([glob], [tmp_path.as_posix()])
    other = tmp_path / "other"
    (other / tmp_path.parts[1]).mkdir(parents=True)
    refuse_whole_paths([glob], [tmp_path.as_posix(), other.as_posix()])
    (tmp_path / tmp_path.parts[1]).mkdir()
    refuse_whole_paths([glob], [tmp_path.as_posix()])
