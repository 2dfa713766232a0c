"""Many changes at once, several workspaces, links, and systems that run out of watches."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cascode_indexer.errors import WorkspaceError
from cascode_indexer.walk import IgnoreRules
from cascode_indexer.watch import Watcher
from cascode_indexer.watch.pending import PendingNotices
from cascode_indexer.watch.types import Notices, SourceFactory, WatchLimitError
from cascode_indexer.watch.watcher import best_source

from .conftest import PATIENCE, Recorder, poll_fast

# watchdog's tree observer warns of a race of its own when folders appear while it looks into their parent; an
# error from the warning would end its thread.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


def test_a_burst_is_reported_in_few_batches_and_nothing_is_lost(
    root: Path, source: SourceFactory, recorder: Recorder
) -> None:
    """5,000 files written at once, as a branch switch does, make a handful of batches."""
    for folder in range(50):
        (root / "src" / f"m{folder}").mkdir(parents=True)
    names = {f"src/m{number % 50}/f{number}.py" for number in range(5000)}
    with Watcher([root], recorder, quiet_seconds=0.2, max_wait_seconds=2.0, source=source):
        began = time.monotonic()
        for name in sorted(names):
            (root / name).write_text("def f(): ...\n")
        took = time.monotonic() - began
        recorder.wait(lambda seen: names <= seen.changed)
    # Polling is as slow as the machine is busy, and each pause of it ends a batch: few is a hundredth there.
    assert len(recorder.batches) <= (50 if source is poll_fast else 3 + took / 2.0)


def test_a_branch_switch_and_back_is_reported(root: Path, source: SourceFactory, recorder: Recorder) -> None:
    """git's own way to write files: every file that differs is reported, or a rescan covers it."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=root, env=environment, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    (root / "pkg" / "one.py").write_text("def one(): return 'other'\n")
    (root / "pkg" / "two.py").unlink()
    (root / "pkg" / "four.py").write_text("def four(): ...\n")
    git("add", "-A")
    git("commit", "-q", "-m", "two")
    with Watcher([root], recorder, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        git("checkout", "-q", "main")
        recorder.wait(lambda seen: {"pkg/one.py", "pkg/two.py"} <= seen.changed and "pkg/four.py" in seen.deleted)
        recorder.batches.clear()
        git("checkout", "-q", "other")
        recorder.wait(lambda seen: {"pkg/one.py", "pkg/four.py"} <= seen.changed and "pkg/two.py" in seen.deleted)
    assert not {path for path in recorder.changed if path.startswith(".git/")}


def test_several_workspaces_are_reported_apart(
    root: Path, tmp_path: Path, source: SourceFactory, recorder: Recorder
) -> None:
    """Each batch names its own root, also where one workspace lies in the other."""
    inner = root / "pkg"
    with Watcher([root, inner], recorder, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (inner / "one.py").write_text("changed\n")
        recorder.wait(lambda seen: {batch.root for batch in seen.batches} == {root, inner})
    assert {(batch.root, path) for batch in recorder.batches for path in batch.changed} == {
        (root, "pkg/one.py"),
        (inner, "one.py"),
    }


def test_a_workspace_named_through_a_link_is_watched(
    root: Path, tmp_path: Path, source: SourceFactory, recorder: Recorder
) -> None:
    """The name the caller gave is the one that is reported."""
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    with Watcher([link], recorder, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (root / "pkg" / "one.py").write_text("changed\n")
        recorder.wait(lambda seen: "pkg/one.py" in seen.changed)
    assert recorder.batches[0].root == link


def test_a_missing_root_is_one_clear_error(tmp_path: Path, recorder: Recorder) -> None:
    """Nothing is started for it."""
    with pytest.raises(WorkspaceError, match="does not exist"):
        Watcher([tmp_path / "nowhere"], recorder)


def test_a_name_that_is_not_utf8_is_left_out(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """It cannot be stored; the files beside it are reported."""
    (root / os.fsdecode(b"caf\xe9.py")).write_text("x")
    (root / "plain.py").write_text("x")
    recorder.wait(lambda seen: "plain.py" in seen.changed)
    assert recorder.changed == {"plain.py"}


@pytest.mark.parametrize("at_start", [True, False], ids=["at the start", "later"])
def test_without_watches_changes_are_found_by_polling(
    root: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, at_start: bool
) -> None:
    """The limit is named in the log, and changes are still reported."""
    monkeypatch.setattr("cascode_indexer.watch.observer.POLLING_SECONDS", 0.1)

    class Exhausted:
        """The system's source, out of watches from some sync on."""

        def __init__(self, notices: Notices) -> None:
            self._source = best_source(notices)
            self._left = 0 if at_start else 1

        def sync(self, root: Path, rules: IgnoreRules) -> None:
            self._left -= 1
            if self._left < 0:
                raise WatchLimitError("inotify watch limit reached (fs.inotify.max_user_watches)")
            self._source.sync(root, rules)

        def close(self) -> None:
            self._source.close()

    with (
        caplog.at_level(logging.WARNING),
        Watcher([root], recorder, quiet_seconds=0.05, max_wait_seconds=0.5, source=Exhausted),
    ):
        if not at_start:
            (root / "fresh").mkdir()
        recorder.wait(lambda seen: seen.rescan)
        (root / "pkg" / "one.py").write_text("changed, and longer than before\n")
        recorder.wait(lambda seen: "pkg/one.py" in seen.changed)
    assert "fs.inotify.max_user_watches" in caplog.text
    assert "polling" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_lost_notices_ask_for_a_rescan(root: Path, recorder: Recorder) -> None:
    """When more happens than the system's queue holds, the walk has to find out what."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip(f"filling a queue of {limit} notices takes too long")
    from cascode_indexer.watch.inotify import InotifySource  # importable on Linux only

    hold, held = threading.Event(), threading.Event()

    class Slow(PendingNotices):
        """Keeps the system's queue from being read."""

        def touch(self, root: Path, path: str, *, created: bool = False) -> None:
            held.set()
            hold.wait(PATIENCE)

    notices = Slow(0.05, 0.5)
    source = InotifySource(notices)
    try:
        source.sync(root, IgnoreRules(root))
        (root / "first.py").write_text("x")
        assert held.wait(PATIENCE)
        for number in range(limit // 2 + 2100):  # two notices a file; 2,048 are read at once
            (root / f"f{number}.py").touch()
        hold.set()
        taken = notices.take(PATIENCE)
        assert taken is not None
        assert taken[1].rescan
    finally:
        hold.set()
        source.close()
