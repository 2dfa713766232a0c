"""The files of one workspace's index, replaced as a whole where one of them is damaged."""

from __future__ import annotations

import logging
import threading

from cascode_indexer.errors import IndexStoreError
from cascode_indexer.location import IndexLocation
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import OpenIndex
from cascode_indexer.store.connection import DamagedFileError, opening, put_aside

_log = logging.getLogger(__name__)


class IndexFiles:
    """Which open files a workspace works with now.

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
        self._swap = threading.Lock()
        self._current = OpenIndex(location, model, gpu=gpu)
        self.closed = False

    @property
    def current(self) -> OpenIndex:
        """The open files, opened again where a damaged one could not be replaced before.

        Raises:
            IndexStoreError: They still cannot be opened.
        """
        index = self._current
        if index.closed and not self.closed:
            with self._swap:
                if index is self._current and not self.closed:
                    self._current = OpenIndex(self._location, self._model, gpu=self._gpu)
                index = self._current
        return index

    def replace(self, error: DamagedFileError, index: OpenIndex, *, move: bool = True) -> None:
        """Put a damaged file aside and start an empty one in its place.

        Args:
            error: Names the file.
            index: The open files that it was met in; nothing is done where they have been replaced since, or closed:
                the next process that opens them meets the damage again.
            move: Whether the file is still in its place; else only open the files again.

        Raises:
            IndexStoreError: The file cannot be replaced.
        """
        with self._swap:
            if index is not self._current or self.closed:
                return
            _log.warning("the index file %s is damaged (%s): rebuilding it", error.path, error.reason)
            index.retire()
            try:
                with opening(error.path):
                    # Another engine may have met the damage first: the file in its place is new then.
                    if move and index.is_in_place(error.path):
                        put_aside(error.path)
            except OSError as problem:
                raise IndexStoreError(
                    f"the index file {error.path} is damaged and cannot be replaced ({problem.strerror or problem}): "
                    "stop other cascode processes, or run 'cascode clean'"
                ) from problem
            self._current = OpenIndex(self._location, self._model, gpu=self._gpu)

    def retire(self) -> None:
        """Close the files as soon as nobody uses them; returns at once."""
        with self._swap:
            self.closed = True
            self._current.retire()
