"""A small workspace, and a recorder of what its watcher reports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cascode_indexer.watch import ChangeBatch, Watcher
from cascode_indexer.watch.observer import ObserverSource, PollingSource
from cascode_indexer.watch.types import Notices, NoticeSource, SourceFactory
from cascode_indexer.watch.watcher import best_source

#: A notice that has not come by then will not come.
PATIENCE = 20.0


class Recorder:
    """Collects batches and waits for what they say."""

    def __init__(self) -> None:
        self.batches: list[ChangeBatch] = []
        self._changed = threading.Condition()

    def __call__(self, batch: ChangeBatch) -> None:
        """Take a batch."""
        with self._changed:
            self.batches.append(batch)
            self._changed.notify_all()

    def wait(self, condition: Callable[[Recorder], bool]) -> None:
        """Wait until the batches fulfil a condition."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), PATIENCE), self.batches

    @property
    def changed(self) -> set[str]:
        """Every path reported as changed."""
        return {path for batch in self.batches for path in batch.changed}

    @property
    def deleted(self) -> set[str]:
        """Every path reported as deleted."""
        return {path for batch in self.batches for path in batch.deleted}

    @property
    def rescan(self) -> bool:
        """Whether a rescan was asked for."""
        return any(batch.rescan for batch in self.batches)


def poll_fast(notices: Notices) -> NoticeSource:
    """Polling, without its patience."""
    return PollingSource(notices, seconds=0.1)


@pytest.fixture(params=[best_source, ObserverSource, poll_fast], ids=["best", "tree", "polling"])
def source(request: pytest.FixtureRequest) -> SourceFactory:
    """Each way to learn of changes."""
    return request.param


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small workspace."""
    root = tmp_path / "workspace"
    (root / "pkg" / "deep").mkdir(parents=True)
    (root / "node_modules" / "left-pad").mkdir(parents=True)
    (root / "pkg" / "one.py").write_text("def one(): ...\n")
    (root / "pkg" / "two.py").write_text("def two(): ...\n")
    (root / "pkg" / "deep" / "three.py").write_text("def three(): ...\n")
    (root / ".gitignore").write_text("ignored/\n*.log\n")
    return root


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every watcher ends its threads."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(PATIENCE)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture
def recorder() -> Recorder:
    """Batches of the watcher under test."""
    return Recorder()


@pytest.fixture
def watcher(root: Path, source: SourceFactory, recorder: Recorder) -> Iterator[Watcher]:
    """A running watcher."""
    with Watcher([root], recorder, quiet_seconds=0.05, max_wait_seconds=0.5, source=source) as watcher:
        yield watcher
