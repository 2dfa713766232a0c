"""One suite for every kind of vector index."""

from __future__ import annotations

import errno
import io
import logging
import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from cascode_indexer.vectors import VectorIndex, build_index, file, has_outgrown
from cascode_indexer.vectors.cpu import LARGEST_FLAT, CpuIndex
from cascode_indexer.vectors.file import load_index, save_index, snapshot
from cascode_indexer.vectors.gpu import AppendOnlyIndex
from cascode_indexer.vectors.library import has_gpu

DIMENSION = 32


def unit(count: int, seed: int = 0) -> np.ndarray:
    """Random unit vectors ``[count, DIMENSION]``."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def on_gpu() -> VectorIndex:
    """The real GPU index, where there is a GPU."""
    if not has_gpu():
        pytest.skip("no GPU for FAISS on this machine")
    return AppendOnlyIndex.on_gpu(DIMENSION)


def inverted() -> CpuIndex:
    """Inverted lists, every list probed so that answers are exact."""
    index = CpuIndex.with_inverted_lists(unit(400, seed=9), lists=8)
    index.raw.nprobe = 8
    return index


KINDS: dict[str, Callable[[], VectorIndex]] = {
    "flat": lambda: CpuIndex.flat(DIMENSION),
    "inverted": inverted,
    # The rules of the GPU index (append, tombstone, compact) over a flat CPU index.
    "append-only": lambda: AppendOnlyIndex(DIMENSION, lambda: faiss.IndexFlatIP(DIMENSION)),
    "gpu": on_gpu,
}


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.gpu if kind == "gpu" else ()) for kind in KINDS])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    """An empty index of each kind."""
    return KINDS[request.param]()


def test_an_empty_index_answers_with_no_ids(index: VectorIndex) -> None:
    """Before anything is added every neighbour is -1."""
    ids, _ = index.search(unit(2), 3)
    assert ids.tolist() == [[-1] * 3] * 2
    assert len(index) == 0


def test_each_vector_finds_itself_first(index: VectorIndex) -> None:
    """Ids are the caller's and scores are cosines, best first."""
    vectors = unit(200)
    index.add(np.arange(200) * 7 + 3, vectors)
    ids, scores = index.search(vectors, 5)
    assert (ids[:, 0] == np.arange(200) * 7 + 3).all()
    assert np.allclose(scores[:, 0], 1, atol=2e-3)
    assert (np.diff(scores, axis=1) <= 1e-6).all()


def test_the_order_is_that_of_the_exact_inner_product(index: VectorIndex) -> None:
    """Rounding to float16 may swap near ties only."""
    vectors, queries = unit(300), unit(20, seed=1)
    index.add(np.arange(300), vectors)
    ids, scores = index.search(queries, 10)
    exact = queries @ vectors.T
    assert np.allclose(np.take_along_axis(exact, ids, axis=1), scores, atol=2e-3)
    assert np.allclose(scores[:, 0], exact.max(axis=1), atol=2e-3)


def test_removed_ids_never_answer_again(index: VectorIndex) -> None:
    """Removal is by id, survives later additions and leaves the others right."""
    vectors = unit(300)
    index.add(np.arange(300), vectors)
    index.remove(np.arange(0, 300, 3))
    index.remove(np.array([999_999]))
    index.add(np.array([1000]), vectors[0:1])
    ids, _ = index.search(vectors, 50)
    assert len(index) == 201
    assert not set(ids.ravel().tolist()) & set(range(0, 300, 3))
    kept = np.setdiff1d(np.arange(300), np.arange(0, 300, 3))
    assert (ids[kept, 0] == kept).all()
    assert ids[0, 0] == 1000
    assert index.ids().tolist() == sorted([*kept.tolist(), 1000])


def test_a_filter_lets_only_allowed_ids_answer(index: VectorIndex) -> None:
    """The best k among the allowed are returned, however narrow the filter."""
    vectors = unit(300)
    index.add(np.arange(300), vectors)
    allowed = np.array([5, 17, 250])
    ids, scores = index.search(unit(4, seed=2), 5, allowed)
    assert all(set(row[:3]) == {5, 17, 250} and set(row[3:]) == {-1} for row in ids.tolist())
    assert (np.diff(scores[:, :3], axis=1) <= 0).all()
    none, _ = index.search(unit(1), 2, np.zeros(0, dtype=np.int64))
    assert none.tolist() == [[-1, -1]]


def test_a_lookup_gives_the_vectors_of_the_ids_that_are_held(index: VectorIndex) -> None:
    """In the order asked for; ids that were removed or never added are left out."""
    vectors = unit(50)
    index.add(np.arange(50) + 100, vectors)
    index.remove(np.array([103]))
    ids, found = index.lookup(np.array([149, 103, 7, 100, -1, 110]))
    assert ids.tolist() == [149, 100, 110]
    assert found.shape == (3, DIMENSION)
    assert np.allclose(found, vectors[[49, 0, 10]], atol=1e-3)
    nothing, none = index.lookup(np.array([1, 2]))
    assert (nothing.tolist(), none.shape) == ([], (0, DIMENSION))
    assert index.lookup(np.zeros(0, dtype=np.int64))[1].shape == (0, DIMENSION)


def test_a_lookup_costs_the_same_in_a_large_index(index: VectorIndex) -> None:
    """Nearly every search looks some ids up: a thousand times the vectors must not cost more."""

    def seconds() -> float:
        best = float("inf")
        for _ in range(20):
            started = time.perf_counter()
            index.lookup(np.arange(90, 110))  # half of them held
            best = min(best, time.perf_counter() - started)
        return best

    index.add(np.arange(100), unit(100))
    small = seconds()
    shuffled = np.random.default_rng(0).permutation(100_000) + 1000
    index.add(shuffled, unit(len(shuffled), seed=1))
    # Listing and sorting the ids would take fifteen times as long; three times is the noise of a busy machine.
    assert seconds() < 3 * small


@pytest.mark.parametrize("shape", [(3, DIMENSION - 1), (DIMENSION,), (2, 2, DIMENSION)])
def test_a_wrong_shape_is_refused_with_the_shape(index: VectorIndex, shape: tuple[int, ...]) -> None:
    """FAISS would fail on a bare assert, or read past the end."""
    with pytest.raises(ValueError, match=str(DIMENSION)):
        index.add(np.arange(shape[0]), np.zeros(shape, dtype=np.float32))


def test_repeated_ids_are_refused(index: VectorIndex) -> None:
    """Two vectors under one id could not be distinguished when one is removed."""
    with pytest.raises(ValueError, match="distinct"):
        index.add(np.array([1, 1]), unit(2))


def test_many_removals_compact_the_append_only_index() -> None:
    """Tombstones are bounded, so that a search always has room for its k neighbours."""
    index = AppendOnlyIndex(DIMENSION, lambda: faiss.IndexFlatIP(DIMENSION))
    vectors = unit(3000)
    index.add(np.arange(3000), vectors)
    index.remove(np.arange(1000))
    assert index.tombstones == 1000
    index.remove(np.arange(1000, 1100))
    assert index.tombstones == 0
    ids, _ = index.search(vectors[2000:2010], 1)
    assert ids[:, 0].tolist() == list(range(2000, 2010))


def test_the_kind_follows_the_size() -> None:
    """Exact while that is fast, inverted lists beyond, with room between the two borders."""
    small = build_index(DIMENSION, 100, lambda: pytest.fail("a flat index needs no training"))
    assert isinstance(small, CpuIndex)
    assert small.exact
    assert not has_outgrown(small, LARGEST_FLAT)
    assert has_outgrown(small, LARGEST_FLAT + 1)
    lists = inverted()
    assert not has_outgrown(lists, LARGEST_FLAT - 1)
    assert has_outgrown(lists, 10)


@pytest.mark.parametrize("kind", ["flat", "inverted"])
def test_a_saved_index_comes_back_whole(kind: str, tmp_path: Path) -> None:
    """Ids, vectors and the right to remove survive the disk, as they were when copied; the file is its owner's."""
    index = KINDS[kind]()
    assert isinstance(index, CpuIndex)
    index.add(np.arange(50), unit(50))
    path = tmp_path / "vectors.faiss"
    copied = snapshot(index)
    index.remove(np.arange(20))
    save_index(copied, path, "model-a")
    assert path.stat().st_mode & 0o077 == 0
    again = load_index(path, "model-a", DIMENSION)
    assert again is not None
    assert again.exact == index.exact
    assert again.lookup(np.arange(50))[1].tolist() == copied.lookup(np.arange(50))[1].tolist()
    again.remove(np.array([7]))
    assert again.ids().tolist() == [number for number in range(50) if number != 7]


def test_a_full_disk_leaves_the_index_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """FAISS writes by way of a callback: a disk that is full there is one line, and no half a file is left."""
    path = tmp_path / "vectors.faiss"
    index = CpuIndex.flat(DIMENSION)
    save_index(index, path, "model-a")
    index.add(np.arange(50), unit(50))

    class Full(io.BytesIO):
        def write(self, _part: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file, "_open_private", lambda temporary: temporary.touch() or Full())
    save_index(index, path, "model-a")
    assert "was not saved" in caplog.text
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "vectors.faiss.json"]
    again = load_index(path, "model-a", DIMENSION)
    assert again is not None
    assert len(again) == 0


@pytest.mark.parametrize("cut", [0, 1, 40, 0.5, 0.999])
def test_a_truncated_index_is_not_read(tmp_path: Path, cut: float, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged file gives None and a logged reason, never a crash inside FAISS."""
    index = CpuIndex.flat(DIMENSION)
    index.add(np.arange(50), unit(50))
    path = tmp_path / "vectors.faiss"
    save_index(snapshot(index), path, "model-a")
    data = path.read_bytes()
    path.write_bytes(data[: int(cut if cut >= 1 else cut * len(data))])
    with caplog.at_level(logging.WARNING):
        assert load_index(path, "model-a", DIMENSION) is None
    assert "rebuilding" in caplog.text


def test_an_index_of_another_model_is_not_read(tmp_path: Path) -> None:
    """Vectors of two models never mix, even when they are equally wide."""
    index = CpuIndex.flat(DIMENSION)
    save_index(snapshot(index), tmp_path / "vectors.faiss", "model-a")
    assert load_index(tmp_path / "vectors.faiss", "model-b", DIMENSION) is None
    assert load_index(tmp_path / "vectors.faiss", "model-a", DIMENSION + 1) is None
    assert load_index(tmp_path / "missing.faiss", "model-a", DIMENSION) is None
