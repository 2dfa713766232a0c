"""The watchers of several workspaces, whoever takes the changes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascode import Watcher


class Watchers:
    """One watcher for each workspace, until it is stopped or all are closed; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: dict[Path, Watcher] = {}
        self._closed = False

    def start(self, root: Path, watcher: Watcher) -> None:
        """Start a watcher of a workspace, and keep it unless all were closed meanwhile.

        Args:
            root: The workspace, which has none.
            watcher: Its watcher, not started.

        Raises:
            WorkspaceError: The workspace cannot be watched.
            OSError: The system has no more watches.
        """
        watcher.start()
        with self._lock:
            if not self._closed:
                self._started[root] = watcher
                return
        watcher.close()

    def stop(self, root: Path) -> None:
        """Stop the watcher of a workspace, where it has one."""
        with self._lock:
            watcher = self._started.pop(root, None)
        if watcher is not None:
            watcher.close()

    def close(self) -> None:
        """Stop all of them; none is kept from now on."""
        with self._lock:
            self._closed = True
        for root in self.roots:
            self.stop(root)

    @property
    def roots(self) -> list[Path]:
        """The workspaces that are watched."""
        with self._lock:
            return list(self._started)
