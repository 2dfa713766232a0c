"""One workspace's index as this process holds it: its store, its vectors, its right to write."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cascode_indexer.errors import IndexBusyError
from cascode_indexer.indexing.types import IndexReport, WorkspaceStatus
from cascode_indexer.indexing.update import Cancelled, OnProgress, Updater
from cascode_indexer.location import locate, vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.vectors import WorkspaceVectors
from cascode_indexer.store.connection import DamagedFileError, put_aside
from cascode_indexer.store.lock import WriterLock
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.types import SkipCounts
from cascode_indexer.walk import checked_root

_log = logging.getLogger(__name__)


class Workspace:
    """The index of one root folder.

    Args:
        root: The folder.
        model: The model, loaded when needed.
        max_file_bytes: Larger files are skipped and counted.
        gpu: Hold the vectors on a GPU if there is one.

    Raises:
        WorkspaceError: The folder cannot be walked.
        IndexStoreError: The index cannot be opened.
    """

    def __init__(self, root: Path, model: ModelHandle, *, max_file_bytes: int, gpu: bool = False) -> None:
        self.root = checked_root(root)
        self.location = locate(self.root)
        self.max_file_bytes = max_file_bytes
        self._model = model
        self._gpu = gpu
        self._lock = WriterLock(self.location)
        self.store = Store(self.location.store)
        self._cache: VectorCache | None = None
        self._vectors: WorkspaceVectors | None = None

    @property
    def indexed(self) -> bool:
        """Whether a full scan has ever been completed."""
        return self.store.get_meta("last_indexed") is not None

    def update(
        self,
        scan: Callable[[Updater], IndexReport],
        *,
        on_progress: OnProgress | None,
        cancelled: Cancelled | None,
    ) -> IndexReport:
        """Let ``scan`` bring the store up to date, then encode what is pending.

        Returns:
            What was done; ``read_only`` where another process writes this index.
        """
        try:
            with self._writing():
                return self._mending(lambda: self._update(scan, on_progress, cancelled))
        except IndexBusyError:
            counts = self.store.counts()
            _log.info("another process keeps the index of %s up to date", self.root)
            return IndexReport(self.root, files=counts.files, functions=counts.functions, read_only=True)

    def vectors(self) -> WorkspaceVectors:
        """Return the vectors of this workspace for the current model."""
        if self._vectors is None:
            model = self._model.get()
            self._vectors = WorkspaceVectors(
                self.location,
                self.store,
                self._open_cache(),
                fingerprint=model.fingerprint,
                dimension=model.dimension,
                gpu=self._gpu,
            )
        return self._vectors

    def status(self) -> WorkspaceStatus:
        """Describe the index without loading the model."""
        counts = self.store.counts()
        last = self.store.get_meta("last_indexed")
        busy = not self._lock.held and not self._free()
        size = sum(path.stat().st_size for path in self.location.directory.glob("*") if path.is_file())
        return WorkspaceStatus(
            root=self.root,
            directory=self.location.directory,
            indexed=self.indexed,
            counts=counts,
            skipped=self.store.skipped() if self.indexed else SkipCounts(),
            model=self.store.get_meta("model"),
            size_bytes=size,
            busy=busy,
            last_indexed=float(last) if last else None,
        )

    def mend(self, error: DamagedFileError) -> None:
        """Put a damaged file aside and begin it anew; what it held is made again from the workspace."""
        _log.warning("the index file %s is damaged (%s): making it again", error.path, error.reason)
        self.store.close()
        if self._cache is not None:
            self._cache.close()
        self._cache = None
        self._vectors = None
        put_aside(error.path)
        self.store = Store(self.location.store)

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        if self._cache is not None:
            self._cache.close()

    def _update(
        self, scan: Callable[[Updater], IndexReport], on_progress: OnProgress | None, cancelled: Cancelled | None
    ) -> IndexReport:
        """Scan and encode with the right to write."""
        started = time.perf_counter()
        updater = Updater(
            self.root,
            self.store,
            max_file_bytes=self.max_file_bytes,
            on_progress=on_progress,
            cancelled=cancelled,
        )
        report = scan(updater)
        encoded, seconds_encoding = 0, 0.0
        # The model is left alone where nothing needs it: a second run must not wait for torch.
        needed = self.store.counts().pending or self.store.get_meta("model_label") != self._model.label
        if report.functions and (needed or self._model.loaded) and not report.cancelled:
            model = self._model.get()
            encoded, seconds_encoding = updater.encode(model, self._open_cache())
            vectors = self.vectors()
            vectors.refresh()
            if vectors.lost:
                self.store.mark_encoded(vectors.lost, encoded=False)
                vectors.lost.clear()
                again, more = updater.encode(model, self._open_cache())
                encoded, seconds_encoding = encoded + again, seconds_encoding + more
            vectors.save()
            self.store.set_meta("model_label", self._model.label)
        return dataclasses.replace(
            report,
            encoded=encoded,
            seconds=time.perf_counter() - started,
            seconds_encoding=seconds_encoding,
            cancelled=bool(cancelled and cancelled()) or report.cancelled,
        )

    def _mending(self, work: Callable[[], IndexReport]) -> IndexReport:
        """Do ``work``; once more from the beginning where a file turns out damaged."""
        try:
            return work()
        except DamagedFileError as error:
            self.mend(error)
            return work()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the right to write.

        Raises:
            IndexBusyError: Another process has it.
        """
        self._lock.acquire(0)
        try:
            yield
        finally:
            self._lock.release()

    def _free(self) -> bool:
        """Whether nobody holds the right to write."""
        if not self._lock.try_acquire():
            return False
        self._lock.release()
        return True

    def _open_cache(self) -> VectorCache:
        """Open the shared vector cache for the current model."""
        if self._cache is None:
            model = self._model.get()
            self._cache = VectorCache(vector_cache_path(), model.fingerprint, model.dimension)
        return self._cache
