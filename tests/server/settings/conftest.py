"""A configuration folder and a workspace of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file, not written yet."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("CASCODE_CONFIG_DIR", str(folder))
    return folder / "cascode.toml"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace without a file of settings."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder
