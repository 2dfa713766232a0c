"""Passages whose vectors the cache has already: a branch that was there before, a copy, another version's index."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.indexing import update
from cascode_indexer.indexing.update import Updater
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache
from fake_encoder import FakeEncoder

FUNCTIONS = 5


class Refuses(FakeEncoder):
    """Nothing is encoded twice."""

    def encode_definitions(self, texts: object) -> object:  # type: ignore[override]
        """Fail the test."""
        pytest.fail(f"encoded again: {texts}")


def test_vectors_that_are_known_are_noted_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted is found at once, and who ends it loses nothing: the rest is noted the next time."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "a.py").write_text("".join(f"def made_{number}(): pass\n" for number in range(FUNCTIONS)), encoding="utf-8")
    encoder = FakeEncoder()
    with VectorCache(tmp_path / "vectors.sqlite", encoder.fingerprint, encoder.dimension) as cache:
        first = Store(tmp_path / "first.sqlite")
        updater = Updater(root, first, max_file_bytes=100_000)
        updater.scan()
        assert updater.encode(encoder, cache)[0] == FUNCTIONS
        first.close()
        monkeypatch.setattr(update, "_KNOWN_A_BATCH", 2)
        again = Store(tmp_path / "again.sqlite")
        updater = Updater(root, again, max_file_bytes=100_000)
        updater.scan()
        assert again.counts().pending == FUNCTIONS
        # Ended once two are noted.
        updater.cancelled = lambda: again.counts().pending < FUNCTIONS
        assert updater.encode(Refuses(), cache)[0] == 0
        assert again.counts().pending == FUNCTIONS - 2
        updater.cancelled = lambda: False
        assert updater.encode(Refuses(), cache)[0] == 0
        assert again.counts().pending == 0
        again.close()
