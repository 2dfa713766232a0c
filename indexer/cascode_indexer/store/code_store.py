"""Content-addressed vectors of a poly-encoder's codes, several a text, shared by every workspace of this user.

As vectors, they belong to (model fingerprint, function text); they are read for the candidates of a search alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from cascode_indexer.store.connection import CODE_SCHEMA, connect_or_rebuild, transaction, translate_errors
from cascode_models.types import StateArray

#: Variables in one statement; SQLite's oldest limit is 999.
_CHUNK = 900


class CodeStore:
    """The code vectors of one model.

    Args:
        path: The SQLite file.
        fingerprint: Names the model and its text preparation.
        dimension: Width of a vector.
    """

    def __init__(self, path: Path, fingerprint: str, dimension: int) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._dimension = dimension
        self._lock = threading.RLock()
        self._database = connect_or_rebuild(path, CODE_SCHEMA)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, StateArray]:
        """Look code vectors up; keys without any are missing from the answer."""
        found: dict[bytes, StateArray] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            with self._access():
                rows = self._database.execute(
                    f"SELECT key, vectors FROM codes WHERE fingerprint = ? AND key IN ({marks})",  # noqa: S608
                    (self._fingerprint, *chunk),
                ).fetchall()
            for key, blob in rows:
                if blob and len(blob) % (2 * self._dimension) == 0:
                    found[key] = np.frombuffer(blob, dtype="<f2").reshape(-1, self._dimension)
        return found

    def put(self, vectors: Mapping[bytes, StateArray]) -> None:
        """Keep code vectors ``[codes, dimension]`` by the keys of their texts.

        Raises:
            IndexStoreError: No space, or no right to write.
        """
        rows = [(self._fingerprint, key, array.astype("<f2").tobytes()) for key, array in vectors.items()]
        with self._access(), transaction(self._database):
            self._database.executemany("INSERT OR REPLACE INTO codes VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> CodeStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _access(self) -> Iterator[None]:
        """One thread at a time, errors translated."""
        with self._lock, translate_errors(self._path):
            yield


def prune_codes(path: Path, referenced: set[bytes]) -> None:
    """Delete the codes of any model that no index refers to."""
    if not path.exists():
        return
    database = connect_or_rebuild(path, CODE_SCHEMA)
    try:
        with translate_errors(path):
            rows = database.execute("SELECT DISTINCT key FROM codes").fetchall()
            unused = [row for row in rows if row[0] not in referenced]
            with transaction(database):
                database.executemany("DELETE FROM codes WHERE key = ?", unused)
            if unused:
                database.execute("VACUUM")
    finally:
        database.close()
