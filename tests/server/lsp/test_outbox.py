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
    """Its store is busy when it is asked for the first time."""

    def __init__(self) -> None:
        self.overlays: dict[Path, str] = {}
        self._asked = 0

    def holds(self, _path: Path, _text: str) -> bool:
        """Say that the index holds another text, or fail."""
        self._asked += 1
        if self._asked == 2:
            raise CascodeError("the store is busy")
        return False

    def set_overlay(self, path: Path, text: str) -> None:
        """Take a text."""
        self.overlays[path] = text


def test_texts_that_could_not_be_handed_over_are_handed_over_later() -> None:
    """The error is the asker's; what was typed meanwhile goes before what was typed earlier."""
    engine = BusyEngine()
    outbox = Outbox(lambda: None)
    for name in ("a", "b", "c"):
        outbox.put(Path(name), Draft(lambda name=name: f"{name} 1", True))
    with pytest.raises(CascodeError, match="busy"):
        outbox.push(cast("Engine", engine))
    outbox.put(Path("c"), Draft(lambda: "c 2", True))
    assert outbox.push(cast("Engine", engine))
    assert engine.overlays == {Path("a"): "a 1", Path("b"): "b 1", Path("c"): "c 2"}
    assert not outbox.push(cast("Engine", engine))
