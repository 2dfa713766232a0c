"""The watcher on real files, with the system's notices, watchdog's tree observer and polling."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cascode_indexer.errors import WorkspaceError
from cascode_indexer.walk import IgnoreRules
from cascode_indexer.watch import ChangeBatch, Watcher
from cascode_indexer.watch.observer import ObserverSource, PollingSource
from cascode_indexer.watch.pending import PendingNotices
from cascode_indexer.watch.types import Notices, NoticeSource, SourceFactory, WatchLimitError
from cascode_indexer.watch.watcher import best_source

# watchdog's tree observer warns of a race of its own when folders appear while it looks into their parent; an
# error from the warning would end its thread.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")

#: A notice that has not come by then will not come.
PATIENCE = 20.0


class Told:
    """Collects batches and waits for what they say."""

    def __init__(self) -> None:
        self.batches: list[ChangeBatch] = []
        self._changed = threading.Condition()

    def __call__(self, batch: ChangeBatch) -> None:
        """Take a batch."""
        with self._changed:
            self.batches.append(batch)
            self._changed.notify_all()

    def wait(self, condition: Callable[[Told], bool]) -> None:
        """Wait until the batches fulfil a condition."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), PATIENCE), self.batches

    @property
    def changed(self) -> set[str]:
        """Every path told as changed."""
        return {path for batch in self.batches for path in batch.changed}

    @property
    def deleted(self) -> set[str]:
        """Every path told as deleted."""
        return {path for batch in self.batches for path in batch.deleted}

    @property
    def rescan(self) -> bool:
        """Whether a rescan was asked for."""
        return any(batch.rescan for batch in self.batches)


def _poll_fast(notices: Notices) -> NoticeSource:
    return PollingSource(notices, seconds=0.1)


@pytest.fixture(params=[best_source, ObserverSource, _poll_fast], ids=["best", "tree", "polling"])
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
def told() -> Told:
    """Batches of the watcher under test."""
    return Told()


@pytest.fixture
def watcher(root: Path, source: SourceFactory, told: Told) -> Iterator[Watcher]:
    """A running watcher."""
    with Watcher([root], told, quiet_seconds=0.05, max_wait_seconds=0.5, source=source) as watcher:
        yield watcher


def test_a_new_file_is_reported(root: Path, watcher: Watcher, told: Told) -> None:
    """A created file is a changed one."""
    (root / "pkg" / "new.py").write_text("def new(): ...\n")
    told.wait(lambda told: "pkg/new.py" in told.changed)
    assert not told.deleted
    assert not told.rescan


def test_a_changed_file_is_reported(root: Path, watcher: Watcher, told: Told) -> None:
    """Only the file that was written is told, in a folder below the root."""
    (root / "pkg" / "deep" / "three.py").write_text("def three(): return 3\n")
    told.wait(lambda told: bool(told.batches))
    assert told.changed == {"pkg/deep/three.py"}
    assert told.batches[0].root == root


def test_a_deleted_file_is_reported(root: Path, watcher: Watcher, told: Told) -> None:
    """A file that went is told as deleted."""
    (root / "pkg" / "one.py").unlink()
    told.wait(lambda told: "pkg/one.py" in told.deleted)
    assert not told.changed


def test_a_moved_file_is_reported_at_both_ends(root: Path, watcher: Watcher, told: Told) -> None:
    """The old path is deleted, the new one changed."""
    (root / "pkg" / "one.py").rename(root / "pkg" / "deep" / "uno.py")
    told.wait(lambda told: "pkg/deep/uno.py" in told.changed and "pkg/one.py" in told.deleted)


def test_files_that_move_in_and_out_of_the_workspace_are_reported(
    root: Path, tmp_path: Path, watcher: Watcher, told: Told
) -> None:
    """One end of such a move is all there is to see."""
    (tmp_path / "outside.py").write_text("def outside(): ...\n")
    (tmp_path / "outside.py").rename(root / "inside.py")
    (root / "pkg" / "two.py").rename(tmp_path / "two.py")
    told.wait(lambda told: "inside.py" in told.changed and "pkg/two.py" in told.deleted)


def test_an_atomic_save_is_one_change(root: Path, watcher: Watcher, told: Told) -> None:
    """An editor that writes a temporary file and renames it changes one file."""
    (root / "pkg" / ".one.py.swp").write_text("x")
    (root / "pkg" / ".one.py.swp").unlink()
    (root / "pkg" / "one.py~new").write_text("def one(): return 1\n")
    (root / "pkg" / "one.py~new").replace(root / "pkg" / "one.py")
    told.wait(lambda told: "pkg/one.py" in told.changed)
    assert told.changed == {"pkg/one.py"}


def test_ignored_and_vendored_changes_are_not_told(root: Path, watcher: Watcher, told: Told) -> None:
    """What the rules leave out makes no batch, new folders included."""
    (root / "debug.log").write_text("x")
    (root / "ignored").mkdir()
    (root / "ignored" / "a.py").write_text("x")
    (root / "node_modules" / "left-pad" / "index.js").write_text("x")
    (root / "pkg" / "__pycache__").mkdir()
    (root / "pkg" / "__pycache__" / "one.pyc").write_bytes(b"x")
    (root / "pkg" / "last.py").write_text("x")
    told.wait(lambda told: "pkg/last.py" in told.changed)
    assert told.changed == {"pkg/last.py"}
    assert not told.rescan


@pytest.mark.parametrize("name", [".gitignore", ".cascodeignore"])
def test_an_edited_ignore_file_asks_for_a_rescan(root: Path, watcher: Watcher, told: Told, name: str) -> None:
    """The rules of afterwards apply to the changes that follow."""
    (root / name).write_text("pkg/deep/\n")
    told.wait(lambda told: told.rescan)
    told.batches.clear()
    (root / "pkg" / "deep" / "three.py").write_text("changed, but now ignored\n")
    (root / "pkg" / "one.py").write_text("changed\n")
    told.wait(lambda told: "pkg/one.py" in told.changed)
    assert "pkg/deep/three.py" not in told.changed


def test_a_new_folder_asks_for_a_rescan_and_is_watched(root: Path, watcher: Watcher, told: Told) -> None:
    """What a folder brought along is for the walk to find; what happens in it afterwards is told."""
    (root / "fresh" / "inner").mkdir(parents=True)
    (root / "fresh" / "inner" / "a.py").write_text("def a(): ...\n")
    told.wait(lambda told: told.rescan)
    told.batches.clear()
    (root / "fresh" / "inner" / "a.py").write_text("def a(): return 1\n")
    told.wait(lambda told: "fresh/inner/a.py" in told.changed)


def test_a_renamed_folder_asks_for_a_rescan_and_is_watched_by_its_new_name(
    root: Path, watcher: Watcher, told: Told
) -> None:
    """Changes below it are told by the new path, also where a new folder took the old one."""
    (root / "pkg").rename(root / "package")
    (root / "pkg").mkdir()
    told.wait(lambda told: told.rescan)
    told.batches.clear()
    (root / "package" / "deep" / "three.py").write_text("def three(): return 3\n")
    (root / "pkg" / "again.py").write_text("def again(): ...\n")
    told.wait(lambda told: {"package/deep/three.py", "pkg/again.py"} <= told.changed)
    assert "pkg/deep/three.py" not in told.changed


def test_a_deleted_folder_asks_for_a_rescan(root: Path, watcher: Watcher, told: Told) -> None:
    """The walk finds out what went with it."""
    shutil.rmtree(root / "pkg" / "deep")
    told.wait(lambda told: told.rescan)


def test_a_link_put_in_the_place_of_a_file_is_a_deletion(
    root: Path, tmp_path: Path, watcher: Watcher, told: Told
) -> None:
    """Links are not followed, so the file's functions are gone."""
    (tmp_path / "elsewhere.py").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere.py")
    (tmp_path / "link").replace(root / "pkg" / "one.py")
    told.wait(lambda told: "pkg/one.py" in told.deleted)
    assert "pkg/one.py" not in told.changed


def test_a_loop_of_links_is_survived(root: Path, watcher: Watcher, told: Told) -> None:
    """A folder that leads back to its parent is neither followed nor a reason to stop."""
    (root / "pkg" / "loop").symlink_to(root, target_is_directory=True)
    (root / "pkg" / "one.py").write_text("changed\n")
    told.wait(lambda told: "pkg/one.py" in told.changed)
    assert not {path for path in told.changed if "loop" in path}


def test_a_vanished_root_is_reported_and_taken_up_again(root: Path, watcher: Watcher, told: Told) -> None:
    """After the root went and came back, changes in it are told as before."""
    shutil.rmtree(root)
    told.wait(lambda told: told.rescan)
    while root not in watcher.missing:
        told.wait(lambda told: bool(told.batches))
        told.batches.clear()
    told.batches.clear()
    root.mkdir()
    (root / "a.py").write_text("x")
    told.wait(lambda told: told.rescan)
    told.batches.clear()
    (root / "b.py").write_text("x")
    told.wait(lambda told: "b.py" in told.changed)


def test_an_error_in_the_callback_does_not_end_the_watch(
    root: Path, source: SourceFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next change is told."""
    told = Told()

    def fails_once(batch: ChangeBatch) -> None:
        told(batch)
        if len(told.batches) == 1:
            raise ValueError("broken consumer")

    with Watcher([root], fails_once, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (root / "a.py").write_text("x")
        told.wait(lambda told: "a.py" in told.changed)
        (root / "b.py").write_text("x")
        told.wait(lambda told: "b.py" in told.changed)
    assert "broken consumer" in caplog.text


def test_a_burst_is_reported_in_few_batches_and_nothing_is_lost(root: Path, source: SourceFactory, told: Told) -> None:
    """5,000 files written at once, as a branch switch does, make a handful of batches."""
    for folder in range(50):
        (root / "src" / f"m{folder}").mkdir(parents=True)
    names = {f"src/m{number % 50}/f{number}.py" for number in range(5000)}
    with Watcher([root], told, quiet_seconds=0.2, max_wait_seconds=2.0, source=source):
        began = time.monotonic()
        for name in sorted(names):
            (root / name).write_text("def f(): ...\n")
        took = time.monotonic() - began
        told.wait(lambda told: names <= told.changed)
    # Polling is as slow as the machine is busy, and each pause of it ends a batch: few is a hundredth there.
    assert len(told.batches) <= (50 if source is _poll_fast else 3 + took / 2.0)


def test_a_branch_switch_and_back_is_reported(root: Path, source: SourceFactory, told: Told) -> None:
    """git's own way to write files: every file that differs is told, or a rescan covers it."""
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
    with Watcher([root], told, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        git("checkout", "-q", "main")
        told.wait(lambda told: {"pkg/one.py", "pkg/two.py"} <= told.changed and "pkg/four.py" in told.deleted)
        told.batches.clear()
        git("checkout", "-q", "other")
        told.wait(lambda told: {"pkg/one.py", "pkg/four.py"} <= told.changed and "pkg/two.py" in told.deleted)
    assert not {path for path in told.changed if path.startswith(".git/")}


def test_several_workspaces_are_reported_apart(root: Path, tmp_path: Path, source: SourceFactory, told: Told) -> None:
    """Each batch names its own root, also where one workspace lies in the other."""
    inner = root / "pkg"
    with Watcher([root, inner], told, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (inner / "one.py").write_text("changed\n")
        told.wait(lambda told: {batch.root for batch in told.batches} == {root, inner})
    assert {(batch.root, path) for batch in told.batches for path in batch.changed} == {
        (root, "pkg/one.py"),
        (inner, "one.py"),
    }


def test_a_workspace_named_through_a_link_is_watched(
    root: Path, tmp_path: Path, source: SourceFactory, told: Told
) -> None:
    """The name the caller gave is the one that is told."""
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    with Watcher([link], told, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (root / "pkg" / "one.py").write_text("changed\n")
        told.wait(lambda told: "pkg/one.py" in told.changed)
    assert told.batches[0].root == link


def test_a_missing_root_is_one_clear_error(tmp_path: Path, told: Told) -> None:
    """Nothing is started for it."""
    with pytest.raises(WorkspaceError, match="does not exist"):
        Watcher([tmp_path / "nowhere"], told)


def test_a_name_that_is_not_utf8_is_left_out(root: Path, watcher: Watcher, told: Told) -> None:
    """It cannot be stored; the files beside it are told."""
    (root / os.fsdecode(b"caf\xe9.py")).write_text("x")
    (root / "plain.py").write_text("x")
    told.wait(lambda told: "plain.py" in told.changed)
    assert told.changed == {"plain.py"}


@pytest.mark.parametrize("at_start", [True, False], ids=["at the start", "later"])
def test_without_watches_changes_are_found_by_polling(
    root: Path, told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, at_start: bool
) -> None:
    """The limit is named in the log, and changes are still told."""
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
        Watcher([root], told, quiet_seconds=0.05, max_wait_seconds=0.5, source=Exhausted),
    ):
        if not at_start:
            (root / "fresh").mkdir()
        told.wait(lambda told: told.rescan)
        (root / "pkg" / "one.py").write_text("changed, and longer than before\n")
        told.wait(lambda told: "pkg/one.py" in told.changed)
    assert "fs.inotify.max_user_watches" in caplog.text
    assert "polling" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_lost_notices_ask_for_a_rescan(root: Path, told: Told) -> None:
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
