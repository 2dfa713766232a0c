"""Weights that are replaced under a running process: it lets a model go, and loads another one the next time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import vector_cache_path
from cascode_indexer.search.types import SearchRequest
from fake_encoder import FakeEncoder, FakeModelHandle
from running import PATIENCE
from shop_workspace import MAIL, root

__all__ = ["root"]


@pytest.fixture
def handle() -> FakeModelHandle:
    """A model that keeps token states."""
    return FakeModelHandle(FakeEncoder(states=True))


@pytest.fixture
def engine(root: Path, handle: FakeModelHandle) -> Iterator[Engine]:
    """The shop, indexed, one of its files open."""
    with Engine([root], model=handle) as engine:
        engine.update()
        engine.set_overlay(root / "mail.py", MAIL)
        assert engine.search(SearchRequest("send a mail")).hits[0].name == "send_mail"
        yield engine


def replace_weights(handle: FakeModelHandle, encoder: FakeEncoder) -> None:
    """Let the model go, as after minutes without a question, and have another one in its place."""
    handle.idle_seconds = 0.0
    until = time.monotonic() + PATIENCE
    while handle.current is not None:
        assert time.monotonic() < until
        time.sleep(0.001)
    handle.idle_seconds = None
    handle.encoder = encoder


def rows_by_model() -> dict[str, int]:
    """How many vectors the shared cache holds of each model."""
    with sqlite3.connect(vector_cache_path()) as database:
        return dict(
            database.execute(
                "SELECT models.fingerprint, count(*) FROM vectors JOIN models ON models.id = vectors.model_id "
                "GROUP BY models.fingerprint"
            ).fetchall()
        )


@pytest.mark.parametrize("dimension", [64, 256], ids=["narrower", "as wide"])
def test_vectors_of_two_models_never_meet(
    engine: Engine, handle: FakeModelHandle, dimension: int, index_folder: Path
) -> None:
    """The next question is answered by words, the next update encodes everything for the new model, and it alone."""
    before = rows_by_model()
    replace_weights(handle, FakeEncoder("fake-encoder-2", dimension=dimension, states=True))
    answer = engine.search(SearchRequest("add an item to the cart"))
    assert answer.hits[0].name == "Cart.add"
    assert (answer.state, answer.pending > 0) == ("indexing", True)
    assert engine.update()[0].encoded > 0
    (workspace,) = engine.workspaces
    assert len(workspace.vectors().refresh()) == len(workspace.store.encoded_passages()) > 0
    assert engine.status()[0].model == "fake-encoder-2"
    now = rows_by_model()
    assert now["fake-encoder-1"] == before["fake-encoder-1"]
    assert now["fake-encoder-2"] == len(workspace.store.encoded_passages())
    assert engine.search(SearchRequest("add an item to the cart")).state == "ready"


def test_a_buffer_is_encoded_again_by_the_new_model(engine: Engine, root: Path, handle: FakeModelHandle) -> None:
    """What is open and not saved has vectors of the model that reads the question."""
    newer = FakeEncoder("fake-encoder-2", dimension=64, states=True)
    engine.set_overlay(root / "mail.py", MAIL.replace("def queue_mail", "def keep_mail"))
    engine.refresh_overlays()
    replace_weights(handle, newer)
    handle.get()
    engine.refresh_overlays()
    assert any("keep_mail" in text for text in newer.encoded_texts)
    (file,) = engine._overlays.of(root)
    assert {vector.shape for vector in file.vectors.values()} == {(64,)}


def test_going_back_finds_what_was_encoded(engine: Engine, handle: FakeModelHandle, index_folder: Path) -> None:
    """Each model's vectors stay in the cache."""
    replace_weights(handle, FakeEncoder("fake-encoder-2", states=True))
    handle.get()
    engine.update()
    older = FakeEncoder(states=True)
    replace_weights(handle, older)
    handle.get()
    engine.update()
    assert older.encoded_texts == []
    (workspace,) = engine.workspaces
    assert len(workspace.vectors().refresh()) == len(workspace.store.encoded_passages()) > 0
