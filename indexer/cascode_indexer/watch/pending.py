"""What has been noticed and not reported yet, and when it is time to report it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pending:
    """Notices of one workspace."""

    #: When the first and the last came, in seconds of the monotonic clock.
    first: float
    last: float
    #: Files something happened to; True where the first notice said that the file was new.
    files: dict[str, bool] = field(default_factory=dict)
    #: Folders that came, went or moved.
    folders: set[str] = field(default_factory=set)
    #: Whether the workspace has to be walked again whatever the rules say of the paths.
    rescan: bool = False


class PendingNotices:
    """Collects notices until it is quiet, or for as long as is bearable.

    Args:
        quiet_seconds: Without a notice for this long, a burst is over.
        max_wait_seconds: A burst is reported in parts of this length.
    """

    def __init__(self, quiet_seconds: float, max_wait_seconds: float) -> None:
        self._quiet = quiet_seconds
        self._max_wait = max_wait_seconds
        self._pending: dict[Path, Pending] = {}
        self._changed = threading.Condition()
        self._closed = False

    def touch(self, root: Path, path: str, *, created: bool = False) -> None:
        """See :meth:`Notices.touch`."""
        with self._changed:
            self._of(root).files.setdefault(path, created)

    def touch_folder(self, root: Path, path: str) -> None:
        """See :meth:`Notices.touch_folder`."""
        with self._changed:
            self._of(root).folders.add(path)

    def ask_rescan(self, root: Path, reason: str) -> None:
        """See :meth:`Notices.ask_rescan`."""
        log.info("scanning workspace %s again: %s", root, reason)
        with self._changed:
            self._of(root).rescan = True

    def close(self) -> None:
        """Wake the thread that takes: there is nothing more to come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def take(self, patience: float | None = None) -> tuple[Path, Pending] | None:
        """Wait for the notices of one workspace.

        Args:
            patience: Seconds to wait for them at most; None for ever.

        Returns:
            The workspace and its notices, None where patience ran out or all was closed.
        """
        give_up = None if patience is None else time.monotonic() + patience
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                due = {root: self._due(pending) for root, pending in self._pending.items()}
                for root, moment in due.items():
                    if moment <= now:
                        return root, self._pending.pop(root)
                if give_up is not None and give_up <= now:
                    return None
                moments = [*due.values()] if give_up is None else [*due.values(), give_up]
                self._changed.wait(min(moments) - now if moments else None)
        return None

    def _due(self, pending: Pending) -> float:
        """When a workspace's notices are reported."""
        return min(pending.last + self._quiet, pending.first + self._max_wait)

    def _of(self, root: Path) -> Pending:
        """A workspace's notices, with the clock set; the thread that waits is woken by the first only."""
        now = time.monotonic()
        pending = self._pending.get(root)
        if pending is None:
            pending = self._pending[root] = Pending(now, now)
            self._changed.notify_all()
        pending.last = now
        return pending
