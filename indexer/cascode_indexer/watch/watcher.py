"""The watcher: changes in workspaces, reported in few batches."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from ..walk import IGNORE_FILES, IgnoreRules, checked_root, is_encodable
from .observer import ObserverSource, PollingSource
from .pending import Pending, PendingNotices
from .types import ChangeBatch, Notices, NoticeSource, SourceFactory, WatchLimitError

log = logging.getLogger(__name__)

#: An editor's save is a few notices within milliseconds; a person waits for a search result, not for this.
QUIET_SECONDS = 0.2
#: A branch switch of 5,000 files takes about a second; a build that writes for minutes is reported in parts.
MAX_WAIT_SECONDS = 2.0
#: Between two looks for a workspace whose root vanished: a fresh clone or a remounted disk brings it back.
_MISSING_SECONDS = 1.0


class Watcher:
    """Reports what changes in workspaces, until it is closed.

    ``on_changes`` is called on the watcher's own thread, for one workspace at a time. What happens meanwhile
    is reported by the next call. An error in it is logged, and the watcher lives on. Start watching before the
    first walk: then nothing falls between the two.

    Args:
        roots: The workspaces.
        on_changes: Called with each batch.
        quiet_seconds: A burst is over after this long without a change.
        max_wait_seconds: A longer burst is reported in parts.
        source: Makes the source of notices; the best of this system where none is given.

    Raises:
        WorkspaceError: A root is missing, is not a folder, or cannot be listed.
    """

    def __init__(
        self,
        roots: Iterable[Path],
        on_changes: Callable[[ChangeBatch], None],
        *,
        quiet_seconds: float = QUIET_SECONDS,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        source: SourceFactory | None = None,
    ) -> None:
        self._roots = {checked_root(root): root for root in roots}
        self._on_changes = on_changes
        self._pending = PendingNotices(quiet_seconds, max_wait_seconds)
        self._make_source = source or best_source
        self._source: NoticeSource | None = None
        self._rules: dict[Path, IgnoreRules] = {}
        self._missing: set[Path] = set()
        self._thread = threading.Thread(target=self._run, name="cascode-watch", daemon=True)

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def missing(self) -> frozenset[Path]:
        """Workspaces whose root is gone for now."""
        return frozenset(self._missing)

    def start(self) -> None:
        """Watch from now on: what changes after this returns is reported."""
        try:
            self._source = self._make_source(self._pending)
        except WatchLimitError as error:
            self._poll_instead(error)
        for root in self._roots:
            self._sync(root)
        self._thread.start()

    def close(self) -> None:
        """Stop, and end all threads; changes not reported yet are dropped."""
        self._pending.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        if self._source is not None:
            self._source.close()
            self._source = None

    def _run(self) -> None:
        """Report batches until closed."""
        while True:
            taken = self._pending.take(_MISSING_SECONDS if self._missing else None)
            if taken is not None:
                self._tell(*taken)
            elif self._pending.closed:
                return
            for root in [root for root in self._missing if root.is_dir()]:
                self._pending.ask_rescan(root, "its root is back")

    def _tell(self, root: Path, pending: Pending) -> None:
        """Make a batch of notices and hand it over; an error in there must not end the watch."""
        try:
            batch = self._batch(root, pending)
            if batch.changed or batch.deleted or batch.rescan:
                self._on_changes(batch)
        except Exception:
            log.exception("handling the changes in %s failed", root)

    def _batch(self, root: Path, pending: Pending) -> ChangeBatch:
        """What the notices mean now: each path is looked at, whatever happened to it on the way."""
        ignore_file_changed = any(path.rpartition("/")[2] in IGNORE_FILES for path in pending.files)
        if pending.rescan or pending.folders or ignore_file_changed:
            self._rules[root] = IgnoreRules(root)
        rules = self._rules[root]
        rescan = pending.rescan or ignore_file_changed
        if not rescan:
            rescan = any(rules.reason(folder, is_folder=True) is None for folder in pending.folders)
        changed: set[str] = set()
        deleted: set[str] = set()
        for path, created in pending.files.items():
            if not is_encodable(path) or rules.reason(path) is not None:
                continue
            if _is_file(root / path):
                changed.add(path)
            elif not created:  # else it came and went: an editor's temporary file
                deleted.add(path)
        if rescan:  # before the batch is reported: what happens during the new walk is noticed
            self._sync(root)
        return ChangeBatch(self._roots[root], frozenset(changed), frozenset(deleted), rescan)

    def _sync(self, root: Path) -> None:
        """Bring what is watched in line with the folders and rules of now."""
        rules = self._rules.get(root)
        if rules is None:
            rules = self._rules[root] = IgnoreRules(root)
        if root.is_dir():
            self._missing.discard(root)
        elif root not in self._missing:
            self._missing.add(root)
            log.warning("workspace %s has disappeared; watching resumes when it comes back", root)
        assert self._source is not None
        try:
            self._source.sync(root, rules)
        except WatchLimitError as error:
            self._poll_instead(error)
            for other in self._roots:
                self._source.sync(other, self._rules.setdefault(other, IgnoreRules(other)))
                self._pending.ask_rescan(other, "changes between watching and polling may have been missed")

    def _poll_instead(self, error: WatchLimitError) -> None:
        """Fall back to looking again and again."""
        log.warning("%s: changes are found by polling, later and at some cost; raise the limit with sysctl", error)
        if self._source is not None:
            self._source.close()
        self._source = PollingSource(self._pending)


def best_source(notices: Notices) -> NoticeSource:
    """The source of notices that costs least on this system.

    Args:
        notices: Where it puts what it learns.

    Raises:
        WatchLimitError: The system has no more watches to give.
    """
    try:
        from .inotify import InotifySource
    except Exception as error:  # another system, an old libc, or watchdog 6 (Python 3.10)
        log.debug("whole trees are watched: %s", error)
        return ObserverSource(notices)
    return InotifySource(notices)


def _is_file(path: Path) -> bool:
    """Whether there is a regular file; a link is none, as in the walk."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
