"""The one seam between the front ends and the indexer: index workspaces and answer questions about them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from cascode_indexer.errors import QueryError, WorkspaceError
from cascode_indexer.indexing.types import DEFAULT_MAX_FILE_BYTES, IndexReport, WorkspaceStatus
from cascode_indexer.indexing.update import Cancelled, OnProgress, Updater
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.cascade import Cascade
from cascode_indexer.search.types import Answer, Hit, SearchRequest
from cascode_indexer.walk import checked_root
from cascode_indexer.watch import ChangeBatch
from cascode_indexer.workspace import Workspace

_log = logging.getLogger(__name__)


class Engine:
    """Indexes and searches one or several workspaces, merged in one ranking.

    Args:
        roots: The workspaces; one inside another is covered by the outer one and dropped.
        model: Folder or name of a model, or one that another engine holds already; None for the default.
        max_file_bytes: Larger files are skipped and counted.
        gpu: Hold vectors on a GPU if there is one.

    Raises:
        WorkspaceError: A root cannot be walked.
        IndexStoreError: An index cannot be opened.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        *,
        model: str | ModelHandle | None = None,
        max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
        gpu: bool = False,
    ) -> None:
        if not roots:
            raise WorkspaceError("no workspace named: give the folder to search")
        self._model = model if isinstance(model, ModelHandle) else ModelHandle(model)
        self.workspaces = [
            Workspace(root, self._model, max_file_bytes=max_file_bytes, gpu=gpu) for root in _outermost(roots)
        ]
        self._cascade = Cascade(self.workspaces, self._model)

    def warm_up(self) -> None:
        """Begin to load the model in the background."""
        self._model.start()

    def update(self, *, on_progress: OnProgress | None = None, cancelled: Cancelled | None = None) -> list[IndexReport]:
        """Bring every workspace's index up to date by a full scan.

        Raises:
            ModelError: The model cannot be loaded.
            IndexStoreError: The index cannot be written.
        """
        return [
            workspace.update(Updater.scan, on_progress=on_progress, cancelled=cancelled)
            for workspace in self.workspaces
        ]

    def apply(
        self,
        batch: ChangeBatch,
        *,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled | None = None,
    ) -> IndexReport:
        """Bring one workspace's index up to date with what a watcher saw."""
        root = checked_root(batch.root)
        workspace = next((one for one in self.workspaces if one.root == root), None)
        if workspace is None:
            raise WorkspaceError(f"{batch.root} is not a workspace of this engine")

        def scan(updater: Updater) -> IndexReport:
            return updater.scan() if batch.rescan else updater.rescan_paths(batch.changed | batch.deleted)

        return workspace.update(scan, on_progress=on_progress, cancelled=cancelled)

    def search(
        self,
        request: SearchRequest,
        *,
        on_fast: Callable[[Answer], None] | None = None,
        cancelled: Cancelled | None = None,
    ) -> Answer:
        """Answer a query.

        Args:
            request: The query with its filters.
            on_fast: Given the fast stage's answer before the slow classifier starts.
            cancelled: Asked between the stages; a cancelled search returns the fast stage's answer.

        Raises:
            QueryError: The query or a filter makes no sense.
            ModelError: The model cannot be loaded.
        """
        return self._cascade.search(request, on_fast=on_fast, cancelled=cancelled)

    def similar(self, path: Path, line: int, *, limit: int = 10) -> Answer:
        """Find functions like the one at ``line`` (1-based) of ``path``.

        Raises:
            QueryError: The file is in no workspace, or no function stands there.
        """
        absolute = path.absolute()
        for workspace in self.workspaces:
            for base in (absolute, absolute.resolve()):
                if base.is_relative_to(workspace.root):
                    return self._cascade.similar(workspace, base.relative_to(workspace.root).as_posix(), line, limit)
        raise QueryError(f"{path} lies in none of the workspaces {', '.join(str(one.root) for one in self.workspaces)}")

    def snippet(self, hit: Hit) -> str:
        """Return the source lines of a hit; empty where the file vanished since."""
        return self._cascade.snippet(hit)

    def status(self) -> list[WorkspaceStatus]:
        """Describe every workspace's index without loading the model."""
        return [workspace.status() for workspace in self.workspaces]

    def is_indexed(self) -> bool:
        """Whether every workspace has been scanned completely before."""
        return all(workspace.indexed for workspace in self.workspaces)

    def close(self) -> None:
        """Close every index."""
        for workspace in self.workspaces:
            workspace.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _outermost(roots: Sequence[Path]) -> list[Path]:
    """Drop repeated roots and roots inside another: their functions would be found twice."""
    checked = sorted({checked_root(root) for root in roots}, key=lambda root: len(root.parts))
    kept: list[Path] = []
    for root in checked:
        if any(root.is_relative_to(outer) for outer in kept):
            _log.info("the workspace %s is part of another one", root)
        else:
            kept.append(root)
    return kept
