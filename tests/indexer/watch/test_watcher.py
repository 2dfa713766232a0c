"""The watcher on real files, with the system's notices, watchdog's tree observer and polling."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cascode_indexer.watch import ChangeBatch, Watcher
from cascode_indexer.watch.types import SourceFactory

from .conftest import Recorder

# watchdog's tree observer warns of a race of its own when folders appear while it looks into their parent; an
# error from the warning would end its thread.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


def test_a_new_file_is_reported(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """A created file is a changed one."""
    (root / "pkg" / "new.py").write_text("def new(): ...\n")
    recorder.wait(lambda seen: "pkg/new.py" in seen.changed)
    assert not recorder.deleted
    assert not recorder.rescan


def test_a_changed_file_is_reported(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """Only the file that was written is reported, in a folder below the root."""
    (root / "pkg" / "deep" / "three.py").write_text("def three(): return 3\n")
    recorder.wait(lambda seen: bool(seen.batches))
    assert recorder.changed == {"pkg/deep/three.py"}
    assert recorder.batches[0].root == root


def test_a_deleted_file_is_reported(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """A file that went is reported as deleted."""
    (root / "pkg" / "one.py").unlink()
    recorder.wait(lambda seen: "pkg/one.py" in seen.deleted)
    assert not recorder.changed


def test_a_moved_file_is_reported_at_both_ends(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """The old path is deleted, the new one changed."""
    (root / "pkg" / "one.py").rename(root / "pkg" / "deep" / "uno.py")
    recorder.wait(lambda seen: "pkg/deep/uno.py" in seen.changed and "pkg/one.py" in seen.deleted)


def test_files_that_move_in_and_out_of_the_workspace_are_reported(
    root: Path, tmp_path: Path, watcher: Watcher, recorder: Recorder
) -> None:
    """One end of such a move is all there is to see."""
    (tmp_path / "outside.py").write_text("def outside(): ...\n")
    (tmp_path / "outside.py").rename(root / "inside.py")
    (root / "pkg" / "two.py").rename(tmp_path / "two.py")
    recorder.wait(lambda seen: "inside.py" in seen.changed and "pkg/two.py" in seen.deleted)


def test_an_atomic_save_is_one_change(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """An editor that writes a temporary file and renames it changes one file."""
    (root / "pkg" / ".one.py.swp").write_text("x")
    (root / "pkg" / ".one.py.swp").unlink()
    (root / "pkg" / "one.py~new").write_text("def one(): return 1\n")
    (root / "pkg" / "one.py~new").replace(root / "pkg" / "one.py")
    recorder.wait(lambda seen: "pkg/one.py" in seen.changed)
    assert recorder.changed == {"pkg/one.py"}


def test_ignored_and_vendored_changes_are_not_reported(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """What the rules leave out makes no batch, new folders included."""
    (root / "debug.log").write_text("x")
    (root / "ignored").mkdir()
    (root / "ignored" / "a.py").write_text("x")
    (root / "node_modules" / "left-pad" / "index.js").write_text("x")
    (root / "pkg" / "__pycache__").mkdir()
    (root / "pkg" / "__pycache__" / "one.pyc").write_bytes(b"x")
    (root / "pkg" / "last.py").write_text("x")
    recorder.wait(lambda seen: "pkg/last.py" in seen.changed)
    assert recorder.changed == {"pkg/last.py"}
    assert not recorder.rescan


@pytest.mark.parametrize("name", [".gitignore", ".cascodeignore"])
def test_an_edited_ignore_file_asks_for_a_rescan(root: Path, watcher: Watcher, recorder: Recorder, name: str) -> None:
    """The rules of afterwards apply to the changes that follow."""
    (root / name).write_text("pkg/deep/\n")
    recorder.wait(lambda seen: seen.rescan)
    recorder.batches.clear()
    (root / "pkg" / "deep" / "three.py").write_text("changed, but now ignored\n")
    (root / "pkg" / "one.py").write_text("changed\n")
    recorder.wait(lambda seen: "pkg/one.py" in seen.changed)
    assert "pkg/deep/three.py" not in recorder.changed


def test_a_new_folder_asks_for_a_rescan_and_is_watched(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """What a folder brought along is for the walk to find; what happens in it afterwards is reported."""
    (root / "fresh" / "inner").mkdir(parents=True)
    (root / "fresh" / "inner" / "a.py").write_text("def a(): ...\n")
    recorder.wait(lambda seen: seen.rescan)
    recorder.batches.clear()
    (root / "fresh" / "inner" / "a.py").write_text("def a(): return 1\n")
    recorder.wait(lambda seen: "fresh/inner/a.py" in seen.changed)


def test_a_renamed_folder_asks_for_a_rescan_and_is_watched_by_its_new_name(
    root: Path, watcher: Watcher, recorder: Recorder
) -> None:
    """Changes below it are reported by the new path, also where a new folder took the old one."""
    (root / "pkg").rename(root / "package")
    (root / "pkg").mkdir()
    recorder.wait(lambda seen: seen.rescan)
    recorder.batches.clear()
    (root / "package" / "deep" / "three.py").write_text("def three(): return 3\n")
    (root / "pkg" / "again.py").write_text("def again(): ...\n")
    recorder.wait(lambda seen: {"package/deep/three.py", "pkg/again.py"} <= seen.changed)
    assert "pkg/deep/three.py" not in recorder.changed


def test_a_deleted_folder_asks_for_a_rescan(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """The walk finds out what went with it."""
    shutil.rmtree(root / "pkg" / "deep")
    recorder.wait(lambda seen: seen.rescan)


def test_a_link_put_in_the_place_of_a_file_is_a_deletion(
    root: Path, tmp_path: Path, watcher: Watcher, recorder: Recorder
) -> None:
    """Links are not followed, so the file's functions are gone."""
    (tmp_path / "elsewhere.py").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere.py")
    (tmp_path / "link").replace(root / "pkg" / "one.py")
    recorder.wait(lambda seen: "pkg/one.py" in seen.deleted)
    assert "pkg/one.py" not in recorder.changed


def test_a_loop_of_links_is_survived(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """A folder that leads back to its parent is neither followed nor a reason to stop."""
    (root / "pkg" / "loop").symlink_to(root, target_is_directory=True)
    (root / "pkg" / "one.py").write_text("changed\n")
    recorder.wait(lambda seen: "pkg/one.py" in seen.changed)
    assert not {path for path in recorder.changed if "loop" in path}


def test_a_vanished_root_is_reported_and_taken_up_again(root: Path, watcher: Watcher, recorder: Recorder) -> None:
    """After the root went and came back, changes in it are reported as before."""
    shutil.rmtree(root)
    recorder.wait(lambda seen: seen.rescan)
    while root not in watcher.missing:
        recorder.wait(lambda seen: bool(seen.batches))
        recorder.batches.clear()
    recorder.batches.clear()
    root.mkdir()
    (root / "a.py").write_text("x")
    recorder.wait(lambda seen: seen.rescan)
    recorder.batches.clear()
    (root / "b.py").write_text("x")
    recorder.wait(lambda seen: "b.py" in seen.changed)


def test_an_error_in_the_callback_does_not_end_the_watch(
    root: Path, source: SourceFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next change is reported."""
    recorder = Recorder()

    def fails_once(batch: ChangeBatch) -> None:
        recorder(batch)
        if len(recorder.batches) == 1:
            raise ValueError("broken consumer")

    with Watcher([root], fails_once, quiet_seconds=0.05, max_wait_seconds=0.5, source=source):
        (root / "a.py").write_text("x")
        recorder.wait(lambda seen: "a.py" in seen.changed)
        (root / "b.py").write_text("x")
        recorder.wait(lambda seen: "b.py" in seen.changed)
    assert "broken consumer" in caplog.text
