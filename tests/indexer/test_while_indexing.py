"""Searching while the model loads, while an update runs and while workspaces come and go."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cascode_models.load
from cascode_indexer.engine import Engine
from cascode_indexer.errors import WorkspaceError
from cascode_indexer.indexing.batches import SMALL_BATCH_SECONDS, BatchSize
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.indexing.types import IndexProgress
from cascode_indexer.location import locate
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.watch import ChangeBatch
from cascode_models.errors import ModelError

OpenEngine = Callable[..., Engine]

#: A thread that has not ended after this long hangs.
PATIENCE = 60.0


class Running:
    """A call on another thread, and what became of it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._result: object = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def result(self) -> object:
        """Wait for its end; raise what it raised."""
        self._thread.join(PATIENCE)
        assert self.done, "the thread hangs"
        if self._error is not None:
            raise self._error
        return self._result


class RollBack(Exception):
    """Undo what was written."""


class Steps:
    """Holds an update at its first step of a phase until it is let go."""

    def __init__(self, phase: str) -> None:
        self._phase = phase
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, progress: IndexProgress) -> None:
        """Be told of progress."""
        if progress.phase == self._phase and (progress.files_done or progress.functions_done):
            self.reached.set()
            assert self.go_on.wait(PATIENCE)


def names(answer: Answer) -> list[str]:
    """Names of the hits, best first."""
    return [hit.name for hit in answer.hits]


def write_functions(root: Path, files: int, each: int = 5) -> None:
    """Fill a workspace with functions that all differ."""
    root.mkdir(exist_ok=True)
    for file in range(files):
        lines = [
            f"def topic_{file}_{at}(value):\n    total = value * {file} + {at}\n    return total\n"
            for at in range(each)
        ]
        (root / f"module_{file}.py").write_text("\n".join(lines))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A workspace of 300 functions, too many for one batch of anything."""
    write_functions(tmp_path / "large", 100, 3)
    return tmp_path / "large"


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The real model, loaded only once the event is set."""
    load, go_on = cascode_models.load.load_model, threading.Event()

    def load_later(*arguments: object, **options: object) -> object:
        assert go_on.wait(PATIENCE)
        return load(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cascode_models.load, "load_model", load_later)
    yield go_on
    go_on.set()


def test_words_answer_until_the_model_is_loaded(workspace: Path, slow_model: threading.Event) -> None:
    """At once, with the code-aware ranking; the search begins the load; later answers have vectors."""
    with Engine([workspace]) as engine:
        update = Running(engine.update)
        request = SearchRequest("retry_failed_upload", wait_for_model=False)
        while engine.search(request).functions < 5:
            assert not update.done
        answer = engine.search(request)
        assert names(answer)[0] == "retry_failed_upload"
        assert (answer.model_ready, answer.model_error, answer.state, answer.pending) == (False, None, "indexing", 5)
        assert (
            names(engine.search(SearchRequest("take a job out of the queue", wait_for_model=False)))[0] == "Queue.pop"
        )
        similar = engine.similar(workspace / "src" / "upload.py", 6, wait_for_model=False)
        assert "test_retry_failed_upload" in names(similar)
        assert "retry_failed_upload" not in names(similar)
        slow_model.set()
        update.result()
        answer = engine.search(request)
        assert (answer.model_ready, answer.state, answer.pending) == (True, "ready", 0)


def test_a_model_that_cannot_be_loaded_leaves_words(workspace: Path) -> None:
    """The update says why and has stored everything; answers go on with the reason."""
    with Engine([workspace], model="/no/such/model") as engine:
        with pytest.raises(ModelError, match="/no/such/model"):
            engine.update()
        answer = engine.search(SearchRequest("retry failed upload", wait_for_model=False))
        assert names(answer)[0] == "retry_failed_upload"
        assert not answer.model_ready
        assert "/no/such/model" in (answer.model_error or "")
        with pytest.raises(ModelError, match="/no/such/model"):
            engine.search(SearchRequest("retry failed upload"))


def test_closing_does_not_wait_for_the_model(workspace: Path, slow_model: threading.Event) -> None:
    """A server that is told to end while the model loads ends."""
    engine = Engine([workspace])
    update = Running(engine.update)
    while not engine.status()[0].indexed:
        assert not update.done
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 5
    (report,) = update.result()  # type: ignore[misc]
    assert report.cancelled


def test_a_search_that_waits_for_the_model_can_be_cancelled(
    open_engine: OpenEngine, workspace: Path, slow_model: threading.Event
) -> None:
    """It is answered by words then."""
    with Engine([workspace]) as engine:
        assert not engine.search(SearchRequest("retry"), cancelled=lambda: True).model_ready


def test_an_unexpected_failure_of_loading_is_one_line(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken torch, for instance: the message names the model and the fix, whatever was raised."""

    def broken(*_: object, **__: object) -> None:
        raise OSError("libtorch.so:\n cannot open")

    monkeypatch.setattr(cascode_models.load, "load_model", broken)
    handle = ModelHandle(None)
    with pytest.raises(ModelError, match=r"the model 'bundled' cannot be loaded \(libtorch.so: cannot open\)"):
        handle.get()
    assert handle.ready() is None
    assert handle.error is not None


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
    reports = [one.result()[0] for one in (update, second)]  # type: ignore[index]
    assert [report.files_changed for report in reports] == [100, 0]
    assert engine.search(SearchRequest("topic")).functions == 300


def test_an_engine_without_a_workspace_answers(open_engine: OpenEngine, workspace: Path) -> None:
    """A server without a folder: no hits, no error, until a root is added."""
    engine = open_engine()
    assert engine.update() == []
    answer = engine.search(SearchRequest("retry upload"))
    assert (answer.hits, answer.state, engine.status()) == ((), "ready", [])
    engine.add_root(workspace)
    engine.add_root(workspace)
    engine.update()
    assert engine.roots == (workspace,)
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


def test_a_covered_root_comes_back_when_the_outer_one_goes(open_engine: OpenEngine, workspace: Path) -> None:
    """Nothing is found twice meanwhile, and nothing is encoded twice."""
    inner = workspace / "src"
    engine = open_engine(inner)
    engine.update()
    engine.add_root(workspace)
    assert [one.root for one in engine.workspaces] == [workspace]
    assert engine.update()[0].encoded == 1
    assert len(engine.search(SearchRequest("upload", limit=50)).hits) == 5
    (inner / "queue.js").unlink()
    engine.apply(ChangeBatch(inner, frozenset(), frozenset({"queue.js"}), False))
    assert len(engine.search(SearchRequest("upload", limit=50)).hits) == 3
    engine.remove_root(workspace)
    assert (engine.roots, [one.root for one in engine.workspaces]) == ((inner,), [inner])
    assert engine.update()[0].encoded == 0
    assert {hit.root for hit in engine.search(SearchRequest("upload")).hits} == {inner}
    with pytest.raises(WorkspaceError, match="not a workspace"):
        engine.apply(ChangeBatch(workspace, frozenset(), frozenset(), True))


def test_a_root_that_cannot_be_added_changes_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """The message names it; the others stay."""
    engine = open_engine(workspace)
    with pytest.raises(WorkspaceError, match="nowhere"):
        engine.add_root(workspace / "nowhere")
    assert engine.roots == (workspace,)
    engine.remove_root(workspace / "never added")
    assert len(engine.workspaces) == 1


def test_removing_a_root_cancels_its_update(open_engine: OpenEngine, large: Path, workspace: Path) -> None:
    """It returns at once; the files are closed when the update has ended; what is left goes on."""
    engine = open_engine(large, workspace)
    steps = Steps("encode")
    removed = engine.workspaces[0]
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    engine.remove_root(large)
    assert removed.in_use
    assert not any(hit.root == large for hit in engine.search(SearchRequest("topic")).hits)
    steps.go_on.set()
    reports = update.result()
    assert [report.cancelled for report in reports] == [True, False]  # type: ignore[attr-defined]
    assert not removed.in_use
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


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
    results = [one.result() for one in running]
    assert isinstance(results[0], int)
    assert results[0] > 0
    engine.update()
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


@pytest.mark.parametrize("meet", ["status", "search", "reindex"])
def test_damage_met_by_anybody_is_mended(
    open_engine: OpenEngine, workspace: Path, caplog: pytest.LogCaptureFixture, meet: str
) -> None:
    """Status, a search or an update finds the store torn: it is made anew, and the next update fills it."""
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
    }
    work[meet]()
    assert "is damaged" in caplog.text
    assert engine.update()[0].functions == 5
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


def test_a_full_reindex_reads_everything_and_encodes_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """Files that look unchanged are read again; what was known answers meanwhile."""
    engine = open_engine(workspace)
    engine.update()
    assert engine.reindex()[0].files_changed == 0
    (report,) = engine.reindex(full=True)
    assert (report.files_changed, report.functions, report.encoded) == (3, 5, 0)
    assert engine.search(SearchRequest("retry_failed_upload")).state == "ready"


def test_a_script_without_suffix_stays_when_it_is_saved(open_engine: OpenEngine, workspace: Path) -> None:
    """Its language is told by its first line, also for a single path."""
    script = workspace / "deploy"
    script.write_text("#!/usr/bin/env python3\ndef roll_out():\n    return 1\n")
    engine = open_engine(workspace)
    engine.update()
    script.write_text("#!/usr/bin/env python3\ndef roll_out_slowly():\n    return 1\n")
    engine.apply(ChangeBatch(workspace, frozenset({"deploy"}), frozenset(), False))
    assert names(engine.search(SearchRequest("roll_out_slowly")))[0] == "roll_out_slowly"


def test_the_gate_lets_searches_go_first_but_not_for_ever() -> None:
    """Indexing waits while a search runs, no longer than half a second."""
    gate = Gate()
    with gate.searching():
        passing = Running(lambda: gate.passed(lambda: False))
        assert not passing.done
        began = time.monotonic()
        assert passing.result() is True
        assert time.monotonic() - began < 5
    with gate.searching():
        assert gate.passed(lambda: True) is False
    assert gate.passed(lambda: False)


def test_small_batches_take_about_the_time_they_should() -> None:
    """Their size follows the measured speed, whatever the length of the texts."""
    size = BatchSize(128, SMALL_BATCH_SECONDS)
    short, long = ["x" * 100] * 500, ["x" * 1000] * 500
    assert size.next(short) == 4
    size.learn(short[:4], 4 * 0.001)
    assert size.next(short) == pytest.approx(SMALL_BATCH_SECONDS / 0.001, abs=1)
    assert size.next(long) == pytest.approx(SMALL_BATCH_SECONDS / 0.01, abs=1)
    assert size.next(["x" * 10**6]) == 1
    assert BatchSize(128, None).next(short) == 128
