"""What is asked about first is encoded first."""

from __future__ import annotations

import os
from pathlib import Path

from cascode_indexer.engine import Engine
from cascode_indexer.indexing.order import encoding_order
from cascode_indexer.store.passages import passage_id
from cascode_indexer.store.types import PendingPassage
from fake_encoder import FakeModelHandle, fake_model

__all__ = ["fake_model"]


def pending(*rows: tuple[str, int, int], place: int = 0) -> list[PendingPassage]:
    """Passages of texts of files, each with its length and the time of its file."""
    return [
        PendingPassage(passage_id(number, place), number.to_bytes(2, "big"), length, path, time)
        for number, (path, length, time) in enumerate(rows, 1)
    ]


def order(texts: list[PendingPassage], *opened: str) -> list[str]:
    """Paths in the order in which they are encoded."""
    return [text.path for text in encoding_order(texts, opened)]


def test_tests_and_examples_come_last() -> None:
    """However short and however new they are."""
    texts = pending(("tests/test_a.py", 1, 99), ("examples/b.py", 1, 99), ("src/long.py", 900, 1))
    assert order(texts)[0] == "src/long.py"


def test_open_files_come_first_and_then_their_neighbours() -> None:
    """A test that is open is asked about as well."""
    old = [(f"lib/old_{number}.py", 1, 50) for number in range(250)]
    texts = pending(*old, ("src/beside.py", 900, 1), ("src/open.py", 900, 1), ("tests/test_open.py", 900, 1))
    found = order(texts, "src/open.py", "tests/test_open.py")
    assert found[:2] == ["src/open.py", "tests/test_open.py"]
    assert found.index("src/beside.py") < 210
    assert order(texts)[-2:] != found[-2:]


def test_files_that_changed_lately_come_before_older_ones() -> None:
    """The 200 newest files, whatever the length of what they hold."""
    texts = pending(*((f"src/a_{number:03}.py", 1, number) for number in range(300)), ("src/new.py", 900, 1_000))
    found = order(texts)
    assert found.index("src/new.py") == 199
    assert found.index("src/a_000.py") > found.index("src/a_299.py")


def test_the_shortest_come_first_among_equals() -> None:
    """A batch holds texts of one length."""
    assert order(pending(("a.py", 30, 1), ("b.py", 10, 1), ("c.py", 20, 1))) == ["b.py", "c.py", "a.py"]


def test_beginnings_come_before_the_rest_of_long_texts() -> None:
    """Even the shortest rest of an open file comes after every beginning."""
    found = encoding_order([*pending(("a.py", 1, 1), place=1), *pending(("tests/test_b.py", 900, 1))], ["a.py"])
    assert [passage.path for passage in found] == ["tests/test_b.py", "a.py"]


def test_the_engine_encodes_open_buffers_files_first(tmp_path: Path, fake_model: FakeModelHandle) -> None:
    """The order reaches the encoder: open, then others, then tests."""
    for path, body in (("tests/test_a.py", "1"), ("src/near.py", "1"), ("src/open.py", "sum(range(1000)) + 1000")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"def {Path(path).stem}():\n    return {body}\n", encoding="utf-8")
        os.utime(tmp_path / path, (1_000_000_000, 1_000_000_000))
    with Engine([tmp_path], model=fake_model) as engine:
        engine.set_overlay(tmp_path / "src/open.py", (tmp_path / "src/open.py").read_text(encoding="utf-8"))
        engine.update()
    names = ("open", "near", "test_a")
    assert [next(name for name in names if name in text) for text in fake_model.encoder.encoded_texts] == list(names)


def test_a_text_of_several_files_counts_by_the_newest(tmp_path: Path, fake_model: FakeModelHandle) -> None:
    """A copy of a function is one text, and as new as its newest copy."""
    for number, name in enumerate(("old.py", "new.py")):
        (tmp_path / name).write_text("def same():\n    return 1\n", encoding="utf-8")
        os.utime(tmp_path / name, (1_000_000_000 + number, 1_000_000_000 + number))
    with Engine([tmp_path], model=fake_model) as engine:
        (workspace,) = engine.workspaces
        workspace.scan(lambda updater: updater.scan(), None, None)
        (text,) = workspace.store.pending_passages()
    assert (text.path, text.mtime_ns) == ("new.py", 1_000_000_001 * 10**9)
