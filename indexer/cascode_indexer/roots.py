"""Which workspaces an engine has: the roots asked for, without those that lie inside another one."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cascode_indexer.disk import Disk
from cascode_indexer.errors import CascodeError
from cascode_indexer.walk import checked_root
from cascode_indexer.workspace import Workspace

_log = logging.getLogger(__name__)


class Roots:
    """The roots of an engine and their open workspaces.

    The functions of a root inside another one would be found twice: the outer one covers it, and it comes back when
    the outer one goes.

    Args:
        open_workspace: Opens the workspace of a root.
        give_up: Lets one go, which is closed after its last user; returns at once.
        disk: Says which spellings of a path are one.
    """

    def __init__(
        self,
        open_workspace: Callable[[Path], Workspace],
        give_up: Callable[[Workspace], None],
        disk: Disk,
    ) -> None:
        self._open_workspace = open_workspace
        self._give_up = give_up
        self._disk = disk
        self._lock = threading.Lock()
        self._asked: dict[Path, None] = {}
        self._open: dict[Path, Workspace] = {}
        self._gone: list[Workspace] = []

    def requested(self) -> tuple[Path, ...]:
        """Return every root, in the order in which they came."""
        return tuple(self._asked)

    def workspaces(self) -> tuple[Workspace, ...]:
        """Return the workspaces of now, in the order of their roots."""
        with self._lock:
            return tuple(self._open[root] for root in self._asked if root in self._open)

    def add(self, roots: Sequence[Path]) -> None:
        """Take up roots; where one of them fails nothing changes.

        Raises:
            WorkspaceError: A root cannot be walked.
            IndexStoreError: An index cannot be opened.
        """
        with self._lock:
            asked = {**self._asked, **dict.fromkeys(checked_root(root) for root in roots)}
            opened: dict[Path, Workspace] = {}
            try:
                for root in self._outermost(asked):
                    if root not in self._open:
                        opened[root] = self._open_workspace(root)
            except BaseException:
                for workspace in opened.values():
                    self._give_up(workspace)
                raise
            self._asked = asked
            self._open.update(opened)
            self._retire_covered()

    def remove(self, root: Path) -> None:
        """Let a root go; what it covered comes back."""
        # The folder may be gone by now: nothing is asked of the disk.
        wanted = Path(os.path.abspath(root.expanduser()))  # noqa: PTH100  links stay as they are
        with self._lock:
            if wanted not in self._asked:
                return
            del self._asked[wanted]
            workspace = self._open.pop(wanted, None)
            if workspace is None:
                return
            self._retire(workspace)
            for inner in self._outermost(self._asked):
                if inner not in self._open:
                    try:
                        self._open[inner] = self._open_workspace(inner)
                    except CascodeError as error:
                        _log.warning("cannot reopen the workspace %s: %s", inner, error)

    def find(self, path: Path) -> tuple[Workspace, str] | None:
        """Return the workspace that ``path`` lies in, and where: relative to it, posix separators.

        A workspace itself lies in itself at the empty path; links are followed where the path as it is lies in none, or
        leads through one, and where the disk ignores case the path is spelled as it is there.
        """
        absolute = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are
        workspaces = {workspace.root: workspace for workspace in self.workspaces()}
        found = self._disk.place(workspaces, absolute)
        return None if found is None else (workspaces[found[0]], found[1])

    def close(self) -> None:
        """Close all workspaces, those that were removed and are still in use included."""
        with self._lock:
            opened, gone = list(self._open.values()), list(self._gone)
            self._open.clear()
            self._asked.clear()
            self._gone.clear()
        for workspace in opened:
            self._give_up(workspace)
        for workspace in (*opened, *gone):
            if workspace.retired:
                workspace.wait_unused()

    def _outermost(self, roots: Iterable[Path]) -> list[Path]:
        """Return the roots that lie in no other one; of several spellings of a folder, the first."""
        kept: dict[Path, Path] = {}
        keys = {root: self._disk.key(root) for root in roots}
        for root, key in sorted(keys.items(), key=lambda item: len(item[1].parts)):
            if not any(key.is_relative_to(outer) for outer in kept):
                kept[key] = root
        return list(kept.values())

    def _retire_covered(self) -> None:
        """Let workspaces go that another one covers now."""
        outermost = set(self._outermost(self._asked))
        for root in [root for root in self._open if root not in outermost]:
            _log.info("the workspace %s is inside another workspace", root)
            self._retire(self._open.pop(root))

    def _retire(self, workspace: Workspace) -> None:
        """Let a workspace go, and remember it as long as it is in use."""
        self._give_up(workspace)
        self._gone = [held for held in [*self._gone, workspace] if held.in_use]
