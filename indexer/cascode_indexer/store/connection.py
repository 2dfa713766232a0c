"""Opens the SQLite files of an index: private, durable enough, and repaired when damaged."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from cascode_indexer.errors import IndexBusyError, IndexStoreError
from cascode_indexer.location import INDEX_DIR_VARIABLE, make_private_file

_log = logging.getLogger(__name__)

#: A writer's transaction takes milliseconds; ten seconds of waiting means a stuck process.
_BUSY_SECONDS = 10.0
#: Primary result codes (the low byte of the extended ones) that mean: this file is not what we wrote.
#: SQLITE_CORRUPT and SQLITE_NOTADB; the sqlite3 module names them from Python 3.11 on.
_DAMAGED = frozenset({11, 26})


#: Another process has closed a file by then, if that is why it looks short.
_LOOK_AGAIN_SECONDS = 0.2


class DamagedFileError(Exception):
    """A file of the index is damaged; the index is derived from the workspace, so it can be made again."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Schema:
    """A set of migrations by name, so that a database that has them all is opened without importing them."""

    name: str
    migrations: frozenset[str]
    #: Name of the set in :mod:`cascode_indexer.store.migrations`.
    variable: str


INDEX_SCHEMA = Schema(
    "cascode-index",
    frozenset(
        {
            "m001_files_functions_texts",
            "m002_full_detail",
            "m003_token_counts",
            "m004_passages",
            "m005_wanted_files",
        }
    ),
    "INDEX_MIGRATIONS",
)
VECTOR_SCHEMA = Schema("cascode-vectors", frozenset({"m001_vectors", "m002_states"}), "VECTOR_MIGRATIONS")
CODE_SCHEMA = Schema("cascode-codes", frozenset({"m001_codes"}), "CODE_MIGRATIONS")


class _Connection(sqlite3.Connection):
    """A connection that is counted among those of its file while it is open."""

    _file: tuple[int, int] | None = None

    def hold(self, file: tuple[int, int]) -> None:
        """Count it."""
        self._file = file
        _held[file] += 1

    def close(self) -> None:
        """Close it."""
        super().close()
        with _opening_here:
            if self._file is not None:
                _held[self._file] -= 1
                self._file = None


#: Held while a file is looked at and opened.
_opening_here = threading.RLock()
#: Connections of this process by device and inode of their file.
_held: Counter[tuple[int, int]] = Counter()


def _inode(path: Path) -> tuple[int, int]:
    """What distinguishes a file, whatever its name."""
    status = path.stat()
    return status.st_dev, status.st_ino


def connect(path: Path, schema: Schema) -> sqlite3.Connection:
    """Open the database ``path``, create it if need be, and bring its schema up to date.

    Raises:
        DamagedFileError: The file is not a whole SQLite database.
        IndexStoreError: It cannot be opened or written.
    """
    make_private_file(path)
    with _opening_here, translate_errors(path):
        # To close a file takes all the locks that this process has on it (POSIX, fcntl), and SQLite's are among them:
        # another process could then delete the write-ahead log that this one goes on writing. So a file that is open
        # here, and was looked at when it was opened, is left alone.
        if not _held[_inode(path)]:
            _check_length(path)
        connection = sqlite3.connect(
            path,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,
            factory=_Connection,
        )
        connection.hold(_inode(path))
    with translate_errors(path):
        try:
            # WAL: readers never wait for the writer, and a kill loses at most the open transaction.
            connection.execute("PRAGMA journal_mode = WAL")
            # NORMAL: an operating-system crash may lose the last commits, never consistency; all of it can
            # be made again from the workspace.
            connection.execute("PRAGMA synchronous = NORMAL")
            # 4 MB of pages a connection, of which a workspace has up to three: the system keeps what is read often of
            # the file anyway. With 16 MB neither a search nor an update was faster (12,000 functions in three
            # workspaces), and a server held 20 to 30 MB more for each of them; with 2 MB a search took a tenth longer.
            connection.execute("PRAGMA cache_size = -4000")
            connection.execute("PRAGMA temp_store = MEMORY")
            if not schema.migrations <= _applied(connection, schema.name):
                _migrate(connection, schema)
        except BaseException:
            connection.close()
            raise
    return connection


def _applied(connection: sqlite3.Connection, name: str) -> set[str]:
    """Return the migrations of a set that a database has, as sqlite-utils records them."""
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'"
    if connection.execute(table).fetchone() is None:
        return set()
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (name,))
    return {str(row[0]) for row in rows}


def _migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring a database up to date."""
    from sqlite_utils import Database

    from cascode_indexer.store import migrations

    getattr(migrations, schema.variable).apply(Database(connection))


def _check_length(path: Path) -> None:
    """Refuse a file shorter than its header says: SQLite would notice only on reaching a lost page.

    It is looked at twice: another process that closes it writes its first page before the others, and deletes the
    write-ahead log in the end.
    """
    try:
        _compare_length(path)
    except DamagedFileError:
        time.sleep(_LOOK_AGAIN_SECONDS)
        _compare_length(path)


def _compare_length(path: Path) -> None:
    """Refuse a file shorter than its header says at this moment."""
    with path.open("rb") as file:
        header = file.read(100)
        length = file.seek(0, 2)
    if not header:
        return
    if len(header) < 100 or not header.startswith(b"SQLite format 3\x00"):
        raise DamagedFileError(path, "it does not start with an SQLite header")
    page_size = struct.unpack(">H", header[16:18])[0]
    page_size = 65536 if page_size == 1 else page_size
    pages = struct.unpack(">I", header[28:32])[0]
    if length < pages * page_size and not path.with_name(path.name + "-wal").exists():
        raise DamagedFileError(path, f"it holds {length} bytes, its header names {pages * page_size}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: what is written inside is lost as a whole on an error or a kill."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into ours, with the file they are about.

    Raises:
        DamagedFileError: The file is damaged.
        IndexBusyError: Another process held it for too long.
        IndexStoreError: No space, no right, or an I/O error.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)  # Python 3.11 and later
        text = str(error)
        damaged = code is not None and code & 0xFF in _DAMAGED
        if damaged or "malformed" in text or "not a database" in text or "corrupt" in text:
            raise DamagedFileError(path, text) from error
        if "locked" in text or "busy" in text:
            raise IndexBusyError(
                f"another process has been writing {path} for {_BUSY_SECONDS:.0f} s; wait for it or stop it"
            ) from error
        if "full" in text:
            raise IndexStoreError(
                f"no space left for the index {path}; free some space, run 'cascode clean', "
                f"or set {INDEX_DIR_VARIABLE} to a folder on another disk"
            ) from error
        if isinstance(error, sqlite3.OperationalError):
            raise _unusable(path, text) from error
        raise
    except OSError as error:  # another process removes the index at this moment, or the disk fails
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, reason: str) -> IndexStoreError:
    """The error of a file that can be neither read nor written."""
    return IndexStoreError(
        f"cannot use the index {path}: {reason}; check the disk and the folder's permissions, "
        f"or set {INDEX_DIR_VARIABLE} to another folder"
    )


def remove_database(path: Path) -> None:
    """Delete a database with its journals."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def connect_or_rebuild(path: Path, schema: Schema) -> sqlite3.Connection:
    """Open the database as :func:`connect` does; a damaged one is put aside and started empty.

    One damaged copy is kept beside it for a bug report; the next one takes its place.

    Raises:
        IndexBusyError: Another process has been opening it for too long.
        IndexStoreError: It cannot be opened or written.
    """
    with opening(path):
        try:
            return connect(path, schema)
        except DamagedFileError as error:
            _log.warning("the index file %s is damaged (%s): starting with an empty one", path, error.reason)
            put_aside(path)
            return connect(path, schema)


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """Let one process at a time create, migrate or replace a database.

    SQLite's own waiting covers neither the change to WAL nor two processes that both read that a table is missing.
    """
    make_private_file(path)
    lock = FileLock(path.with_name(path.name + ".opening"), timeout=_BUSY_SECONDS, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise IndexBusyError(
            f"another process has been opening {path} for {_BUSY_SECONDS:.0f} s; wait for it or stop it"
        ) from None
    except OSError as error:
        raise IndexStoreError(
            f"cannot lock the index {path}: {error.strerror}; check the folder's permissions, "
            f"or set {INDEX_DIR_VARIABLE} to another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def put_aside(path: Path) -> None:
    """Move a damaged database out of the way."""
    with contextlib.suppress(OSError):
        path.replace(path.with_name(path.name + ".damaged"))
    remove_database(path)


def today() -> int:
    """Days since the epoch: fine enough to see what has not been used for a month."""
    return int(time.time() // 86_400)
