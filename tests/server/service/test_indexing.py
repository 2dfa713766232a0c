"""The indexing service on a real engine: what it does when it is interrupted, and when it never begins."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cascode import Engine, IndexReport
from cascode_server.service.indexing import IndexingService
from cascode_server.service.types import Hooks, ServiceUnavailableError
from fake_encoder import FakeModelHandle

#: The patience of a test; a machine that builds at the same time is many times slower than an idle one.
PATIENCE = 60.0


class Watched:
    """A service with an engine of its own, and what it announced."""

    def __init__(self) -> None:
        #: Workspaces that were read as a whole.
        self.read: list[Path] = []
        #: How many full scans there were, and how many are still to be paused when they have begun.
        self.full_scans = 0
        self.pauses = 0
        self._changed = threading.Condition()
        self.service = IndexingService(
            lambda: PausedEngine(self), Hooks(self._note, _nothing, _nothing, _nothing, self._note_indexed)
        )

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds that the service announces."""
        with self._changed:
            assert self._changed.wait_for(true, PATIENCE)

    def is_in(self, state: str, *, full_scans: int) -> bool:
        """Whether the service is in a state, after so many full scans."""
        return self.service.state.state == state and self.full_scans == full_scans

    def _note(self) -> None:
        """Look again at what is waited for."""
        with self._changed:
            self._changed.notify_all()

    def _note_indexed(self, root: Path, paths: frozenset[str] | None) -> None:
        """Note what was read."""
        if paths is None:
            self.read.append(root)


class PausedEngine(Engine):
    """Somebody pauses its first full scans when they have begun.

    Args:
        watched: Says how many.
    """

    def __init__(self, watched: Watched) -> None:
        super().__init__([], model=FakeModelHandle())
        self._watched = watched

    def reindex(self, **options: Any) -> list[IndexReport]:
        """Scan, or begin to."""
        self._watched.full_scans += 1
        if self._watched.pauses:
            self._watched.pauses -= 1
            self._watched.service.pause()
        return super().reindex(**options)


def _nothing(*_: object) -> None:
    """Do nothing."""


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A service that does not outlive the test, and its indexes."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    watched = Watched()
    yield watched
    watched.service.close()
    assert watched.service.join(PATIENCE)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two workspaces of a function each."""
    roots = (tmp_path / "left", tmp_path / "right")
    for root in roots:
        root.mkdir()
        (root / "a.py").write_text(f"def load_{root.name}(path):\n    return path\n")
    return roots


def test_a_full_scan_that_is_paused_twice_is_a_full_scan_in_the_end(watched: Watched, pair: tuple[Path, Path]) -> None:
    """Files of every workspace are read again, also those that look unchanged."""
    watched.service.start(pair, enabled=True)
    watched.wait_until(lambda: watched.is_in("ready", full_scans=0))
    watched.pauses = 2
    watched.read.clear()
    watched.service.rescan(full=True)
    for times in (1, 2):
        watched.wait_until(functools.partial(watched.is_in, "paused", full_scans=times))
        assert watched.read == []
        watched.service.resume()
    watched.wait_until(lambda: watched.is_in("ready", full_scans=3))
    assert set(watched.read[:2]) == set(pair)


def test_who_waits_for_an_engine_that_never_comes_is_let_go() -> None:
    """A client may leave before anything is indexed, with a thread that wants to hand over what was typed."""
    service = Watched().service
    begun, refused = threading.Event(), threading.Event()

    def borrow() -> None:
        begun.set()
        with pytest.raises(ServiceUnavailableError, match="closing"), service.holder.borrowed():
            pass
        refused.set()

    waiting = threading.Thread(target=borrow, daemon=True)
    waiting.start()
    assert begun.wait(PATIENCE)
    service.close()
    assert refused.wait(10.0)
