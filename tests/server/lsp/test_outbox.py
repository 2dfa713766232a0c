"""What is typed reaches the engine, also where its store cannot be asked at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from cascode import CascodeError
from cascode_server.lsp.documents import Draft, Outbox

if TYPE_CHECKING:
    from cascode import Engine


class BusyEngine:
    """Fails at one document, the second that it is asked about.

    Args:
        error: What it fails with.
    """

    def __init__(self, error: Exception) -> None:
        self.overlays: dict[Path, str] = {}
        self._error = error
        self._asked = 0

    def holds(self, _path: Path, _text: str) -> bool:
        """Say that the index holds another text, or fail."""
        self._asked += 1
        if self._asked == 2:
            raise self._error
        return False

    def set_overlay(self, path: Path, text: str) -> None:
        """Take a text."""
        self.overlays[path] = text


def test_texts_that_could_not_be_handed_over_are_handed_over_later() -> None:
    """The error is the asker's; what was typed meanwhile goes before what was typed earlier."""
    engine = BusyEngine(CascodeError("the store is busy"))
    outbox = Outbox(lambda: None)
    for name in ("a", "b", "c"):
        outbox.put(Path(name), Draft(lambda name=name: f"{name} 1", True))
    with pytest.raises(CascodeError, match="busy"):
        outbox.push(cast("Engine", engine))
    outbox.put(Path("c"), Draft(lambda: "c 2", True))
    assert outbox.push(cast("Engine", engine))
    assert engine.overlays == {Path("a"): "a 1", Path("b"): "b 1", Path("c"): "c 2"}
    assert not outbox.push(cast("Engine", engine))


def test_a_document_that_fails_costs_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A fault in one document is logged, the others are searched, and it is handed over with the next search."""
    engine = BusyEngine(RuntimeError("what is this"))
    outbox = Outbox(lambda: None)
    for name in ("a", "b", "c"):
        outbox.put(Path(name), Draft(lambda name=name: name, True))
    assert outbox.push(cast("Engine", engine))
    assert engine.overlays == {Path("a"): "a", Path("c"): "c"}
    assert "unsaved edits of b: what is this" in caplog.text
    assert outbox.push(cast("Engine", engine))
    assert engine.overlays == {Path("a"): "a", Path("b"): "b", Path("c"): "c"}
    assert not outbox.push(cast("Engine", engine))


def test_a_document_that_fails_again_and_again_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Every search tries it; nothing was handed over, and the log says so once."""

    def fail() -> str:
        raise RuntimeError("what is this")

    outbox = Outbox(lambda: None)
    outbox.put(Path("a"), Draft(fail, True))
    for _ in range(3):
        assert not outbox.push(cast("Engine", BusyEngine(RuntimeError("never met"))))
    assert caplog.text.count("unsaved edits of a") == 1


def test_a_document_that_the_disk_knows_nothing_of_is_handed_over(tmp_path: Path) -> None:
    """As of a file that may not be looked at, it is not known whether it is there."""
    engine = BusyEngine(RuntimeError("nobody asks so often"))
    outbox = Outbox(lambda: None)
    path = tmp_path / ("x" * 300)  # no file system takes such a name
    outbox.put(path, Draft(lambda: "typed", False))
    assert outbox.push(cast("Engine", engine))
    assert engine.overlays == {path: "typed"}
