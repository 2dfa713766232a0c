"""Clients and documents list the languages and kinds that the server knows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTS: dict[Path, str] = runpy.run_path(str(ROOT / "scripts/write_lists.py"))["lists"]()


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_lists_are_those_of_the_server(path: Path) -> None:
    """What a client or document lists is what `make generate` writes."""
    assert path.read_text(encoding="utf-8") == LISTS[path], "run 'make generate'"
