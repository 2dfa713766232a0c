"""Content-addressed vectors and token states, shared by every workspace of this user.

They belong to (model fingerprint, function text). A restart, a rename, a branch switch, a worktree or a
second clone finds its vectors here and encodes nothing twice; a vector of another model is never found.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from cascode_indexer.store.connection import VECTOR_SCHEMA, connect_or_rebuild, today, transaction, translate_errors

#: Variables in one statement; SQLite's oldest limit is 999.
_CHUNK = 900
#: 16 of SHA-256's 32 bytes: a collision among 10^9 texts has a chance below 10^-20.
_KEY_BYTES = 16
#: A branch not visited for this long is encoded again when it comes back; the cache stays bounded.
UNUSED_DAYS = 30


def text_key(text: str) -> bytes:
    """Return the address of a function text: 16 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]


class VectorCache:
    """The vectors of one model in the shared cache file, and the states of texts where the model keeps them.

    Args:
        path: The SQLite file.
        fingerprint: Names the model and its text preparation.
        dimension: Width of its vectors.
        with_states: A vector counts as known only beside the states of its text: one pass of the encoder gives both.
    """

    def __init__(self, path: Path, fingerprint: str, dimension: int, *, with_states: bool = False) -> None:
        self._path = path
        self._dimension = dimension
        self._with_states = with_states
        self._lock = threading.RLock()
        self._database = connect_or_rebuild(path, VECTOR_SCHEMA)
        with self._access():
            self._database.execute(
                "INSERT OR IGNORE INTO models (fingerprint, dimension) VALUES (?, ?)", (fingerprint, dimension)
            )
            row = self._database.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
            self._model_id: int = row[0]

    @contextlib.contextmanager
    def _access(self) -> Iterator[None]:
        """One thread at a time, errors translated."""
        with self._lock, translate_errors(self._path):
            yield

    @property
    def identity(self) -> str:
        """Distinguishes this file from one that takes its place when it is lost."""
        with self._access():
            identity: str = self._database.execute("SELECT id FROM identity").fetchone()[0]
            return identity

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return those of ``keys`` that need no encoding: they have a vector, and states where the model keeps them."""
        known = set(keys)
        for table in ("vectors", "states") if self._with_states else ("vectors",):
            found: set[bytes] = set()
            for chunk in _chunks(list(known)):
                marks = ",".join("?" * len(chunk))
                with self._access():
                    rows = self._database.execute(
                        f"SELECT key FROM {table} WHERE model_id = ? AND key IN ({marks})",  # noqa: S608
                        (self._model_id, *chunk),
                    ).fetchall()
                found.update(row[0] for row in rows)
            known = found
        return known

    def get(self, keys: Sequence[bytes]) -> tuple[list[int], npt.NDArray[np.float32]]:
        """Look vectors up.

        Returns:
            The positions in ``keys`` that have a vector, and their unit vectors ``[found, dimension]``.
        """
        blobs: dict[bytes, bytes] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            with self._access():
                blobs.update(
                    self._database.execute(
                        f"SELECT key, vector FROM vectors WHERE model_id = ? AND key IN ({marks})",  # noqa: S608
                        (self._model_id, *chunk),
                    ).fetchall()
                )
        width = self._dimension * 2
        positions = [at for at, key in enumerate(keys) if len(blobs.get(key, b"")) == width]
        if not positions:
            return [], np.zeros((0, self._dimension), dtype=np.float32)
        joined = b"".join(blobs[keys[at]] for at in positions)
        vectors = np.frombuffer(joined, dtype="<f2").reshape(len(positions), self._dimension).astype(np.float32)
        return positions, vectors

    def get_states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Look packed token states up; keys without any are missing from the answer."""
        found: dict[bytes, bytes] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            with self._access():
                found.update(
                    self._database.execute(
                        f"SELECT key, states FROM states WHERE model_id = ? AND key IN ({marks})",  # noqa: S608
                        (self._model_id, *chunk),
                    ).fetchall()
                )
        return found

    def put(
        self, keys: Sequence[bytes], vectors: npt.NDArray[np.float32], states: Sequence[bytes] | None = None
    ) -> None:
        """Keep unit vectors ``[len(keys), dimension]``, and the packed states of the same texts, in one transaction.

        float16 halves the file; its rounding (2^-11 relative) is below that of the bfloat16 encoder.

        Raises:
            ValueError: The shapes do not agree.
            IndexStoreError: No space, or no right to write.
        """
        if vectors.shape != (len(keys), self._dimension):
            raise ValueError(f"expected vectors of shape {(len(keys), self._dimension)}, got {vectors.shape}")
        if states is not None and len(states) != len(keys):
            raise ValueError(f"expected states of {len(keys)} texts, got {len(states)}")
        day = today()
        halves = vectors.astype("<f2")
        rows = [(self._model_id, key, halves[at].tobytes(), day) for at, key in enumerate(keys)]
        kept = [] if states is None else [(self._model_id, *pair) for pair in zip(keys, states, strict=True)]
        with self._access(), transaction(self._database):
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
            self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", kept)

    def touch(self, keys: Iterable[bytes]) -> None:
        """Note that the vectors of ``keys`` are in use today, so that pruning spares them."""
        day = today()
        for chunk in _chunks(list(keys)):
            marks = ",".join("?" * len(chunk))
            with self._access():
                self._database.execute(
                    f"UPDATE vectors SET used_day = ? WHERE model_id = ? AND used_day < ? AND key IN ({marks})",  # noqa: S608
                    (day, self._model_id, day, *chunk),
                )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> VectorCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cache_identity(path: Path) -> str | None:
    """Return :attr:`VectorCache.identity` without opening the cache for writing; None where it cannot be read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return None
    with contextlib.closing(connection), contextlib.suppress(sqlite3.Error):
        row = connection.execute("SELECT id FROM identity").fetchone()
        return None if row is None else str(row[0])
    return None


def prune_vectors(
    path: Path, referenced: set[bytes], *, unused_days: int = UNUSED_DAYS, fingerprint: str | None = None
) -> int:
    """Delete vectors that no index refers to and that were not used for ``unused_days`` days, with their states.

    Args:
        path: The SQLite file; it need not exist.
        referenced: Addresses of texts that an index refers to.
        unused_days: Those that were used since stay.
        fingerprint: Of the model whose vectors stay; all of others are deleted. None for those of any model.

    Returns:
        How many were deleted.
    """
    if not path.exists():
        return 0
    database = connect_or_rebuild(path, VECTOR_SCHEMA)
    try:
        with translate_errors(path):
            others = 0 if fingerprint is None else _delete_other_models(database, fingerprint)
            rows = database.execute(
                "SELECT model_id, key FROM vectors WHERE used_day <= ?", (today() - unused_days,)
            ).fetchall()
            unused = [(model_id, key) for model_id, key in rows if key not in referenced]
            with transaction(database):
                # Another process may have come back to a branch since: what it uses again has a new day.
                database.executemany(
                    "DELETE FROM vectors WHERE model_id = ? AND key = ? AND used_day <= ?",
                    [(*row, today() - unused_days) for row in unused],
                )
                database.executemany(
                    "DELETE FROM states WHERE model_id = ?1 AND key = ?2 "
                    "AND NOT EXISTS (SELECT 1 FROM vectors WHERE model_id = ?1 AND key = ?2)",
                    unused,
                )
            if unused or others:
                database.execute("VACUUM")
        return len(unused) + others
    finally:
        database.close()


def _delete_other_models(database: sqlite3.Connection, fingerprint: str) -> int:
    """Delete what belongs to another model than that of a fingerprint; return how many vectors that were."""
    others = "model_id NOT IN (SELECT id FROM models WHERE fingerprint = ?)"
    with transaction(database):
        database.execute(f"DELETE FROM states WHERE {others}", (fingerprint,))  # noqa: S608  a constant
        return database.execute(f"DELETE FROM vectors WHERE {others}", (fingerprint,)).rowcount  # noqa: S608


def _chunks(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Split ``keys`` into lists that fit one statement."""
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
