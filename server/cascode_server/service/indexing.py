"""The indexing service: one thread that keeps every index up to date while searches go on beside it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_server.service.engine_holder import EngineHolder
from cascode_server.service.state import StateBoard
from cascode_server.service.types import Hooks, IndexState, State
from cascode_server.service.work import RETRY_SECONDS, TAKE_OVER_SECONDS, Work, WorkQueue

if TYPE_CHECKING:
    from cascode import ChangeBatch, Engine, IndexProgress, IndexReport

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Switches:
    """What was asked of the thread; read and written under the service's lock."""

    enabled: bool = False
    #: Workspaces that are not indexed.
    excluded: frozenset[Path] = frozenset()
    paused: bool = False
    closed: bool = False
    reopen: bool = True
    roots_changed: bool = True


@dataclass(slots=True)
class _Job:
    """The job at hand, and what should end it early."""

    #: Files have to be read: encoding gives way, scanning does not.
    urgent: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)
    encoding: bool = False
    #: Whether it is shown as indexing.
    visible: bool = False

    def cancelled(self) -> bool:
        """Whether the job should end at its next safe place."""
        return self.interrupted.is_set() or (self.encoding and self.urgent.is_set())

    def begin(self, *, visible: bool) -> None:
        """Start with nothing asked."""
        self.visible = visible
        self.encoding = False
        self.interrupted.clear()
        self.urgent.clear()


class IndexingService:
    """Keeps indexes up to date on a thread of its own.

    Args:
        open_engine: Opens an engine without workspaces; called on the service's thread.
        hooks: Callbacks.
    """

    def __init__(self, open_engine: Callable[[], Engine], hooks: Hooks) -> None:
        self.holder = EngineHolder()
        self._open_engine = open_engine
        self._hooks = hooks
        self._changed = threading.Condition()
        self._queue = WorkQueue()
        self._switches = _Switches()
        self._job = _Job()
        self._board = StateBoard()
        self._watched: set[Path] = set()
        self._thread = threading.Thread(target=self._run, name="cascode-indexing", daemon=True)

    @property
    def state(self) -> IndexState:
        """The current state."""
        return self._board.current

    @property
    def paused(self) -> bool:
        """Whether a person paused indexing."""
        return self._switches.paused

    def start(self, roots: Sequence[Path], *, enabled: bool) -> None:
        """Open the indexes of some workspaces and bring them up to date.

        Args:
            roots: The workspaces; none for a client without a folder.
            enabled: Whether anything is indexed; searches answer from the index as it is either way.
        """
        with self._changed:
            self._switches.enabled = enabled
            self._queue.change_roots(roots, self._queue.roots)
        self._thread.start()

    def submit(self, batch: ChangeBatch) -> None:
        """Index what a watcher saw; safe to call from any thread."""
        with self._changed:
            self._queue.add_changes(batch)
            self._wake()

    def rescan(self, *, full: bool, roots: Sequence[Path] | None = None) -> None:
        """Look for changed files.

        Args:
            full: Read files again that look unchanged; vectors are reused.
            roots: Only these workspaces; None for all.
        """
        with self._changed:
            self._queue.rescan(roots, full=full)
            self._wake()

    def pause(self) -> None:
        """Index nothing until :meth:`resume`; what is done is kept."""
        with self._changed:
            self._switches.paused = True
            self._job.interrupted.set()
            self._wake()

    def resume(self) -> None:
        """Continue where indexing was paused."""
        with self._changed:
            self._switches.paused = False
            self._wake()

    def set_enabled(self, enabled: bool) -> None:
        """Turn indexing on or off; turned on, it begins with a scan."""
        with self._changed:
            if enabled == self._switches.enabled:
                return
            self._switches.enabled = enabled
            if enabled:
                self._queue.rescan()
            else:
                self._job.interrupted.set()
            self._wake()

    def exclude(self, roots: Iterable[Path]) -> None:
        """Index all workspaces but these; one that was excluded before begins with a scan."""
        with self._changed:
            before, self._switches.excluded = self._switches.excluded, frozenset(roots)
            again = before - self._switches.excluded
            self._queue.rescan([root for root in self._queue.roots if root in again])
            if self._switches.excluded - before:
                self._job.interrupted.set()
            self._wake()

    def reopen(self) -> None:
        """Open another engine, after a setting changed that engines are opened with."""
        with self._changed:
            self._switches.reopen = True
            self._job.interrupted.set()
            self._queue.rescan()
            self._wake()

    def change_roots(self, added: Sequence[Path], removed: Sequence[Path]) -> None:
        """Add and remove workspaces."""
        with self._changed:
            self._queue.change_roots(added, removed)
            self._board.keep(self._queue.roots)
            self._switches.roots_changed = True
            self._job.interrupted.set()
            self._wake()

    def close(self) -> None:
        """Stop at the next safe place; :meth:`join` waits for it."""
        with self._changed:
            self._switches.closed = True
            self._job.interrupted.set()
            self._wake()
        if self._thread.ident is None:  # it closes the engine at its end, and never began
            self.holder.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; return whether it has ended."""
        if self._thread.ident is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        """Wake the thread; what is urgent interrupts encoding. The caller holds the lock."""
        if self._queue.has_urgent(apart_from=self._switches.excluded):
            self._job.urgent.set()
        self._publish()
        self._changed.notify_all()

    def _run(self) -> None:
        """Work until closed."""
        while not self._switches.closed:
            try:
                self._step()
            except Exception as error:  # a bug: without this thread every search would wait forever
                self._fail(None, error)
                with self._changed:
                    self._changed.wait(RETRY_SECONDS)
        self.holder.close()

    def _step(self) -> None:
        """Do one thing, or wait for it."""
        if self._switches.reopen:
            self._open()
        elif self._switches.roots_changed and self.holder.current is not None:
            self._apply_roots(self.holder.current)
        taken = self._take()
        if taken is not None:
            self._do(*taken)

    def _open(self) -> None:
        """Open an engine with the current workspaces, and lend it from then on."""
        with self._changed:
            self._switches.reopen = False
            self._board.clear_failures()
        try:
            engine = self._open_engine()
        except Exception as error:
            self._switches.roots_changed = False  # there is no engine to change them in
            self.holder.fail(self._fail(None, error))
            return
        self._apply_roots(engine)
        self.holder.put(engine)
        self._board.count(engine)
        self._publish()

    def _apply_roots(self, engine: Engine) -> None:
        """Give the engine the client's workspaces and no others."""
        with self._changed:
            self._switches.roots_changed = False
            wanted = self._queue.roots
            self._board.keep(wanted)
        for root in self._watched.difference(wanted):
            self._watched.discard(root)
            self._hooks.unwatch(root)
        for root in set(engine.roots) - set(wanted):
            engine.remove_root(root)
        for root in wanted:
            try:
                engine.add_root(root, max_file_bytes=self._hooks.largest(root))
            except Exception as error:  # the others go on; this one is tried again
                self._fail(root, error)
                self._put_back(root, Work(rescan=True, due=time.monotonic() + RETRY_SECONDS))
        before = self.state.covers
        self._board.count(engine)
        now = self.state.covers
        with self._changed:  # a workspace whose index is another one, also by a link, is read into that
            self._queue.rescan([root for root in self._queue.roots if root in now and now[root] != before.get(root)])
        self._publish()

    def _take(self) -> tuple[Path, Work] | None:
        """Wait for work; None where something else is to be done first."""
        with self._changed:
            switches = self._switches
            while not (switches.closed or switches.reopen or switches.roots_changed):
                now = time.monotonic()
                if switches.enabled and not switches.paused and self.holder.current is not None:
                    taken = self._queue.take(now, apart_from=switches.excluded)
                    if taken is not None:
                        # Checking whether another process still writes is nothing to show.
                        self._job.begin(visible=taken[0] not in self.state.read_only)
                        return taken
                self._job.visible = False
                self._publish()
                self._changed.wait(self._queue.seconds_to_next(now))
        return None

    def _do(self, root: Path, work: Work) -> None:
        """Bring one workspace up to date, or as far as it comes before something interrupts."""
        engine = self.holder.current
        assert engine is not None
        self._publish()
        try:
            # Does nothing, except for a workspace that could not be opened before.
            engine.add_root(root, max_file_bytes=self._hooks.largest(root))
            if root not in self._watched:
                # Watched first, so that nothing falls between the two; then scanned as a whole.
                self._watched.add(root)
                self._hooks.watch(root)
                work.rescan = True
            reports = self._update(engine, root, work)
        except Exception as error:
            self._fail(root, error)
            self._put_back(root, replace(work, rescan=True, due=time.monotonic() + RETRY_SECONDS))
            return
        self._board.clear_failures(root, None)
        for report in reports:
            if work.full:  # it has read every workspace, and each goes on from here with work of its own
                self._finish(report.root, Work(rescan=True, full=True), report)
            else:  # changes are relative to their own root, whichever index covers it
                self._finish(root, work, report)
        self._board.count(engine)
        self._publish()

    def _update(self, engine: Engine, root: Path, work: Work) -> list[IndexReport]:
        """Let the engine do the work."""
        from cascode import ChangeBatch

        if work.full:
            with self._changed:
                self._queue.forget_full()
            return engine.reindex(full=True, on_progress=self._on_progress, cancelled=self._job.cancelled)
        batch = ChangeBatch(root, frozenset(work.changed), frozenset(work.deleted), work.rescan)
        return [engine.apply(batch, on_progress=self._on_progress, cancelled=self._job.cancelled)]

    def _finish(self, root: Path, work: Work, report: IndexReport) -> None:
        """Note what a job did, and queue what it left."""
        self._board.note_read_only(root, report.read_only)
        encoding = self._job.encoding
        if report.read_only:
            # Not in full: that would read all other workspaces again with every attempt.
            self._put_back(root, replace(work, full=False, due=time.monotonic() + TAKE_OVER_SECONDS))
            return
        if report.cancelled:
            # Once files are stored, only encoding is left to do.
            self._put_back(root, Work() if encoding else work)
        if work.rescan and (report.files_changed or report.files_removed):
            logger.info(
                "%s: the scan found %d changed and %d removed files", root, report.files_changed, report.files_removed
            )
        if encoding or not report.cancelled:
            everything = work.rescan or work.full
            self._hooks.indexed(root, None if everything else frozenset(work.changed | work.deleted))

    def _put_back(self, root: Path, work: Work) -> None:
        """Queue work again."""
        with self._changed:
            self._queue.put_back(root, work)

    def _on_progress(self, progress: IndexProgress) -> None:
        """Publish how far the job has come."""
        self._job.encoding = progress.phase == "encode"
        self._board.note_progress(progress)
        self._board.count_while_writing(self.holder.current)
        self._publish()

    def _fail(self, root: Path | None, error: Exception) -> str:
        """Note and report what went wrong; return it in one line."""
        text = self._board.fail(root, error)
        self._hooks.problem(text)
        self._publish()
        return text

    def _publish(self) -> None:
        """Work out the state and announce it; safe to call from any thread."""
        with self._changed:
            self._board.show(self._current_state())
        self._hooks.changed()

    def _current_state(self) -> State:
        """The state in a word; the caller holds the lock."""
        if self.holder.current is None:
            return "error" if self._board.has_general_failure else "starting"
        if not self._switches.enabled:
            return "disabled"
        if self._switches.paused:
            return "paused"
        left_out = self.state.read_only | self._switches.excluded
        if self._job.visible or self._queue.is_due(time.monotonic(), apart_from=left_out):
            return "indexing"
        return "error" if self._board.has_failures else "ready"
