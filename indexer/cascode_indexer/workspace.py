"""One workspace's index as this process holds it: its open files and its right to write."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from cascode_indexer.errors import IndexBusyError
from cascode_indexer.extract import language_of
from cascode_indexer.index_files import IndexFiles
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.indexing.lost import forget_lost
from cascode_indexer.indexing.shared_work import SharedWork
from cascode_indexer.indexing.types import (
    Cancelled,
    IndexOptions,
    IndexProgress,
    IndexReport,
    OnProgress,
    WorkspaceStatus,
)
from cascode_indexer.indexing.update import Updater
from cascode_indexer.location import bytes_of, locate, vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import ClosedIndexError, OpenIndex, damaged_again_error
from cascode_indexer.packing import PackReport, pack_index, packed_from, unpack_index
from cascode_indexer.search.vectors import WorkspaceVectors
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import cache_identity
from cascode_indexer.team.supply import supply_of
from cascode_indexer.types import SkipCounts, SkipList, SkipReason
from cascode_indexer.walk import checked_root, walk
from cascode_indexer.write_right import CancelledError, Turn, WriteRight

_log = logging.getLogger(__name__)
T = TypeVar("T")

#: A running update ends within one small batch; a thread that hangs must not keep the process alive.
_CLOSE_SECONDS = 10.0
#: Attempts before damage is a matter of the disk: an engine beside this one may meet it at the same time.
_ATTEMPTS = 3


class Workspace:
    """The index of one root folder.

    Args:
        root: The folder.
        model: The model, loaded when needed.
        gate: Passed by indexing between small pieces of work.
        options: How it is read and indexed.
        shared: Whether several engines have it: each of them waits until all is encoded, whoever does it.

    Raises:
        WorkspaceError: The folder cannot be walked.
        IndexStoreError: The index cannot be opened.
    """

    def __init__(
        self, root: Path, model: ModelHandle, gate: Gate, options: IndexOptions, *, shared: bool = False
    ) -> None:
        self.root = checked_root(root)
        self.location = locate(self.root)
        self.options = options
        self._model = model
        self._gate = gate
        self._shared = shared
        self._right = WriteRight(self.location)
        self._encoding = SharedWork()
        self._files = IndexFiles(self.location, model, gpu=options.gpu)
        #: How far the running update has come; None while none runs.
        self.progress: IndexProgress | None = None

    @property
    def max_file_bytes(self) -> int:
        """Larger files are skipped and counted."""
        return self.options.max_file_bytes

    @property
    def index(self) -> OpenIndex:
        """The open files; use them inside a ``with`` block."""
        return self._files.current

    @property
    def store(self) -> Store:
        """The connection that searches read through, for whoever keeps :attr:`index` open."""
        return self.index.store

    @property
    def in_use(self) -> bool:
        """Whether a search or an update is at work in it."""
        return not self.index.wait_unused(0)

    @property
    def retired(self) -> bool:
        """Whether it is closed, or will be after its last user."""
        return self._files.closed

    @property
    def indexed(self) -> bool:
        """Whether a full scan has ever been completed.

        Raises:
            ClosedIndexError: The workspace was closed.
        """
        return self.read(lambda index: index.store.get_meta("last_indexed")) is not None

    def vectors(self) -> WorkspaceVectors:
        """Return the vectors of this workspace for the current model, for whoever keeps :attr:`index` open."""
        return self.index.vectors()

    def read(self, look: Callable[[OpenIndex], T]) -> T:
        """Read the index; again where a file turned out damaged, without what it held.

        Args:
            look: Given the open files, which stay open until it ends.

        Raises:
            ClosedIndexError: The workspace was closed.
            IndexStoreError: A file is damaged again and again, or cannot be read.
        """
        attempt = 1
        while True:
            index = self.index
            try:
                with index:
                    return look(index)
            except ClosedIndexError:
                if self.retired or attempt == _ATTEMPTS:  # else its files were rebuilt just now
                    raise
            except DamagedFileError as error:
                if attempt == _ATTEMPTS:
                    raise damaged_again_error(error) from error
                self.repair(error, index)
            attempt += 1

    def scan(
        self, work: Callable[[Updater], IndexReport], on_progress: OnProgress | None, cancelled: Cancelled | None
    ) -> IndexReport:
        """Let ``work`` bring the store up to date; words find the new functions from then on.

        Returns:
            What was done; ``read_only`` where another process writes this index.
        """
        return self._update("scan", lambda updater, _: work(updater), on_progress, cancelled)

    def encode(
        self,
        report: IndexReport,
        on_progress: OnProgress | None,
        cancelled: Cancelled | None,
        opened: Collection[str] = (),
    ) -> IndexReport:
        """Encode what has no vector yet.

        Where another thread of this process is at it, that one takes along what the scan has found. This call then
        returns at once, but waits in a shared workspace: the other thread may end with its engine.

        Args:
            report: What the scan before it did.
            on_progress: Called with the progress so far.
            cancelled: Asked between small batches.
            opened: Files that are open in an editor, relative to the root: they are encoded first.

        Returns:
            The report of both.

        Raises:
            ModelError: The model cannot be loaded.
        """
        if report.read_only or report.cancelled:
            return report
        asked = cancelled or (lambda: False)

        def wait() -> bool:
            if asked() or self.retired:
                return False
            if on_progress is not None and self.progress is not None:
                on_progress(self.progress)
            return True

        return self._encoding.run(
            report,
            lambda report: self._encode(report, on_progress, cancelled, opened),
            lambda report: report.cancelled,
            wait=wait if self._shared else None,
            unfinished=lambda report: dataclasses.replace(report, cancelled=True),
        )

    def pack(self, path: Path) -> PackReport:
        """Write the vectors of this workspace as a pack; see :func:`cascode_indexer.packing.pack_index`."""
        with self.index as index:
            return pack_index(index, self._model, path, self.root)

    def unpack(self, path: Path) -> int:
        """Take in a pack, for this workspace alone; see :func:`cascode_indexer.packing.unpack_index`."""
        with self.index as index:
            return unpack_index(index, self._model, path)

    def status(self) -> WorkspaceStatus:
        """Describe the index without loading the model.

        Raises:
            ClosedIndexError: The workspace was closed.
        """
        return self.read(self._status)

    def skipped_paths(self, cancelled: Cancelled | None = None) -> dict[str, SkipReason]:
        """Walk the workspace for what is left out of it as it is now, and add what was skipped for its content.

        Where another thread has closed it, what the walk found is all; what it found so far where it is cancelled.
        """
        found = SkipList()
        by_content: dict[str, SkipReason] = {}
        with contextlib.suppress(ClosedIndexError):
            by_content = self.read(lambda index: index.store.skipped_files())
        for _ in walk(self.root, language_of=language_of, skipped=found, max_bytes=self.max_file_bytes):
            if cancelled is not None and cancelled():
                break
        return dict(found.paths) | by_content

    def repair(self, error: DamagedFileError, index: OpenIndex, *, move: bool = True) -> None:
        """Put a damaged file aside and start it empty; what it held is made again from the workspace.

        Args:
            error: Names the file.
            index: The open files that it was met in; nothing is done where they have been replaced since.
            move: Whether the file is still in its place; else only open the files again.

        Raises:
            IndexStoreError: The file cannot be replaced.
        """
        self._files.replace(error, index, move=move)

    def retire(self) -> None:
        """Cancel a running update and close the files as soon as nobody uses them; returns at once."""
        self._files.retire()

    def wait_unused(self) -> None:
        """Wait for a cancelled update and for searches, so that the files are closed."""
        if not self.index.wait_unused(_CLOSE_SECONDS):
            _log.warning("the index of %s is still in use; it is closed later", self.root)

    def _status(self, index: OpenIndex) -> WorkspaceStatus:
        """Describe what these files hold."""
        counts = index.store.counts()
        last = index.store.get_meta("last_indexed")
        return WorkspaceStatus(
            root=self.root,
            directory=self.location.directory,
            indexed=last is not None,
            counts=counts,
            skipped=index.store.skipped() if last else SkipCounts(),
            model=index.store.get_meta("model"),
            size_bytes=bytes_of(self.location.directory),
            busy=self._right.held_elsewhere(),
            last_indexed=float(last) if last else None,
            updating=self._right.held,
            progress=self.progress,
            packed=packed_from(index),
        )

    def _update(
        self,
        turn: Turn,
        work: Callable[[Updater, OpenIndex], IndexReport],
        on_progress: OnProgress | None,
        cancelled: Cancelled | None,
    ) -> IndexReport:
        """Do ``work`` with the right to write; once more where a file turned out damaged."""
        asked = cancelled or (lambda: False)
        started = time.perf_counter()
        try:
            with self._right.holding(turn, lambda: self._files.closed or asked()):
                for attempt in range(1, _ATTEMPTS + 1):
                    index = self.index
                    try:
                        with index:
                            report = work(self._updater(index, on_progress, asked), index)
                    except DamagedFileError as error:
                        if attempt == _ATTEMPTS:
                            raise damaged_again_error(error) from error
                        self.repair(error, index)
                        continue
                    if index is self.index or self._files.closed:
                        break
                    # A search found damage and rebuilt the files: what was written went into the old ones.
                return dataclasses.replace(report, cancelled=report.cancelled or self._files.closed)
        except IndexBusyError:
            with contextlib.suppress(ClosedIndexError), self.index as index:
                counts = index.store.counts()
                _log.info("another process keeps the index of %s up to date", self.root)
                return IndexReport(self.root, files=counts.files, functions=counts.functions, read_only=True)
        except (ClosedIndexError, CancelledError):
            pass
        finally:
            if not self._right.held:
                self.progress = None
        return IndexReport(self.root, seconds=time.perf_counter() - started, cancelled=True)

    def _updater(self, index: OpenIndex, on_progress: OnProgress | None, cancelled: Cancelled) -> Updater:
        """Make what writes this index."""

        def report(progress: IndexProgress) -> None:
            self.progress = progress
            if on_progress is not None:
                on_progress(progress)

        return Updater(
            self.root,
            index.writer(),
            max_file_bytes=self.options.max_file_bytes,
            on_progress=report,
            cancelled=lambda: index.retired or cancelled(),
            gate=self._gate,
            # Whoever caps indexing has a person at the desk: small batches, so that searches go first.
            threads=self.options.threads,
        )

    def _encode(
        self,
        report: IndexReport,
        on_progress: OnProgress | None,
        cancelled: Cancelled | None,
        opened: Collection[str],
    ) -> IndexReport:
        """Encode with the right to write."""
        scanned = [report]
        first = self.index

        def work(updater: Updater, index: OpenIndex) -> IndexReport:
            if index is not first:  # the files were rebuilt: what the scan had stored is gone
                scanned[0] = updater.scan()
            return self._encode_with(updater, index, scanned[0], opened)

        return self._update("encode", work, on_progress, cancelled)

    def _encode_with(
        self, updater: Updater, index: OpenIndex, report: IndexReport, opened: Collection[str]
    ) -> IndexReport:
        """Encode what is pending in these files."""
        started = time.perf_counter()
        store = index.writer()
        if index.has_lost_its_cache(cache_identity(vector_cache_path())):
            error = DamagedFileError(vector_cache_path(), "another process has put a new one in its place")
            self.repair(error, index, move=False)
            return report  # which is done again, with the new one
        # The model is left alone where nothing needs it: a second run must not wait for torch.
        needed = (
            store.counts().pending
            or store.counts().pending_passages
            or store.get_meta("model_label") != self._model.identity
            or store.get_meta("cache") != self._caches()
        )
        if not report.functions or not (needed or self._model.loaded):
            return report
        # A scan that finds nothing new is no reason to keep the model in memory.
        model = (None if needed else self._model.current) or self._model.wait(updater.cancelled)
        if model is None:
            return dataclasses.replace(report, cancelled=True)
        self._model.use_threads(self.options.threads)
        team = self.options.team
        supply = None if team is None else supply_of(team, model, index.cache(), updater.cancelled)
        if store.get_meta("cache") != self._caches():
            forget_lost(store, index.cache())
        encoded, seconds = updater.encode(model, index.cache(), opened, supply)
        vectors = index.vectors()
        vectors.refresh()
        if vectors.lost:
            store.mark_encoded(vectors.lost, encoded=False)
            vectors.lost.clear()
            again, more = updater.encode(model, index.cache())
            encoded, seconds = encoded + again, seconds + more
        vectors.save(updater.cancelled)
        store.set_meta("model_label", self._model.identity)
        store.set_meta("cache", self._caches())
        return dataclasses.replace(
            report,
            encoded=report.encoded + encoded,
            seconds=report.seconds + time.perf_counter() - started,
            seconds_encoding=report.seconds_encoding + seconds,
            cancelled=updater.cancelled(),
        )

    def _caches(self) -> str:
        """Name what vectors and states come from: where one of them is lost, what it held is encoded again."""
        return f"{cache_identity(vector_cache_path())} {cache_identity(self.location.packed)}"
