"""Vectors in memory, brought up to date with what the store says."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import vector_cache_path
from cascode_indexer.search import vectors
from cascode_indexer.search.vectors import WorkspaceVectors
from cascode_indexer.vectors import VectorIndex
from cascode_indexer.vectors.cpu import CpuIndex
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.workspace import Workspace
from fake_encoder import FakeEncoder, FakeModelHandle


@pytest.fixture
def workspace(tmp_path: Path, index_folder: Path) -> Iterator[Workspace]:
    """Two functions, indexed."""
    (tmp_path / "a.py").write_text("def one():\n    return 1\n\n\ndef two():\n    return 2\n", encoding="utf-8")
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        engine.update()
        (workspace,) = engine.workspaces
        yield workspace


def opened(workspace: Workspace) -> WorkspaceVectors:
    """The vectors of a workspace as the next process reads them."""
    index, model = workspace.index, FakeModelHandle().get()
    return WorkspaceVectors(
        workspace.location, index.store, index.cache(), fingerprint=model.fingerprint, dimension=model.dimension
    )


def test_vectors_that_the_cache_lost_are_named(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """Those alone, once; while nothing is lost nothing is said."""
    whole = opened(workspace)
    assert len(whole.refresh()) == 2
    assert whole.lost == []
    assert not caplog.records
    workspace.location.vectors.unlink(missing_ok=True)
    with sqlite3.connect(vector_cache_path()) as database:
        database.execute("DELETE FROM vectors WHERE key = (SELECT min(key) FROM vectors)")
    with caplog.at_level(logging.WARNING):
        damaged = opened(workspace)
        assert len(damaged.refresh()) == 1
    (lost,) = damaged.lost
    assert lost in workspace.store.encoded_passages()
    assert "vectors missing from the vector cache, to be encoded again: 1" in caplog.text


def test_what_did_not_change_is_not_compared_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search asks: the list of all passages is read where the store has another version."""
    kept = opened(workspace)
    first = kept.refresh()
    monkeypatch.setattr(kept, "_reconcile", None)
    assert kept.refresh() is first


def test_vectors_of_another_model_are_none_of_this_one(workspace: Workspace) -> None:
    """All are gone until they are encoded again, and none is lost."""
    index = workspace.index
    other = WorkspaceVectors(
        workspace.location, index.store, index.cache(), fingerprint="another", dimension=FakeEncoder().dimension
    )
    assert len(other.refresh()) == 0
    assert other.lost == []


def test_an_index_that_was_outgrown_is_replaced_by_its_writer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists of a larger one are trained on a sample of its vectors; what came and went meanwhile is not lost."""
    first, second = workspace.store.encoded_passages()
    build, samples = vectors.build_index, []
    kept = opened(workspace)
    flat = kept.refresh()
    _, held = flat.lookup(np.array([first, second]))

    def built(dimension: int, count: int, sample: Callable[[], Vectors], *, gpu: bool) -> VectorIndex:
        samples.append(sample())
        workspace.index.writer().mark_encoded([first], encoded=False)
        assert kept.refresh() is flat, "searches go on in what there is"
        return build(dimension, 0, sample, gpu=gpu)

    monkeypatch.setattr(vectors, "build_index", built)
    monkeypatch.setattr(vectors, "has_outgrown", lambda index, count: index is flat and count > 1)
    written: list[Path] = []
    monkeypatch.setattr(vectors, "save_index", lambda *given: written.append(given[1]))
    kept.save(lambda: True)
    assert kept.refresh() is flat, "who is cancelled leaves it"
    workspace.index.writer().mark_encoded([first])
    kept.save()
    assert kept.refresh() is not flat
    assert kept.refresh().ids().tolist() == [second]
    assert kept.refresh().lookup(np.array([second]))[1].tolist() == [held[1].tolist()]
    assert written[-1] == workspace.location.vectors, "however little it holds that the old one did not"
    assert [sample.tolist() for sample in samples] == [held.tolist()] * 2


def test_lists_are_trained_on_a_bounded_sample(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million vectors as a sample would be two gigabytes."""
    monkeypatch.setattr(vectors, "TRAINING_VECTORS", 1)
    monkeypatch.setattr(vectors, "has_outgrown", lambda index, count: index.exact and count > 1)
    samples: list[Vectors] = []

    def built(dimension: int, _count: int, sample: Callable[[], Vectors], *, gpu: bool) -> VectorIndex:
        samples.append(sample())
        return CpuIndex.flat(dimension)

    kept = opened(workspace)
    kept.refresh()
    monkeypatch.setattr(vectors, "build_index", built)
    kept.save()
    assert [len(sample) for sample in samples] == [1]


def test_vectors_are_written_once_and_read_from_their_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not change is not written again; what was written is not asked of the cache."""
    workspace.location.vectors.unlink(missing_ok=True)
    written: list[Path] = []
    kept = opened(workspace)
    save = vectors.save_index
    monkeypatch.setattr(
        vectors,
        "save_index",
        lambda *given: written.append(given[1]) or save(*given),  # type: ignore[func-returns-value]
    )
    kept.save()
    kept.save()
    assert written == [workspace.location.vectors]
    with sqlite3.connect(vector_cache_path()) as database:
        database.execute("DELETE FROM vectors")
    again = opened(workspace)
    assert len(again.refresh()) == 2
    assert again.lost == []
    again.save()
    assert len(written) == 1


def test_little_that_changed_is_not_written(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved file changes a passage or two: the next start reads them from the cache, and finds all the same."""
    kept = opened(workspace)
    kept.save()
    written: list[Path] = []
    monkeypatch.setattr(vectors, "save_index", lambda *given: written.append(given[1]))
    first, second = workspace.store.encoded_passages()
    workspace.index.writer().mark_encoded([first], encoded=False)
    kept.save()
    assert written == []
    assert kept.refresh().ids().tolist() == [second]
    assert opened(workspace).refresh().ids().tolist() == [second]
    monkeypatch.setattr(vectors, "_FEW_CHANGES", 0)
    kept.save()
    assert written == [workspace.location.vectors]


def test_what_a_killed_process_left_is_swept_away(workspace: Workspace) -> None:
    """The half of a file that was being written goes with the next one that is."""
    left = workspace.location.vectors.with_name("vectors.faiss.1.tmp")
    left.write_bytes(b"half of an index")
    workspace.location.vectors.unlink()
    opened(workspace).save()
    assert workspace.location.vectors.exists()
    assert not left.exists()
