"""The open files of one workspace's index, closed after the last thread that uses them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cascode_indexer.errors import IndexStoreError
from cascode_indexer.location import INDEX_DIR_VARIABLE, IndexLocation, vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.vectors import WorkspaceVectors
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.store.packed import WorkspaceVectorCache
from cascode_indexer.store.store import Store


class _Users:
    """Counts who uses something, which is closed after the last of them.

    Args:
        close: Closes it; called once.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._lock = threading.RLock()
        self._count = 0
        self._unused = threading.Event()
        self._unused.set()
        self.closed = False
        self.retired = False

    def enter(self) -> None:
        """Begin to use it.

        Raises:
            ClosedIndexError: It was closed.
        """
        with self._lock:
            if self.closed:
                raise ClosedIndexError
            self._count += 1
            self._unused.clear()

    def leave(self) -> None:
        """End using it."""
        with self._lock:
            self._count -= 1
            if not self._count:
                if self.retired:
                    self._close_once()
                self._unused.set()

    def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        with self._lock:
            self.retired = True
            if not self._count:
                self._close_once()

    def wait_unused(self, timeout_seconds: float) -> bool:
        """Wait until nobody uses it; say whether that came to be."""
        return self._unused.wait(timeout_seconds)

    def _close_once(self) -> None:
        """Close it unless it is closed."""
        if not self.closed:
            self.closed = True
            self._close()


@dataclass(slots=True)
class _OfModel:
    """What is open of one model: vectors of two models never meet."""

    fingerprint: str
    dimension: int
    cache: WorkspaceVectorCache
    #: None until they are asked for.
    vectors: WorkspaceVectors | None = None


class OpenIndex:
    """What one process holds open of one index. A ``with`` block keeps it open; the last one out closes it.

    Searches read through a connection of their own: with a write-ahead log they never wait for a transaction,
    and see what was committed before they began.

    Args:
        location: The index.
        model: The model, loaded when vectors are needed.
        gpu: Hold the vectors on a GPU if there is one.

    Raises:
        IndexStoreError: The index cannot be opened.
    """

    def __init__(self, location: IndexLocation, model: ModelHandle, *, gpu: bool = False) -> None:
        self._location = location
        self._model = model
        self._gpu = gpu
        self._lock = threading.RLock()
        self._users = _Users(self._close)
        self.store = Store(location.store)
        #: What distinguishes each file as it was opened here.
        self._opened = {location.store: _identity(location.store)}
        self._writer: Store | None = None
        #: By fingerprint, the model that was used last at the end: an upgrade replaces weights under a running process,
        #: which loads them when it next needs a model that it let go.
        self._of_models: dict[str, _OfModel] = {}

    def __enter__(self) -> OpenIndex:
        self._users.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._users.leave()

    @property
    def retired(self) -> bool:
        """Whether work on the files is to end soon."""
        return self._users.retired

    @property
    def closed(self) -> bool:
        """Whether the files are closed."""
        return self._users.closed

    def retire(self) -> None:
        """Close the files as soon as nobody uses them; work on them is to end soon."""
        self._users.retire()

    def wait_unused(self, timeout_seconds: float) -> bool:
        """Wait until nobody uses the files; say whether that came to be."""
        return self._users.wait_unused(timeout_seconds)

    def is_in_place(self, path: Path) -> bool:
        """Whether a file is still the one that was opened; also where it was not opened here."""
        return path not in self._opened or self._opened[path] == _identity(path)

    def has_lost_its_cache(self, identity: str | None) -> bool:
        """Whether a vector cache that is open here is another one than lies in its place, whose identity is given."""
        return any(held.cache.identity != identity for held in self._of_models.values())

    def writer(self) -> Store:
        """Return the connection that updates write through."""
        with self._lock:
            if self._writer is None:
                self._writer = Store(self._location.store)
            return self._writer

    def cache(self) -> WorkspaceVectorCache:
        """Return the vectors for the current model that need no encoding: the shared cache, and the packs."""
        return self._of_model().cache

    def vectors(self) -> WorkspaceVectors:
        """Return the vectors of this workspace for the current model."""
        held = self._of_model()
        with self._lock:
            if held.vectors is not None:
                return held.vectors
            vectors = WorkspaceVectors(
                self._location,
                self.store,
                held.cache,
                fingerprint=held.fingerprint,
                dimension=held.dimension,
                gpu=self._gpu,
            )
            if held is next(reversed(self._of_models.values())):  # else another model has come: nobody asks again
                held.vectors = vectors
            return vectors

    def _of_model(self) -> _OfModel:
        """Return what is open of the model that is loaded, else of the one that was used last.

        To look at vectors is no reason to load the model, or to keep it.
        """
        with self._lock:
            model = self._model.current
            if model is None and self._of_models:
                return next(reversed(self._of_models.values()))
        model = model or self._model.get()
        with self._lock:
            held = self._of_models.pop(model.fingerprint, None)
            if held is None:
                for other in self._of_models.values():
                    other.vectors = None
                shared = vector_cache_path()
                cache = WorkspaceVectorCache(
                    shared,
                    self._location.packed,
                    model.fingerprint,
                    model.dimension,
                    with_states=model.keeps_states,
                )
                held = _OfModel(model.fingerprint, model.dimension, cache)
                self._opened[shared] = _identity(shared)
            self._of_models[model.fingerprint] = held
            return held

    def _close(self) -> None:
        """Close the files."""
        self.store.close()
        if self._writer is not None:
            self._writer.close()
        for held in self._of_models.values():
            held.cache.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what distinguishes a file from another one of its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def damaged_again_error(error: DamagedFileError) -> IndexStoreError:
    """Return the error of a file that is damaged although it was rebuilt just now."""
    return IndexStoreError(
        f"the index file {error.path} is damaged again right after it was rebuilt ({error.reason}): "
        f"check the disk, or set {INDEX_DIR_VARIABLE} to a folder on another one"
    )


class ClosedIndexError(Exception):
    """The index was closed by another thread: its workspace is gone, or its files were rebuilt."""
