"""Workspaces made of real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.extract import language_of
from cascode_indexer.types import SkipCounts
from cascode_indexer.walk import walk

Tree = Callable[..., Path]
Found = Callable[..., tuple[list[str], dict[str, int]]]


@pytest.fixture(autouse=True)
def no_configuration_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder: the tester's own global excludes stay out of the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    return home


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files, given as ``path`` or ``path=content``; returns the workspace's root."""

    def write(*paths: str, root: str = "workspace") -> Path:
        base = tmp_path / root
        base.mkdir(parents=True, exist_ok=True)
        for path in paths:
            name, _, content = path.partition("=")
            file = base / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content or "def f(): ...\n")
        return base

    return write


@pytest.fixture
def found() -> Found:
    """Walk a workspace; returns the paths in order and the counts of what was skipped."""

    def run(root: Path, **options: object) -> tuple[list[str], dict[str, int]]:
        skipped = SkipCounts()
        paths = [file.path for file in walk(root, language_of=language_of, skipped=skipped, **options)]  # type: ignore[arg-type]
        return paths, dict(skipped.as_dict())

    return run
