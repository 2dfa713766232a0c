"""Watches workspaces by the system's file events: clients of this protocol report none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cascode import WorkspaceError
from cascode_server.service.watchers import Watchers

if TYPE_CHECKING:
    from cascode import ChangeBatch

logger = logging.getLogger(__name__)


class Watching:
    """The watchers of the process, one for each workspace; safe to use from any thread.

    Args:
        submit: Given what changed.
    """

    def __init__(self, submit: Callable[[ChangeBatch], None]) -> None:
        self._submit = submit
        self._watchers = Watchers()

    def watch(self, root: Path) -> None:
        """Watch a workspace from now on; walks it."""
        from cascode import Watcher

        try:
            self._watchers.start(root, Watcher([root], self._submit))
        except (WorkspaceError, OSError) as error:
            logger.warning("changes in %s will be missed: %s", root, error)

    def unwatch(self, root: Path) -> None:
        """Watch a workspace no longer."""
        self._watchers.stop(root)

    def close(self) -> None:
        """Watch nothing any more."""
        self._watchers.close()
