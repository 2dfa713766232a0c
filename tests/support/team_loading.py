"""Loads repositories of tests into a team's index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cascode_team.loading.load import Loader
from cascode_team.loading.local import LocalWorkers
from cascode_team.loading.types import LoadReport, Place
from fake_encoder import FakeEncoder, FakeModelHandle


def write_repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a repository that git does not know."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def load(connection: Any, *folders: Path, encoder: FakeEncoder | None = None, sources: bool = True) -> list[LoadReport]:
    """Load folders, each under its name."""
    workers = LocalWorkers(FakeModelHandle(encoder))
    loader = Loader(connection, workers, sources=sources, on_progress=lambda _: None)
    return list(loader.load([Place(folder.name, str(folder)) for folder in folders]))
