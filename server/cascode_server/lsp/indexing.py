"""The indexing service: one thread that keeps every index up to date while searches go on beside it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascode_indexer.errors import CascodeError
from cascode_models.errors import ModelError
from cascode_server.lsp.engine_holder import EngineHolder
from cascode_server.lsp.index_state import IndexState, State

if TYPE_CHECKING:
    from cascode_indexer.engine import Engine
    from cascode_indexer.indexing.types import IndexProgress, IndexReport
    from cascode_indexer.watch import ChangeBatch

_log = logging.getLogger(__name__)

#: Another window keeps the index up to date: so often it is tried to take over, by a scan that finds nothing to do.
_TAKE_OVER_SECONDS = 3.0
#: After a failure (a full disk, a model that does not load) the next attempt comes this much later.
_RETRY_SECONDS = 60.0
#: Counting the store again while it is written costs milliseconds; a person reads it once a second at most.
_COUNT_SECONDS = 1.0


@dataclass(slots=True)
class _Work:
    """What is to be done for one workspace; empty where functions only wait for their vectors."""

    changed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    rescan: bool = False
    #: Forget the stored files first.
    full: bool = False
    #: Not before this moment of the monotonic clock.
    due: float = 0.0

    @property
    def urgent(self) -> bool:
        """Whether files have to be read: that goes before encoding, which can take minutes."""
        return bool(self.changed or self.deleted or self.rescan or self.full)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the service tells; all are called on its thread."""

    #: The state is another one.
    changed: Callable[[], None]
    #: Something failed that a person can mend.
    problem: Callable[[str], None]
    #: A workspace is about to be scanned for the first time: watch it from now on.
    watch: Callable[[Path], None]
    #: A workspace was removed.
    unwatch: Callable[[Path], None]
    #: Files of a workspace were taken up; None where all were looked at.
    indexed: Callable[[Path, frozenset[str] | None], None]


class IndexingService:
    """Keeps indexes up to date on a thread of its own.

    Args:
        open_engine: Opens an engine without workspaces; called on the service's thread.
        hooks: What is told.
    """

    def __init__(self, open_engine: Callable[[], Engine], hooks: Hooks) -> None:
        self.holder = EngineHolder()
        self._open_engine = open_engine
        self._hooks = hooks
        self._changed = threading.Condition()
        self._work: dict[Path, _Work] = {}
        self._roots: list[Path] = []
        self._watched: set[Path] = set()
        self._reopen = self._roots_changed = True
        self._paused = self._enabled = self._closed = False
        self._urgent = threading.Event()
        self._interrupted = threading.Event()
        self._encoding = False
        self._counted = 0.0
        self._state = IndexState()
        #: What failed last, by workspace; under None what concerns all of them.
        self._failures: dict[Path | None, str] = {}
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="cascode-indexing", daemon=True)

    @property
    def state(self) -> IndexState:
        """The state of this moment."""
        return self._state

    @property
    def paused(self) -> bool:
        """Whether a person paused indexing."""
        return self._paused

    def start(self, roots: Sequence[Path], *, enabled: bool) -> None:
        """Open the indexes of some workspaces and bring them up to date.

        Args:
            roots: The workspaces; none for a client without a folder.
            enabled: Whether anything is indexed; searches answer from the index as it is either way.
        """
        with self._changed:
            self._enabled = enabled
            self._roots = list(roots)
            self._work = {root: _Work(rescan=True) for root in roots}
        self._thread.start()

    def submit(self, batch: ChangeBatch) -> None:
        """Take up what a watcher saw; safe to call from any thread."""
        with self._changed:
            if batch.root not in self._roots:
                return
            work = self._work.setdefault(batch.root, _Work())
            work.changed |= batch.changed
            work.deleted = (work.deleted - batch.changed) | batch.deleted
            work.rescan |= batch.rescan
            work.due = 0.0
            self._wake()

    def rescan(self, *, full: bool) -> None:
        """Look at every file again.

        Args:
            full: Forget the stored files and read all of them; vectors are reused.
        """
        with self._changed:
            for root in self._roots:
                work = self._work.setdefault(root, _Work())
                work.rescan, work.due = True, 0.0
                work.full |= full
            self._wake()

    def pause(self) -> None:
        """Index nothing until :meth:`resume`; what is done is kept."""
        with self._changed:
            self._paused = True
            self._interrupted.set()
            self._wake()

    def resume(self) -> None:
        """Go on where indexing was paused."""
        with self._changed:
            self._paused = False
            self._wake()

    def set_enabled(self, enabled: bool) -> None:
        """Begin or cease to index; at the beginning all is looked at again."""
        with self._changed:
            if enabled == self._enabled:
                return
            self._enabled = enabled
            if enabled:
                for root in self._roots:
                    self._work.setdefault(root, _Work()).rescan = True
            else:
                self._interrupted.set()
            self._wake()

    def reopen(self) -> None:
        """Open the engine anew, after a setting changed that it was opened with."""
        with self._changed:
            self._reopen = True
            self._interrupted.set()
            for root in self._roots:
                self._work.setdefault(root, _Work()).rescan = True
            self._wake()

    def change_roots(self, added: Sequence[Path], removed: Sequence[Path]) -> None:
        """Add and remove workspaces."""
        with self._changed:
            for root in removed:
                if root in self._roots:
                    self._roots.remove(root)
                self._failures.pop(root, None)
                self._work.pop(root, None)
            for root in added:
                if root not in self._roots:
                    self._roots.append(root)
                    self._work[root] = _Work(rescan=True)
            self._roots_changed = True
            self._interrupted.set()
            self._wake()

    def close(self) -> None:
        """Stop at the next safe place; :meth:`join` waits for it."""
        with self._changed:
            self._closed = True
            self._interrupted.set()
            self._wake()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; say whether it has ended."""
        if self._thread.ident is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        """Wake the thread; what is urgent interrupts encoding. The caller holds the lock."""
        if any(work.urgent and not work.due for work in self._work.values()):
            self._urgent.set()
        self._tell()
        self._changed.notify_all()

    def _run(self) -> None:
        """Work until closed."""
        while not self._closed:
            try:
                self._step()
            except Exception as error:  # a fault of ours: without this thread every search would wait for ever
                self._fail(None, error)
                with self._changed:
                    self._changed.wait(_RETRY_SECONDS)
        self.holder.close()

    def _step(self) -> None:
        """Do one thing, or wait for it."""
        if self._reopen:
            self._open()
        elif self._roots_changed and self.holder.current is not None:
            self._take_up_roots(self.holder.current)
        taken = self._take()
        if taken is not None:
            self._do(*taken)

    def _open(self) -> None:
        """Open an engine with the workspaces of now, and lend it from then on."""
        with self._changed:
            self._reopen = False
            self._failures.clear()
        try:
            engine = self._open_engine()
        except Exception as error:
            self._roots_changed = False  # there is nothing that could take them up
            self.holder.fail(self._fail(None, error))
            return
        self._take_up_roots(engine)
        self.holder.put(engine)
        self._count()
        self._tell()

    def _take_up_roots(self, engine: Engine) -> None:
        """Bring an engine's workspaces in line with the client's."""
        with self._changed:
            self._roots_changed = False
            wanted = list(self._roots)
            self._note(read_only=self._state.read_only.intersection(wanted))
        for root in self._watched.difference(wanted):
            self._watched.discard(root)
            self._hooks.unwatch(root)
        for root in set(engine.roots) - set(wanted):
            engine.remove_root(root)
        for root in wanted:
            try:
                engine.add_root(root)
            except Exception as error:  # the others go on; this one is tried again
                self._fail(root, error)
                self._put_back(root, _Work(rescan=True, due=time.monotonic() + _RETRY_SECONDS))
        self._count()
        self._tell()

    def _take(self) -> tuple[Path, _Work] | None:
        """Wait for work; None where something else is to be done first."""
        with self._changed:
            while not (self._closed or self._reopen or self._roots_changed):
                now = time.monotonic()
                due = [(root, work) for root, work in self._work.items() if work.due <= now]
                if due and self._enabled and not self._paused and self.holder.current is not None:
                    root, work = min(due, key=lambda one: not one[1].urgent)
                    del self._work[root]
                    # A look whether another window still writes is nothing to show.
                    self._busy = root not in self._state.read_only
                    self._interrupted.clear()
                    self._urgent.clear()
                    return root, work
                self._busy = False
                self._tell()
                later = [work.due - now for work in self._work.values() if work.due > now]
                self._changed.wait(min(later) if later else None)
        return None

    def _do(self, root: Path, work: _Work) -> None:
        """Bring one workspace up to date, or as far as it comes before something interrupts."""
        engine = self.holder.current
        assert engine is not None
        self._encoding = False
        self._tell()
        try:
            engine.add_root(root)  # nothing, but for one that could not be opened before
            if root not in self._watched:
                # Watched first, so that nothing falls between the two; then looked at as a whole.
                self._watched.add(root)
                self._hooks.watch(root)
                work.rescan = True
            reports = self._update(engine, root, work)
        except Exception as error:
            self._fail(root, error)
            self._put_back(root, replace(work, rescan=True, due=time.monotonic() + _RETRY_SECONDS))
            return
        self._failures.pop(root, None)
        self._failures.pop(None, None)
        for report in reports:
            self._after(report.root, work, report)
        self._count()
        self._tell()

    def _update(self, engine: Engine, root: Path, work: _Work) -> list[IndexReport]:
        """Let the engine do the work."""
        from cascode_indexer.watch import ChangeBatch

        if work.full:
            with self._changed:  # it reads every workspace
                for other in self._work.values():
                    other.full = False
            return engine.reindex(full=True, on_progress=self._on_progress, cancelled=self._cancelled)
        batch = ChangeBatch(root, frozenset(work.changed), frozenset(work.deleted), work.rescan)
        return [engine.apply(batch, on_progress=self._on_progress, cancelled=self._cancelled)]

    def _after(self, root: Path, work: _Work, report: IndexReport) -> None:
        """Take up what a job reported."""
        read_only = self._state.read_only
        if report.read_only:
            self._put_back(root, replace(work, due=time.monotonic() + _TAKE_OVER_SECONDS))
            self._note(read_only=read_only | {root})
        else:
            self._note(read_only=read_only - {root})
            if report.cancelled:
                # Once files are stored, only encoding is left to do.
                self._put_back(root, _Work() if self._encoding else work)
            if self._encoding or not report.cancelled:
                everything = work.rescan or work.full
                self._hooks.indexed(root, None if everything else frozenset(work.changed | work.deleted))

    def _put_back(self, root: Path, work: _Work) -> None:
        """Queue work again, together with what came in meanwhile."""
        with self._changed:
            if root not in self._roots:
                return
            newer = self._work.get(root)
            if newer is not None:
                work.changed |= newer.changed
                work.deleted = (work.deleted - newer.changed) | newer.deleted
                work.rescan |= newer.rescan
                work.full |= newer.full
                work.due = min(work.due, newer.due)
            self._work[root] = work

    def _cancelled(self) -> bool:
        """Whether the job should end at its next safe place."""
        return self._interrupted.is_set() or (self._encoding and self._urgent.is_set())

    def _on_progress(self, progress: IndexProgress) -> None:
        """Take up how far the job has come."""
        self._encoding = progress.phase == "encode"
        self._note(progress=progress)
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._count()
        self._tell()

    def _count(self) -> None:
        """Ask the engine what the indexes hold."""
        engine = self.holder.current
        if engine is None:
            return
        try:
            self._note(workspaces=tuple(engine.status()))
        except (CascodeError, OSError) as error:
            _log.warning("the indexes cannot be counted: %s", error)
        self._counted = time.monotonic()

    def _fail(self, root: Path | None, error: Exception) -> str:
        """Remember and tell what went wrong; return it in one line."""
        if isinstance(error, CascodeError | ModelError):
            text = str(error)
            _log.warning("indexing failed: %s", error)
        else:
            text = f"indexing failed ({type(error).__name__}); the server's log tells more"
            _log.error("indexing failed: %s", error, exc_info=error)
        self._failures[root] = text
        self._hooks.problem(text)
        self._tell()
        return text

    def _note(self, **changes: Any) -> None:
        """Change the state that others see."""
        with self._changed:
            self._state = replace(self._state, **changes)

    def _tell(self) -> None:
        """Work out the state and tell that it changed; safe to call from any thread."""
        with self._changed:
            state = self._now()
            message = next(iter(self._failures.values()), None)
            if message is None and state == "ready" and self._state.read_only:
                message = "another CasCode process keeps this index up to date"
            self._note(state=state, message=message, progress=self._state.progress if state == "indexing" else None)
        self._hooks.changed()

    def _now(self) -> State:
        """The state of this moment in one word; the caller holds the lock."""
        if self.holder.current is None:
            return "error" if None in self._failures else "starting"
        if not self._enabled:
            return "disabled"
        if self._paused:
            return "paused"
        now = time.monotonic()
        waiting = any(work.due <= now and root not in self._state.read_only for root, work in self._work.items())
        if self._busy or waiting:
            return "indexing"
        return "error" if self._failures else "ready"
