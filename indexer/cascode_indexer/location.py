"""Where an index lives: in the user's cache directory, never in the workspace."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cascode_indexer.errors import IndexStoreError

#: Overrides the cache directory, for read-only homes, tests and shared machines.
INDEX_DIR_VARIABLE = "CASCODE_INDEX_DIR"
#: Part of the path, so that a layout that migrations cannot convert starts beside the old one.
_LAYOUT = "v1"
#: Owner only: an index holds the source code of private workspaces.
_OWNER_ONLY_DIRECTORY = 0o700
_OWNER_ONLY_FILE = 0o600


@dataclass(frozen=True, slots=True)
class IndexLocation:
    """The files of one workspace's index."""

    directory: Path

    @property
    def store(self) -> Path:
        """SQLite: files, functions, texts. The truth."""
        return self.directory / "index.sqlite3"

    @property
    def vectors(self) -> Path:
        """FAISS, derived from the store and the vector cache."""
        return self.directory / "vectors.faiss"

    @property
    def packed(self) -> Path:
        """SQLite: vectors that packs brought for this workspace."""
        return self.directory / "packed.sqlite3"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.directory / "writer.lock"


def index_root() -> Path:
    """Return the folder that holds every index and the vector cache of this user."""
    override = os.environ.get(INDEX_DIR_VARIABLE)
    base = Path(override).expanduser() if override else Path(platformdirs.user_cache_dir("cascode", appauthor=False))
    return base.absolute() / _LAYOUT


def vector_cache_path() -> Path:
    """Return the SQLite file with the content-addressed vectors of all workspaces."""
    return index_root() / "vectors.sqlite3"


def prepared_models_path() -> Path:
    """Return the folder with what was worked out of models, so that they load sooner."""
    return index_root() / "models"


def code_store_path() -> Path:
    """Return the SQLite file with the poly-encoder's content-addressed vectors of all workspaces."""
    return index_root() / "codes.sqlite3"


def locate(root: Path) -> IndexLocation:
    """Return where the index of the workspace ``root`` lives.

    The folder carries the workspace's name for the person who looks and a digest of its real path for
    uniqueness, so that a symlink and its target share one index.
    """
    real = os.path.realpath(root)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    # Only characters that every file system takes; 40 keeps the path short for Windows' 260 limit.
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(real).name)[:40] or "root"
    return IndexLocation(index_root() / "workspaces" / f"{readable}-{digest}")


def bytes_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; 0 where there is none.

    Other threads and processes replace the files of an index and delete journals at any time: what is gone when it is
    looked at has no size.
    """
    total = 0
    for inner, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(inner, name).lstat().st_size
    return total


def make_private_directory(directory: Path) -> None:
    """Create ``directory`` and its parents, readable by their owner only.

    Raises:
        IndexStoreError: The directory cannot be made or entered.
    """
    try:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=_OWNER_ONLY_DIRECTORY, exist_ok=True)
    except OSError as error:
        raise IndexStoreError(
            f"cannot create the index folder {directory}: {error.strerror or error}; "
            f"set {INDEX_DIR_VARIABLE} to a writable folder"
        ) from error


def make_private_file(path: Path) -> None:
    """Create ``path`` empty, readable by its owner only, where it does not exist yet.

    SQLite gives its journal files the mode of the database, so they follow. A file that exists is not opened: to close
    it again would take SQLite's locks on it from this process, as POSIX has it.

    Raises:
        IndexStoreError: The file cannot be created.
    """
    make_private_directory(path.parent)
    try:
        if not os.access(path, os.R_OK | os.W_OK):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY_FILE))
    except OSError as error:
        raise IndexStoreError(
            f"cannot write the index file {path}: {error.strerror or error}; "
            f"fix its permissions, or set {INDEX_DIR_VARIABLE} to a writable folder"
        ) from error
