"""Packs: what a fresh clone need not encode, what a pack does not say, and what a hostile one cannot do."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from cascode_indexer.engine import Engine
from cascode_indexer.errors import PackError
from cascode_indexer.location import locate, vector_cache_path
from cascode_indexer.maintenance import clean
from cascode_indexer.packs import read_pack, write_pack
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.vector_cache import text_key
from fake_encoder import DIMENSION, FakeEncoder, FakeModelHandle

MODEL: dict[str, Any] = {"fingerprint": "fake-encoder-1", "label": "fake"}
READ: dict[str, Any] = {**MODEL, "dimension": DIMENSION}
Update = Callable[[Path], FakeEncoder]


def unit(rows: int, dimension: int = DIMENSION) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Unit vectors, all different."""
    vectors = np.random.default_rng(0).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def use(root: Path, *packs: Path, encoder: FakeEncoder | None = None) -> FakeEncoder:
    """Take packs in, and bring the index up to date."""
    encoder = encoder or FakeEncoder()
    with Engine([root], model=FakeModelHandle(encoder)) as engine:
        for pack in packs:
            engine.unpack(pack)
        engine.update()
    return encoder


def pack_of(root: Path, path: Path) -> Path:
    """Index a workspace and pack it."""
    with Engine([root], model=FakeModelHandle()) as engine:
        engine.update()
        engine.pack(path)
    return path


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Goes to another machine: nothing is indexed, nothing is encoded there."""

    def move() -> None:
        monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "elsewhere"))

    return move


def test_a_fresh_clone_encodes_only_what_differs(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """With a pack of an older state one new function is encoded, and every other answers by its vector."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    elsewhere()
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    (clone / "new.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
    encoder = use(clone, pack)
    assert len(encoder.encoded_texts) == 1
    assert "weigh_parcel" in encoder.encoded_texts[0]
    with Engine([clone], model=FakeModelHandle()) as engine:
        answer = engine.search(SearchRequest("retry the failed upload"))
        assert "retry_failed_upload" in {hit.name for hit in answer.hits[:2]}
        assert all(hit.probability is not None for hit in answer.hits)
        assert answer.pending == 0
        (status,) = engine.status()
        assert status.packed is not None
        assert "vectors of main.pack (SHA-256 " in status.packed


def test_a_pack_is_believed_for_its_workspace_alone(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """Another workspace with the same functions encodes them itself: nothing of a pack is in the shared cache."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    elsewhere()
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    other = Path(shutil.copytree(workspace, tmp_path / "other"))
    assert use(clone, pack).encoded_texts == []
    rows = sqlite3.connect(vector_cache_path()).execute("SELECT count(*) FROM vectors").fetchone()
    assert rows == (0,)
    assert len(use(other).encoded_texts) > 3
    assert locate(clone).packed.exists()
    assert not locate(other).packed.exists()


def test_what_was_encoded_here_goes_before_a_pack(workspace: Path, tmp_path: Path) -> None:
    """A forged vector does not replace one that this machine has made."""
    use(workspace)
    with Engine([workspace], model=FakeModelHandle()) as engine:
        with engine.workspaces[0].index as index:
            keys = sorted(index.store.all_keys())
            before = index.cache().get(keys)[1]
        write_pack(tmp_path / "forged.pack", keys, unit(len(keys)), **MODEL)
        assert engine.unpack(tmp_path / "forged.pack") == len(keys)
        with engine.workspaces[0].index as index:
            positions, after = index.cache().get(keys)
        assert positions == list(range(len(keys)))
        assert np.array_equal(before, after)


def test_vectors_of_both_sources_come_in_the_order_asked(workspace: Path, tmp_path: Path) -> None:
    """Keys of the shared cache, of a pack and of neither may be asked in any order."""
    ours, packed = [text_key(f"own {at}") for at in range(3)], [text_key(f"packed {at}") for at in range(3)]
    vectors = unit(6)
    write_pack(tmp_path / "a.pack", packed, vectors[3:], **MODEL)
    with Engine([workspace], model=FakeModelHandle()) as engine:
        engine.unpack(tmp_path / "a.pack")
        with engine.workspaces[0].index as index:
            cache = index.cache()
            cache.put(ours, vectors[:3])
            asked = [packed[1], ours[2], text_key("neither"), packed[0], ours[0]]
            positions, found = cache.get(asked)
            assert positions == [0, 1, 3, 4]
            assert np.allclose(found, vectors[[4, 2, 3, 0]], atol=2e-3)
            assert cache.known(asked) == set(asked) - {text_key("neither")}


def test_a_pack_holds_no_source_and_has_one_checksum(workspace: Path, tmp_path: Path) -> None:
    """Neither text nor name nor path of the workspace is in the file, only its addresses and vectors."""
    first, second = (pack_of(workspace, tmp_path / f"{number}.pack") for number in range(2))
    assert read_pack(first, **READ).digest == read_pack(second, **READ).digest
    content = first.read_bytes()
    for word in (b"retry", b"upload", b"src/", str(workspace).encode()):
        assert word not in content
    assert set(load_file(first)) == {"keys", "vectors"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def forged(path: Path, *, about: dict[str, str] | None = None, **tensors: Any) -> Path:
    """A pack with something else in it than it should have."""
    keys = np.frombuffer(b"".join(text_key(str(at)) for at in range(4)), dtype=np.uint8).reshape(4, 16)
    held = {"keys": keys, "vectors": unit(4).astype(np.float16)} | tensors
    held = {name: tensor for name, tensor in held.items() if tensor is not None}
    checksum = hashlib.sha256(b"".join(held[name].tobytes() for name in ("keys", "vectors") if name in held))
    named = {"format": "cascode-pack", "version": "2", "model": "fake-encoder-1", "sha256": checksum.hexdigest()}
    save_file(held, path, metadata=named | (about or {}))
    return path


def test_the_forged_packs_of_these_tests_would_be_right_but_for_one_thing(tmp_path: Path) -> None:
    """Untouched, it is read."""
    assert len(read_pack(forged(tmp_path / "right"), **READ).keys) == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"about": {"format": "pt"}}, "no pack of this version"),
        ({"about": {"version": "1"}}, "no pack of this version"),
        ({"about": {"sha256": "0" * 64}}, "checksum"),
        ({"about": {"sha256": ""}}, "checksum"),
        ({"vectors": unit(4) * 2}, "float32"),
        ({"vectors": (unit(4) * 2).astype(np.float16)}, "length 1"),
        ({"vectors": np.full((4, DIMENSION), np.nan, dtype=np.float16)}, "length 1"),
        ({"vectors": np.full((4, DIMENSION), np.inf, dtype=np.float16)}, "length 1"),
        ({"vectors": np.zeros((4, DIMENSION), dtype=np.float16)}, "length 1"),
        ({"vectors": unit(4, 32).astype(np.float16)}, "[4, 32]"),
        ({"vectors": unit(5).astype(np.float16)}, f"[5, {DIMENSION}]"),
        ({"keys": np.zeros((4, 15), dtype=np.uint8)}, "[4, 15]"),
        ({"keys": np.zeros((4, 16), dtype=np.int64)}, "int64"),
        ({"keys": np.zeros(64, dtype=np.uint8)}, "[64]"),
        ({"keys": None}, "other things"),
        ({"more": np.zeros(1, dtype=np.uint8)}, "other things"),
    ],
)
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")
def test_a_forged_pack_is_refused(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    """Whatever is wrong is named in one line, and nothing of the file is kept."""
    path = forged(tmp_path / "forged.pack", **changes)
    with pytest.raises(PackError) as caught:
        read_pack(path, **READ)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


class _Bomb:
    """Would run a command where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("open('exploded', 'w')",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        b"\xff" * 64,
        (2**63 - 1).to_bytes(8, "little") + b"{}",
        (64).to_bytes(8, "little") + b'{"keys":{"dtype":"U8","shape":[4,16],"data_offsets":[0,9999]}}  ',
        (64).to_bytes(8, "little") + b'{"keys":{"dtype":"U8","shape":[99999999999],"data_offsets":[0,0]}',
        pickle.dumps(_Bomb()),
        b"SQLite format 3\x00" + b"\x00" * 100,
        b"PK\x03\x04" + b"../../../etc/passwd" * 9,
    ],
    ids=["empty", "short", "noise", "huge header", "past the end", "huge shape", "pickle", "database", "archive"],
)
def test_a_file_that_is_no_pack_is_one_line(
    content: bytes, tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is executed, nothing is kept, and the line says what to do."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.pack"
    path.write_bytes(content)
    with Engine([workspace], model=FakeModelHandle()) as engine, pytest.raises(PackError, match=r"x\.pack is no pack"):
        engine.unpack(path)
    assert not (tmp_path / "exploded").exists()
    assert not locate(workspace).packed.exists()


def test_a_cut_pack_is_refused(workspace: Path, tmp_path: Path) -> None:
    """Wherever a download ended: a part of a pack is none."""
    whole = pack_of(workspace, tmp_path / "main.pack").read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 23)):
        (tmp_path / "cut.pack").write_bytes(whole[:length])
        with pytest.raises(PackError):
            read_pack(tmp_path / "cut.pack", **READ)


def test_a_flipped_bit_is_refused(workspace: Path, tmp_path: Path) -> None:
    """Anywhere in keys and vectors."""
    whole = bytearray(pack_of(workspace, tmp_path / "main.pack").read_bytes())
    for at in range(len(whole) - 1, len(whole) // 2, -max(1, len(whole) // 31)):
        whole[at] ^= 1
        (tmp_path / "flipped.pack").write_bytes(whole)
        with pytest.raises(PackError):
            read_pack(tmp_path / "flipped.pack", **READ)
        whole[at] ^= 1


def test_a_pack_of_another_model_is_one_line(workspace: Path, tmp_path: Path) -> None:
    """Both models are named, and what to do."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    with Engine([workspace], model=FakeModelHandle(FakeEncoder("fake-encoder-2"))) as engine:
        with pytest.raises(PackError) as caught:
            engine.unpack(pack)
        assert "was made with the model fake-encoder-1 (fake-encoder-1), and fake-encoder-2" in str(caught.value)
        assert "--model" in str(caught.value)
        assert not locate(workspace).packed.exists()


def test_missing_files_and_folders_are_one_line(workspace: Path, tmp_path: Path) -> None:
    """A pack that is not there, one that cannot be written, and an index without a vector."""
    with Engine([workspace], model=FakeModelHandle()) as engine:
        with pytest.raises(PackError, match="there is no pack"):
            engine.unpack(tmp_path / "missing.pack")
        with pytest.raises(PackError, match="run 'cascode index' first"):
            engine.pack(tmp_path / "x.pack")
        engine.update()
        with pytest.raises(PackError, match="cannot be written"):
            engine.pack(tmp_path / "no folder" / "x.pack")
    assert not (tmp_path / "x.pack").exists()


def test_a_damaged_file_of_packs_costs_an_encoding_and_no_answer(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """It is put aside like every file of an index, and what it held is encoded."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    elsewhere()
    use(workspace, pack)
    locate(workspace).packed.write_bytes(b"no database" * 1000)
    locate(workspace).vectors.unlink()
    encoder = use(workspace)
    with Engine([workspace], model=FakeModelHandle(encoder)) as engine:
        engine.update()
        answer = engine.search(SearchRequest("retry the failed upload"))
        assert "retry_failed_upload" in {hit.name for hit in answer.hits[:2]}


def test_what_a_lost_pack_brought_is_encoded_here(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """Its vectors may still stand in the index in memory; the token states of its texts stood in the pack alone."""
    with Engine([workspace], model=FakeModelHandle(FakeEncoder(states=True))) as engine:
        engine.update()
        engine.pack(tmp_path / "main.pack")
    elsewhere()
    assert use(workspace, tmp_path / "main.pack", encoder=FakeEncoder(states=True)).encoded_texts == []
    locate(workspace).packed.unlink()
    assert len(use(workspace, encoder=FakeEncoder(states=True)).encoded_texts) > 3
    assert use(workspace, encoder=FakeEncoder(states=True)).encoded_texts == []


def test_a_pack_passes_nothing_on_that_came_from_elsewhere(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """Forged or not: what a pack brought is not in the next one, and how much that is is said."""
    with Engine([workspace], model=FakeModelHandle(FakeEncoder(states=True))) as engine:
        engine.update()
        first = engine.pack(tmp_path / "first.pack")
    assert first.vectors > 3
    assert first.foreign == 0
    elsewhere()
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    with Engine([clone], model=FakeModelHandle(FakeEncoder(states=True))) as engine:
        engine.unpack(tmp_path / "first.pack")
        engine.update()
        with pytest.raises(PackError, match=r"all vectors of .* came from a pack or a team's index"):
            engine.pack(tmp_path / "second.pack")
        assert not (tmp_path / "second.pack").exists()
        (clone / "new.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
        engine.update()
        second = engine.pack(tmp_path / "second.pack")
    assert (second.vectors, second.foreign) == (1, first.vectors)
    assert len(read_pack(tmp_path / "second.pack", **READ, state_bytes=4).keys) == 1


def test_a_pack_is_complete_or_there_is_none(workspace: Path, tmp_path: Path) -> None:
    """Where something is not encoded yet, since an update was stopped or another process is at it, a line says so."""
    with Engine([workspace], model=FakeModelHandle()) as engine:
        engine.update()
        (workspace / "new.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
        engine.workspaces[0].scan(lambda updater: updater.scan(), None, None)
        with pytest.raises(PackError, match=r"1 of \d+ vectors of .* are missing still: run 'cascode index', or wait"):
            engine.pack(tmp_path / "main.pack")
        assert not (tmp_path / "main.pack").exists()


def packed_keys(root: Path) -> set[tuple[str, bytes]]:
    """Models and addresses of what packs brought."""
    with contextlib.closing(sqlite3.connect(locate(root).packed)) as database:
        found = database.execute("SELECT fingerprint, key FROM vectors JOIN models ON models.id = model_id").fetchall()
    return set(found)


def age_packed(root: Path, days: int) -> None:
    """Let what packs brought be older."""
    with contextlib.closing(sqlite3.connect(locate(root).packed)) as database, database:
        database.execute("UPDATE vectors SET used_day = used_day - ?", (days,))


def test_what_packs_brought_does_not_pile_up(workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]) -> None:
    """Of another model it goes with the next pack; of texts that are gone after a month; what is there stays."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    elsewhere()
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    use(clone, pack)
    kept = packed_keys(clone)
    gone = [text_key("gone")]
    write_pack(tmp_path / "gone.pack", gone, unit(1), **MODEL)
    write_pack(tmp_path / "other.pack", gone, unit(1), fingerprint="other-1", label="other")
    with Engine([clone], model=FakeModelHandle(FakeEncoder("other-1"))) as engine:
        engine.unpack(tmp_path / "other.pack")
    assert packed_keys(clone) == {("other-1", gone[0])}, "another model's are of no use"
    use(clone, pack, tmp_path / "gone.pack")
    assert packed_keys(clone) == kept | {("fake-encoder-1", gone[0])}, "a branch may come back"
    age_packed(clone, 31)
    use(clone, pack)
    assert packed_keys(clone) == kept


def test_cleaning_removes_what_packs_brought_of_texts_that_are_gone(
    workspace: Path, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """As it removes the vectors that were made here, after the same month."""
    pack = pack_of(workspace, tmp_path / "main.pack")
    elsewhere()
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    use(clone, pack)
    kept = packed_keys(clone)
    write_pack(tmp_path / "gone.pack", [text_key("gone")], unit(1), **MODEL)
    use(clone, tmp_path / "gone.pack")
    assert clean(None).vectors == 0
    age_packed(clone, 31)
    assert clean(None).vectors == 1
    assert packed_keys(clone) == kept
    assert use(clone).encoded_texts == []
