"""The one seam between the front ends and the indexer: index workspaces and answer questions about them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from cascode_indexer.disk import Disk
from cascode_indexer.errors import QueryError, WorkspaceError
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.indexing.parse import content_digest
from cascode_indexer.indexing.types import Cancelled, IndexOptions, IndexReport, OnProgress, WorkspaceStatus
from cascode_indexer.indexing.update import Updater
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import ClosedIndexError
from cascode_indexer.overlay.buffers import Overlays
from cascode_indexer.packing import PackReport
from cascode_indexer.pool import WorkspacePool
from cascode_indexer.roots import Roots
from cascode_indexer.search.request import query_of
from cascode_indexer.search.searcher import Searcher
from cascode_indexer.search.types import Answer, Hit, SearchRequest
from cascode_indexer.team.types import Team
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipReason
from cascode_indexer.walk import checked_root
from cascode_indexer.watch import ChangeBatch
from cascode_indexer.workspace import Workspace

T = TypeVar("T")


class Engine:
    """Indexes and searches one or several workspaces, merged in one ranking; safe to call from several threads.

    Searches go before indexing: while one runs, indexing stops at its next small piece of work.

    Args:
        roots: The workspaces, none to begin with where :meth:`add_root` brings them; one inside another is covered
            by the outer one.
        model: Folder or name of a model, or one that another engine holds already; None for the default.
        max_file_bytes: Larger files are skipped and counted.
        gpu: Hold vectors on a GPU if there is one.
        threads: CPU threads that indexing takes, and small batches so that searches go first; None for all, at
            full speed.
        pool: Shares open workspaces with other engines; None for workspaces of its own.
        disk: Says which spellings of a path are one file; None for the file system.
        team: The team's index, which is the caller's to close: vectors are taken from it instead of encoding, and
            searches that ask for it are answered from it too. None, and nothing leaves the machine.

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
        threads: int | None = None,
        pool: WorkspacePool | None = None,
        disk: Disk | None = None,
        team: Team | None = None,
    ) -> None:
        self._model = model if isinstance(model, ModelHandle) else ModelHandle(model)
        self._gate = Gate() if pool is None else pool.gate
        self._largest: dict[Path, int] = {}

        def open_workspace(root: Path) -> Workspace:
            largest = self._largest.get(root, max_file_bytes)
            options = IndexOptions(max_file_bytes=largest, gpu=gpu, threads=threads, team=team)
            if pool is not None:
                return pool.borrow(root, self._model, options)
            return Workspace(root, self._model, self._gate, options)

        self._roots = Roots(open_workspace, Workspace.retire if pool is None else pool.give_back, disk or Disk())
        self._overlays = Overlays(self._roots.find, max_file_bytes)
        self._searcher = Searcher(
            self._roots.workspaces, self._model, self._gate, self._overlays, threads, max_file_bytes, team
        )
        try:
            self._roots.add(roots)
        except BaseException:
            self.close()
            raise

    @property
    def model(self) -> ModelHandle:
        """The model: whether it is loaded, where it computes, why it could not be loaded."""
        return self._model

    @property
    def workspaces(self) -> Sequence[Workspace]:
        """The workspaces that are indexed and searched: every root that no other one covers."""
        return self._roots.workspaces()

    @property
    def roots(self) -> tuple[Path, ...]:
        """Every root that was added and not removed, those covered by another one included."""
        return self._roots.requested()

    def add_root(self, root: Path, *, max_file_bytes: int | None = None) -> None:
        """Take up a workspace; :meth:`update` indexes it. One that is known already changes nothing.

        Args:
            root: The workspace.
            max_file_bytes: Larger files of it are skipped and counted; None for what holds for all.

        Raises:
            WorkspaceError: It cannot be walked.
            IndexStoreError: Its index cannot be opened.
        """
        if max_file_bytes is not None:
            self._largest[checked_root(root)] = max_file_bytes
        self._roots.add([root])

    def remove_root(self, root: Path) -> None:
        """Let a workspace go: a running update of it is cancelled, its files are closed after their last user.

        A root that it covered is taken up again. One that is not known changes nothing.
        """
        self._roots.remove(root)

    def warm_up(self) -> None:
        """Begin to load the model in the background."""
        self._model.start()

    def update(self, *, on_progress: OnProgress | None = None, cancelled: Cancelled | None = None) -> list[IndexReport]:
        """Bring every workspace's index up to date by a full scan.

        All workspaces are scanned first, so that words find everything, then encoded.

        Args:
            on_progress: Called with the progress so far.
            cancelled: Asked between small pieces of work; what was done until then is kept.

        Raises:
            ModelError: The model cannot be loaded; what words find is up to date all the same.
            IndexStoreError: The index cannot be written.
        """
        return self._update(Updater.scan, on_progress, cancelled)

    def reindex(
        self, *, full: bool = False, on_progress: OnProgress | None = None, cancelled: Cancelled | None = None
    ) -> list[IndexReport]:
        """Bring every workspace's index up to date; arguments and errors as in :meth:`update`.

        Args:
            full: Read every file again, also those that look unchanged. Searches are answered from what was known
                until it is replaced; vectors are used again.
            on_progress: Called with the progress so far.
            cancelled: Asked between small pieces of work.
        """
        return self._update(lambda updater: updater.scan(full=full), on_progress, cancelled)

    def apply(
        self,
        batch: ChangeBatch,
        *,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled | None = None,
    ) -> IndexReport:
        """Bring one workspace's index up to date with what a watcher saw; arguments and errors as in :meth:`update`.

        Raises:
            WorkspaceError: The batch is about no workspace of this engine.
        """
        found = self._roots.find(batch.root)
        if found is None:
            raise WorkspaceError(f"{batch.root} is not a workspace of this engine")
        workspace, inside = found
        prefix = f"{inside}/" if inside else ""  # a root covered by another one is watched on its own

        def scan(updater: Updater) -> IndexReport:
            if batch.rescan:
                return updater.scan()
            return updater.rescan_paths({prefix + path for path in batch.changed | batch.deleted})

        report = workspace.scan(scan, on_progress, cancelled)
        return workspace.encode(report, on_progress, cancelled, self._overlays.opened(workspace.root))

    def pause(self) -> None:
        """Hold indexing at its next small piece of work; what is done by then is stored. Searches go on.

        With a pool that holds for all of its engines.
        """
        self._gate.pause()

    def resume(self) -> None:
        """Let indexing continue."""
        self._gate.resume()

    @property
    def paused(self) -> bool:
        """Whether indexing is held."""
        return self._gate.paused

    @staticmethod
    def check(request: SearchRequest) -> None:
        """Check a request without searching, before minutes of indexing for instance.

        Raises:
            QueryError: The query or a filter is invalid.
        """
        query_of(request)

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
            cancelled: Asked between the stages, and while the model is waited for; a cancelled search returns what it
                has: the fast stage's answer, or one by words.

        Raises:
            QueryError: The query or a filter is invalid.
            ModelError: The model cannot be loaded, and the request waits for it.
        """
        return self._searcher.search(request, on_fast=on_fast, cancelled=cancelled)

    def similar(
        self, path: Path, line: int, *, limit: int = 10, cell: int | None = None, wait_for_model: bool = True
    ) -> Answer:
        """Find functions like the one at ``line`` (1-based) of ``path``.

        Args:
            path: The file.
            line: A line of the function.
            limit: At most this many hits.
            cell: Number of the cell of a notebook that ``line`` counts in, 1-based; None for a line of the file.
            wait_for_model: As in :class:`SearchRequest`.

        Raises:
            QueryError: The file is in no workspace and not open, or no function stands there.
            ModelError: The model cannot be loaded, and ``wait_for_model``.
        """
        root, relative = self._locate(path)
        return self._searcher.similar(root, relative, line, limit, cell=cell, wait_for_model=wait_for_model)

    def text(self, path: Path) -> str | None:
        """Return the text of a file's open buffer, else what is on disk, if any; it is found as in :meth:`similar`."""
        typed = self._overlays.typed(path)
        return self._searcher.file_text(*self._locate(path), "") if typed is None else typed

    def _locate(self, path: Path) -> tuple[Path, str]:
        """Return the workspace that a file is in and its path there; of an open one outside its folder and name."""
        path = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are
        found = self._roots.find(path)
        if found is None and not self._overlays.has(path):
            roots = ", ".join(str(known.root) for known in self.workspaces) or "(there are none)"
            raise QueryError(f"{path} is not in any of the workspaces {roots}")
        return (path.parent, path.name) if found is None else (found[0].root, found[1])

    def holds(self, path: Path, text: str) -> bool:
        """Whether the index holds a file with exactly this text, in UTF-8: then no overlay is needed for it."""
        found = self._roots.find(path)
        if found is None:
            return False
        workspace, relative = found
        with contextlib.suppress(ClosedIndexError):
            record = workspace.read(lambda index: index.store.file_record(relative))
            content = text.encode("utf-8", "surrogatepass")
            return record is not None and record.digest == content_digest(content, relative, record.language)
        return False

    def set_overlay(self, path: Path, text: str) -> None:
        """Let the text of an open buffer stand in for its file in every search; returns at once.

        The disk and the index stay as they are. A file that would not be indexed has no effect. One that lies in no
        workspace can be asked about by :meth:`similar`, and is searched while there is no workspace.
        :meth:`refresh_overlays`, or the next search, takes the text up.

        Args:
            path: The file; it need not exist.
            text: All of the buffer.
        """
        self._overlays.set(path, text)

    def clear_overlay(self, path: Path) -> None:
        """Let the disk rule again; returns at once. A path without a buffer changes nothing."""
        self._overlays.clear(path)

    def refresh_overlays(self) -> None:
        """Parse and encode the buffers that changed, so that the next search need not.

        While the model is not loaded the functions are found by their words. Vectors of functions that did not
        change, in the buffer or since they were indexed, are not made again.
        """
        self._searcher.refresh_overlays()

    def snippet(self, hit: Hit) -> str:
        """Return the source lines of a hit, of an open buffer where there is one; empty where the file vanished."""
        return self._searcher.snippet(hit)

    def pack(self, path: Path) -> PackReport:
        """Write what was encoded here of the one workspace as a pack: addresses of texts and vectors, no source.

        Args:
            path: The file; one of that name is replaced.

        Returns:
            How many vectors it holds, and how many came from elsewhere.

        Raises:
            PackError: The file cannot be written, something is not encoded yet, or there is no vector to write.
            ModelError: The model cannot be loaded.
        """
        (workspace,) = self.workspaces
        return workspace.pack(path)

    def unpack(self, path: Path) -> int:
        """Take in a pack, for the one workspace alone: its next update encodes what the pack does not know.

        Args:
            path: A file that :meth:`pack` wrote, with the same model, of another clone.

        Returns:
            How many vectors it holds.

        Raises:
            PackError: It is no pack, is damaged, or was made by another model; nothing of it is kept.
            ModelError: The model cannot be loaded.
            IndexStoreError: No space, or no right to write.
        """
        (workspace,) = self.workspaces
        return workspace.unpack(path)

    def status(self) -> list[WorkspaceStatus]:
        """Describe every workspace's index without loading the model."""
        return self._of_each(Workspace.status)

    def skipped_paths(self, root: Path, *, cancelled: Cancelled | None = None) -> list[tuple[str, SkipReason]]:
        """Name what is left out of a workspace as it is now, without files in other languages.

        Args:
            root: One of :attr:`roots`.
            cancelled: Asked at each file; a cancelled walk returns what it has.

        Returns:
            Paths relative to the root, folders with a slash at their end, and why each is left out; by path.
        """
        named = next((home.skipped_paths(cancelled) for home in self.workspaces if home.root == root), {})
        return sorted((path, why) for path, why in named.items() if why is not SkipReason.UNSUPPORTED_LANGUAGE)

    def is_indexed(self) -> bool:
        """Whether every workspace has been scanned completely before."""
        # Asked over and over while a first question waits: no more is read than that.
        return all(self._of_each(lambda workspace: workspace.indexed))

    def close(self) -> None:
        """Cancel running updates and close every index; also one whose workspace was removed."""
        self._roots.close()

    def _of_each(self, look: Callable[[Workspace], T]) -> list[T]:
        """Read every workspace, without those that another thread removes meanwhile."""
        found = []
        for workspace in self.workspaces:
            with contextlib.suppress(ClosedIndexError):
                found.append(look(workspace))
        return found

    def _update(
        self,
        scan: Callable[[Updater], IndexReport],
        on_progress: OnProgress | None,
        cancelled: Cancelled | None,
    ) -> list[IndexReport]:
        """Scan all workspaces, then encode what they need."""
        workspaces = self.workspaces
        reports = [workspace.scan(scan, on_progress, cancelled) for workspace in workspaces]
        return [
            workspace.encode(report, on_progress, cancelled, self._overlays.opened(workspace.root))
            for workspace, report in zip(workspaces, reports, strict=True)
        ]

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
