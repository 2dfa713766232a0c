"""Manners of a process that serves clients for hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cascode
from cascode_server.service.process import open_background_engine
from cascode_server.settings import Settings
from fake_encoder import FakeModelHandle


@pytest.mark.parametrize(("cores", "asked", "threads"), [(8, 0, 4), (1, 0, 1), (8, 6, 6)])
def test_indexing_takes_half_of_what_the_process_may_use(
    monkeypatch: pytest.MonkeyPatch, cores: int, asked: int, threads: int
) -> None:
    """One at least, and as many as the settings say where they do."""
    monkeypatch.setattr(cascode, "allowed_cores", lambda: cores, raising=False)
    settings = Settings()
    settings = replace(settings, indexing=replace(settings.indexing, threads=asked))
    with open_background_engine(settings, FakeModelHandle()) as engine:
        assert engine._searcher._indexing_threads == threads
