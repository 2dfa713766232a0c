"""Our reading of ignore files against git's own, on random nested sets of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cascode_indexer.types import SkipReason
from cascode_indexer.walk import IgnoreRules

# Few names, so that random patterns meet random paths often.
NAMES = ["a", "b", "ab", "a.py", "b.py", "x y", "c#"]
FOLDERS = ["a", "b", "ab", "d1"]

_segment = st.sampled_from(
    [
        *NAMES,
        "*",
        "**",
        "*.py",
        "a*",
        "?",
        "[ab]",
        "[!a]",
        "[^b]*",
        "[[:alpha:]]",
        "\\a",
        "*b",
        "a?",
        "[a-c].py",
        "d[0-9]",
    ]
)
_pattern = st.builds(
    lambda bang, lead, parts, tail: f"{bang}{lead}{'/'.join(parts)}{tail}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_segment, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**", "  ", "\r"]),
)
_line = st.one_of(
    _pattern, _pattern, _pattern, st.sampled_from(["", "# a", "\\#a", "\\!a", "/", "!", "a\\ ", "\\", "["])
)
_folder = st.lists(st.sampled_from(FOLDERS), max_size=3).map("/".join)
_ignore_files = st.dictionaries(_folder, st.lists(_line, min_size=1, max_size=5), min_size=1, max_size=4)
_paths = st.sets(
    st.builds(
        lambda folder, name: f"{folder}/{name}".lstrip("/"),
        _folder,
        st.sampled_from(["a.py", "b.py", "c.py", "x y", "c#"]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def git_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which git has no configuration but the repository's."""
    home = tmp_path_factory.mktemp("home")
    return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def _ignored_by_git(root: Path, paths: list[str], environment: dict[str, str]) -> set[str]:
    answer = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=root,
        env=environment,
        input="\0".join(paths).encode(),
        capture_output=True,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    return {path for path in answer.stdout.decode().split("\0") if path}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ignore_files=_ignore_files, info_exclude=st.lists(_line, max_size=2), paths=_paths)
@example(ignore_files={"": ["a/", "!a/b.py"]}, info_exclude=[], paths={"a/b.py"})
@example(ignore_files={"": ["a/**", "!a/b.py"]}, info_exclude=[], paths={"a/b.py", "a/b/c.py"})
@example(ignore_files={"": ["a/**/"]}, info_exclude=[], paths={"a/a.py", "a/b/a.py"})
@example(ignore_files={"": ["*", "!*/", "!*.py"]}, info_exclude=[], paths={"a/b.py", "a/x y"})
@example(ignore_files={"": ["*.py"], "a": ["!b.py"]}, info_exclude=["b.py"], paths={"a/b.py", "b.py"})
def test_every_file_is_ignored_exactly_when_git_ignores_it(
    git_environment: dict[str, str],
    ignore_files: dict[str, list[str]],
    info_exclude: list[str],
    paths: set[str],
) -> None:
    """Nested ignore files, negations and ``info/exclude`` decide about each file as in git."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        subprocess.run(["git", "init", "-q", str(root)], env=git_environment, check=True)
        (root / ".git" / "info" / "exclude").write_bytes("\n".join(info_exclude).encode())
        real = _write(root, paths)
        for folder, lines in ignore_files.items():
            if not any(part.is_file() for part in _parts(root, folder)):
                (root / folder).mkdir(parents=True, exist_ok=True)
                (root / folder / ".gitignore").write_bytes("\n".join(lines).encode())
        rules = IgnoreRules(root)
        ours = {path for path in real if rules.reason(path) is SkipReason.IGNORED}
        assert ours == _ignored_by_git(root, real, git_environment)


def _parts(root: Path, folder: str) -> list[Path]:
    parts = folder.split("/") if folder else []
    return [root.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]


def _write(root: Path, paths: set[str]) -> list[str]:
    """Create the files; a name that another path uses as a folder is left out."""
    real = []
    for path in sorted(paths, key=lambda path: -path.count("/")):
        file = root / path
        if not file.is_dir():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
            real.append(path)
    return real
