"""Watches workspaces by the system's file events: clients of this protocol report none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cascode import WorkspaceError

if TYPE_CHECKING:
    from cascode import ChangeBatch, Watcher

logger = logging.getLogger(__name__)


class Watching:
    """The watchers of the process, one for each workspace; safe to use from any thread.

    Args:
        submit: Given what changed.
    """

    def __init__(self, submit: Callable[[ChangeBatch], None]) -> None:
        self._submit = submit
        self._lock = threading.Lock()
        self._watchers: dict[Path, Watcher] = {}
        self._closed = False

    def watch(self, root: Path) -> None:
        """Watch a workspace from now on; walks it."""
        from cascode import Watcher

        try:
            watcher = Watcher([root], self._submit)
            watcher.start()
        except (WorkspaceError, OSError) as error:
            logger.warning("changes in %s will be missed: %s", root, error)
            return
        with self._lock:
            if not self._closed:
                self._watchers[root] = watcher
                return
        watcher.close()

    def unwatch(self, root: Path) -> None:
        """Watch a workspace no longer."""
        with self._lock:
            watcher = self._watchers.pop(root, None)
        if watcher is not None:
            watcher.close()

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._closed = True
            roots = list(self._watchers)
        for root in roots:
            self.unwatch(root)
