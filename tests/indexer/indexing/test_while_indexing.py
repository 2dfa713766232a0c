"""Searching, pausing, closing and changing while an update runs."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import locate
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.watch import ChangeBatch
from running import PATIENCE, Running, Steps, write_functions

OpenEngine = Callable[..., Engine]


class RollBack(Exception):
    """Undo what was written."""


def names(answer: Answer) -> list[str]:
    """Names of the hits, best first."""
    return [hit.name for hit in answer.hits]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A workspace of 300 functions, too many for one batch of anything."""
    write_functions(tmp_path / "large", 100, 3)
    return tmp_path / "large"


def test_what_is_stored_is_found_while_the_scan_goes_on(open_engine: OpenEngine, large: Path) -> None:
    """The first files are found while the others are still to be read."""
    engine = open_engine(large)
    steps = Steps("scan")
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    answer = engine.search(SearchRequest("topic"))
    assert answer.hits
    assert 0 < answer.functions < 300
    assert answer.state == "indexing"
    (status,) = engine.status()
    assert status.updating
    assert status.progress is not None
    assert (status.progress.phase, status.progress.files_total) == ("scan", 100)
    steps.go_on.set()
    update.result()
    assert engine.search(SearchRequest("topic")).state == "ready"
    assert engine.status()[0].progress is None


def test_a_search_does_not_wait_for_a_transaction(open_engine: OpenEngine, large: Path) -> None:
    """It reads what was committed before, through its own connection."""
    engine = open_engine(large)
    engine.update()
    with contextlib.suppress(RollBack), engine.workspaces[0].index as index, index.writer().transaction() as database:
        database.execute("DELETE FROM functions")
        answer = Running(lambda: engine.search(SearchRequest("topic_3_1"))).result()
        assert isinstance(answer, Answer)
        assert names(answer)[0] == "topic_3_1"
        raise RollBack


def test_indexing_is_held_while_paused_and_goes_on_later(open_engine: OpenEngine, large: Path) -> None:
    """What was encoded by then is stored; searches and status go on; resuming finishes the job."""
    engine = open_engine(large, threads=1)
    steps = Steps("encode")
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    engine.pause()
    steps.go_on.set()
    deadline = time.monotonic() + PATIENCE
    while engine.status()[0].counts.pending == 300:  # type: ignore[union-attr]
        assert time.monotonic() < deadline
    pending = engine.search(SearchRequest("topic")).pending
    assert 0 < pending < 300
    assert engine.paused
    assert not update.done
    assert engine.status()[0].updating
    engine.resume()
    update.result()
    assert engine.search(SearchRequest("topic")).pending == 0


def test_a_paused_update_can_be_cancelled(open_engine: OpenEngine, large: Path) -> None:
    """Cancelling is asked while indexing is held."""
    engine = open_engine(large)
    engine.pause()
    stop = threading.Event()
    update = Running(lambda: engine.update(cancelled=stop.is_set))
    assert not update.done
    stop.set()
    (report,) = update.result()  # type: ignore[misc]
    assert report.cancelled


def test_a_change_is_found_while_a_large_workspace_is_encoded(open_engine: OpenEngine, large: Path) -> None:
    """It is stored at once, and the encoding that is under way takes it along, before older functions."""
    engine = open_engine(large, threads=1)
    steps = Steps("encode")
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    (large / "late.py").write_text("def latecomer():\n    return 1\n")
    batch = ChangeBatch(large, frozenset({"late.py"}), frozenset(), False)
    assert engine.apply(batch, cancelled=lambda: True).cancelled
    report = engine.apply(batch)
    assert (report.files_changed, report.read_only, report.encoded) == (1, False, 0)
    hit = engine.search(SearchRequest("latecomer")).hits[0]
    assert (hit.name, hit.probability) == ("latecomer", None)
    steps.go_on.set()
    (first,) = update.result()  # type: ignore[misc]
    assert first.encoded == 301
    assert engine.search(SearchRequest("latecomer")).pending == 0


def test_two_scans_of_one_workspace_take_turns(open_engine: OpenEngine, large: Path) -> None:
    """A second one waits for the first, and can be cancelled while it waits."""
    engine = open_engine(large)
    steps = Steps("scan")
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    assert engine.update(cancelled=lambda: True)[0].cancelled
    second = Running(engine.update)
    assert not second.done
    steps.go_on.set()
    reports = [running.result()[0] for running in (update, second)]  # type: ignore[index]
    assert [report.files_changed for report in reports] == [100, 0]
    assert engine.search(SearchRequest("topic")).functions == 300


def test_closing_during_an_update_waits_for_its_last_batch(large: Path, model: ModelHandle) -> None:
    """Nothing is written after close, and the next start carries on."""
    engine = Engine([large], model=model, threads=1)
    steps = Steps("encode")
    steps.go_on.set()
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    engine.close()
    (report,) = update.result()  # type: ignore[misc]
    assert report.cancelled
    with Engine([large], model=model) as again:
        assert again.update()[0].encoded < 300 or report.encoded == 0
        assert again.search(SearchRequest("topic")).state == "ready"


def test_searches_roots_and_updates_at_once(
    open_engine: OpenEngine, workspace: Path, large: Path, tmp_path: Path
) -> None:
    """Everybody at once: no error, and the right answer at the end."""
    engine = open_engine(workspace, threads=1)
    stop = threading.Event()

    def search() -> int:
        count = 0
        while not stop.is_set():
            engine.search(SearchRequest("retry a failed upload"))
            engine.status()
            count += 1
        return count

    def update() -> None:
        while not stop.is_set():
            engine.update()

    def come_and_go() -> None:
        for at in range(6):
            engine.add_root(large)
            engine.set_overlay(large / "module_1.py", f"def typed_{at}():\n    return {at}\n")
            engine.refresh_overlays()
            engine.search(SearchRequest(f"typed_{at}"))
            engine.remove_root(large)
        stop.set()

    running = [Running(search), Running(search), Running(update), Running(come_and_go)]
    results = [future.result() for future in running]
    assert isinstance(results[0], int)
    assert results[0] > 0
    engine.update()
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


@pytest.mark.parametrize("meet", ["status", "search", "reindex", "first scan", "open buffer", "skipped"])
def test_damage_met_by_anybody_is_mended(
    open_engine: OpenEngine, workspace: Path, caplog: pytest.LogCaptureFixture, meet: str
) -> None:
    """Whoever reads or writes the store and finds it torn rebuilds it, and the next update fills it."""
    open_engine(workspace).update()
    engine = open_engine(workspace)
    path = locate(workspace).store
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    work: dict[str, Callable[[], object]] = {
        "status": engine.status,
        "search": lambda: engine.search(SearchRequest("retry")),
        "reindex": lambda: engine.reindex(full=True),
        "first scan": engine.is_indexed,
        "open buffer": lambda: engine.holds(workspace / "src" / "upload.py", ""),
        "skipped": lambda: engine.skipped_paths(workspace),
    }
    work[meet]()
    assert "is damaged" in caplog.text
    assert engine.update()[0].functions == 6
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


def test_a_full_reindex_reads_everything_and_encodes_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """Files that look unchanged are read again; what was known answers meanwhile."""
    engine = open_engine(workspace)
    engine.update()
    assert engine.reindex()[0].files_changed == 0
    (report,) = engine.reindex(full=True)
    assert (report.files_changed, report.functions, report.encoded) == (3, 6, 0)
    assert engine.search(SearchRequest("retry_failed_upload")).state == "ready"


def test_a_script_without_suffix_stays_when_it_is_saved(open_engine: OpenEngine, workspace: Path) -> None:
    """Its language is detected by its first line, also for a single path."""
    script = workspace / "deploy"
    script.write_text("#!/usr/bin/env python3\ndef roll_out():\n    return 1\n")
    engine = open_engine(workspace)
    engine.update()
    script.write_text("#!/usr/bin/env python3\ndef roll_out_slowly():\n    return 1\n")
    engine.apply(ChangeBatch(workspace, frozenset({"deploy"}), frozenset(), False))
    assert names(engine.search(SearchRequest("roll_out_slowly")))[0] == "roll_out_slowly"


def test_an_index_that_is_read_again_is_not_complete_until_it_was(open_engine: OpenEngine, workspace: Path) -> None:
    """Another version reads everything again; what was done when it is stopped does not pass for all."""
    engine = open_engine(workspace)
    engine.update()
    assert engine.is_indexed()
    engine.workspaces[0].store.set_meta("versions", "0.0")
    engine.update(cancelled=lambda: True)
    assert not engine.is_indexed()
    engine.update()
    assert engine.is_indexed()


def held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system refuse to open a file or a folder that is there, as where another program has it open."""
    opened, scanned = os.open, os.scandir

    def refuse(given: object) -> None:
        if os.fspath(given) == str(path):  # type: ignore[call-overload]
            raise PermissionError(13, "in use", str(path))

    def open_it(given: object, *rest: object, **more: object) -> int:
        refuse(given)
        return opened(given, *rest, **more)  # type: ignore[arg-type]

    def scan_it(given: object = ".") -> object:
        refuse(given)
        return scanned(given)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "open", open_it)
    monkeypatch.setattr(os, "scandir", scan_it)


@pytest.mark.parametrize("what", ["src/upload.py", "src"])
def test_what_cannot_be_read_just_now_stays_as_it_was_read_last(
    open_engine: OpenEngine, workspace: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A virus scanner has a file open, a share does not answer: that is no deletion."""
    engine = open_engine(workspace)
    engine.update()
    before = engine.status()[0].counts.functions
    with (workspace / "src" / "upload.py").open("a", encoding="utf-8") as file:
        file.write("# more\n")
    with monkeypatch.context() as patched:
        held(workspace / what, patched)
        engine.update()
        engine.apply(ChangeBatch(workspace, frozenset({"src/upload.py"}), frozenset(), rescan=False))
    assert engine.status()[0].counts.functions == before
    (workspace / "src" / "upload.py").unlink()
    engine.update()
    assert engine.status()[0].counts.functions < before


def test_a_cancelled_walk_for_what_is_left_out_ends_at_the_next_file(open_engine: OpenEngine, workspace: Path) -> None:
    """It returns what it has by then."""
    (workspace / "a.py").write_text("def load(path):\n    return path\n")
    (workspace / "src" / "node_modules").mkdir()
    engine = open_engine(workspace)
    assert "src/node_modules/" in dict(engine.skipped_paths(workspace))
    assert "src/node_modules/" not in dict(engine.skipped_paths(workspace, cancelled=lambda: True))
