"""Vectors and token states of texts, kept side by side."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.store.vector_cache import VectorCache, cache_identity, prune_vectors, text_key

KEYS = [text_key(text) for text in ("a", "b", "c")]
VECTORS = np.eye(3, 4, dtype=np.float32)
STATES = [b"state of a", b"state of b", b"state of c"]


def tables(path: Path) -> list[int]:
    """Rows of vectors and of states."""
    connection = sqlite3.connect(path)
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("vectors", "states")]
    connection.close()
    return counts


def test_a_vector_is_known_only_beside_its_states(tmp_path: Path) -> None:
    """Where the model keeps states, a text that has none is encoded again; where it keeps none, a vector is enough."""
    path = tmp_path / "vectors.sqlite3"
    with VectorCache(path, "model", 4) as plain:
        plain.put(KEYS[:2], VECTORS[:2])
        assert plain.known(KEYS) == set(KEYS[:2])
    with VectorCache(path, "model", 4, with_states=True) as cache:
        assert cache.known(KEYS) == set()
        cache.put(KEYS[1:], VECTORS[1:], STATES[1:])
        assert cache.known(KEYS) == set(KEYS[1:])
        assert cache.get_states(KEYS) == dict(zip(KEYS[1:], STATES[1:], strict=True))


def test_states_of_another_model_are_not_found(tmp_path: Path) -> None:
    """They belong to one model, as vectors do."""
    path = tmp_path / "vectors.sqlite3"
    with VectorCache(path, "first", 4, with_states=True) as first:
        first.put(KEYS, VECTORS, STATES)
    with VectorCache(path, "other", 4, with_states=True) as other:
        assert other.get_states(KEYS) == {}
        assert other.known(KEYS) == set()


def test_states_go_with_their_vectors(tmp_path: Path) -> None:
    """Pruning leaves neither behind; what an index refers to keeps both."""
    path = tmp_path / "vectors.sqlite3"
    with VectorCache(path, "model", 4, with_states=True) as cache:
        cache.put(KEYS, VECTORS, STATES)
    assert prune_vectors(path, {KEYS[0]}, unused_days=0) == 2
    assert tables(path) == [1, 1]
    with VectorCache(path, "model", 4, with_states=True) as cache:
        assert cache.known(KEYS) == {KEYS[0]}


def test_states_and_vectors_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    """One that cannot be written takes the others of its call along."""
    path = tmp_path / "vectors.sqlite3"
    with VectorCache(path, "model", 4, with_states=True) as cache:
        with pytest.raises(ValueError, match="states of 3 texts"):
            cache.put(KEYS, VECTORS, STATES[:2])
        unwritable: list[bytes] = [*STATES[:2], object()]  # type: ignore[list-item]
        with pytest.raises(sqlite3.Error):
            cache.put(KEYS, VECTORS, unwritable)
        assert cache.known(KEYS) == set()
    assert tables(path) == [0, 0]


def test_a_cache_that_takes_anothers_place_has_another_identity(tmp_path: Path) -> None:
    """It is read without opening the cache for writing; none where there is no cache."""
    path = tmp_path / "vectors.sqlite3"
    assert cache_identity(path) is None
    assert not path.exists()
    with VectorCache(path, "model", 4) as cache:
        first = cache.identity
    assert cache_identity(path) == first
    path.unlink()
    VectorCache(path, "model", 4).close()
    assert cache_identity(path) not in (None, first)


def test_what_comes_back_into_use_while_the_cache_is_pruned_stays(tmp_path: Path) -> None:
    """Another process has switched to a branch that nobody visited for a month."""
    path = tmp_path / "vectors.sqlite3"
    with VectorCache(path, "model", 4, with_states=True) as cache:
        cache.put(KEYS, VECTORS, STATES)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE vectors SET used_day = used_day - 40")
        connection.close()

        class Referenced(set[bytes]):
            """Nothing; to look is when the other process comes."""

            def __contains__(self, key: object) -> bool:
                cache.touch([KEYS[1]])
                return False

        assert prune_vectors(path, Referenced(), unused_days=30) == 3
        assert cache.known(KEYS) == {KEYS[1]}
    assert tables(path) == [1, 1]
