"""Open workspaces that several engines of one process share: their files are open once, and held in memory once."""

from __future__ import annotations

import threading
from pathlib import Path

from cascode_indexer.indexing.gate import Gate
from cascode_indexer.indexing.types import IndexOptions
from cascode_indexer.model import ModelHandle
from cascode_indexer.walk import checked_root
from cascode_indexer.workspace import Workspace

#: Engines that read a workspace with other options, or with another model, have it open beside each other.
_Key = tuple[Path, ModelHandle, IndexOptions]


class WorkspacePool:
    """Lends workspaces to engines, and closes each after its last borrower.

    Searches of every engine go before the indexing of every other one, so there is one gate.
    """

    def __init__(self) -> None:
        self.gate = Gate()
        self._lock = threading.Lock()
        self._open: dict[_Key, Workspace] = {}
        self._borrowers: dict[Workspace, int] = {}

    def borrow(self, root: Path, model: ModelHandle, options: IndexOptions) -> Workspace:
        """Return the workspace of a folder, opened where nobody has it.

        Args:
            root: The folder.
            model: The model.
            options: How it is read and indexed.

        Raises:
            WorkspaceError: The folder cannot be walked.
            IndexStoreError: The index cannot be opened.
        """
        key = (checked_root(root), model, options)
        with self._lock:
            workspace = self._open.get(key)
            if workspace is None:
                workspace = self._open[key] = Workspace(key[0], model, self.gate, options, shared=True)
            self._borrowers[workspace] = self._borrowers.get(workspace, 0) + 1
            return workspace

    def give_back(self, workspace: Workspace) -> None:
        """Take a workspace back; after the last one its running update is cancelled and its files are closed."""
        with self._lock:
            self._borrowers[workspace] -= 1
            if self._borrowers[workspace]:
                return
            del self._borrowers[workspace]
            self._open = {key: other for key, other in self._open.items() if other is not workspace}
        workspace.retire()
