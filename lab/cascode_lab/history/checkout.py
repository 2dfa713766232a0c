"""Writing the files of a revision into a folder, without what a checkout by git can set off.

``git checkout`` and ``git archive`` obey attributes and configuration: filters, hooks, large file storage, export
rules. Here the tree's plain files are written as they are stored; links and submodules are left out.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository

_PLAIN = (b"100644", b"100755", b"100664")
# Names that some file system takes for another file or for a stream of one.
_UNSAFE_ON_WINDOWS = frozenset(':\\<>"|?*')
# A name that is too long, or has bytes that the file system refuses, or a file where a folder of that name should be.
_PATH_AT_FAULT = frozenset(
    {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
)
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC})


def checkout(
    repository: GitRepository, revision: str, folder: Path, *, cancelled: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Write the files of a revision.

    Args:
        repository: The repository.
        revision: A commit.
        folder: An empty or missing folder.
        cancelled: Asked before each file; the rest is not written.

    Returns:
        How many files were ``written``, and how many were left out, by reason.

    Raises:
        HistoryError: The revision cannot be read, the folder is not empty or cannot be written, or the disk is full.
    """
    commit = repository.commit(revision)
    listed = repository.read("ls-tree", "-r", "-z", "--full-tree", commit)
    counts: Counter[str] = Counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise HistoryError(f"{folder} is not empty: name an empty or a new folder.")
        with BlobReader(repository) as blobs:
            for entry in filter(None, listed.split(b"\0")):
                if cancelled():
                    break
                head, _, name = entry.partition(b"\t")
                mode, _, blob = head.split(b" ")
                counts[_write(blobs, mode, blob.decode(), os.fsdecode(name), folder)] += 1
    except OSError as error:
        if error.errno in _DISK_FULL:
            needed = _megabytes(repository, commit)
            raise HistoryError(
                f"No space is left for the files of revision {commit[:12]} in {folder}, they take {needed}: "
                f"free some, or name a folder on another disk in TMPDIR."
            ) from error
        raise HistoryError(
            f"Cannot write {error.filename or folder} ({error.strerror}): choose another folder, "
            f"a temporary one by TMPDIR."
        ) from error
    return counts


def _megabytes(repository: GitRepository, commit: str) -> str:
    """What the files of a commit take on a disk, in words."""
    try:
        listed = repository.read("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    except HistoryError:  # the sizes of objects that a partial clone lacks
        return "more"
    sizes = (entry.split(b"\t", 1)[0].split()[-1] for entry in filter(None, listed.split(b"\0")))
    return f"{sum(int(size) for size in sizes if size.isdigit()) / 1e6:,.0f} MB"


def _write(blobs: BlobReader, mode: bytes, blob: str, name: str, folder: Path) -> str:
    """Write one file; what became of it."""
    if mode not in _PLAIN:
        return "link or submodule"
    path = PurePosixPath(name)
    if not _is_safe(path):
        return "unsafe name"
    content = blobs.read(blob)
    if content is None:
        return "object missing"
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            stream.write(content)
    except FileExistsError:  # names that differ in case alone, where the file system sees no difference
        return "name taken"
    except OSError as error:
        if error.errno not in _PATH_AT_FAULT:
            raise
        return "name refused by the file system"
    return "written"


def _is_safe(path: PurePosixPath) -> bool:
    """Whether a path of a tree stays inside the folder and out of git's own files."""
    if path.is_absolute() or not path.parts:
        return False
    if any(
        part in ("..", "") or part.lower().rstrip(". ") == ".git" or part.lower().startswith("git~")
        for part in path.parts
    ):
        return False
    return os.name != "nt" or not any(_UNSAFE_ON_WINDOWS.intersection(part) or part[-1] in ". " for part in path.parts)
