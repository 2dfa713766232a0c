"""Reading package archives member by member in memory: nothing is unpacked to disk, nothing is executed."""

from __future__ import annotations

import logging
import lzma
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cascode_lab.corpus.errors import ArchiveError

logger = logging.getLogger(__name__)

#: Larger source files are data or generated; the indexer leaves files of this size out as well.
MAX_FILE_BYTES = 1_000_000
#: Upper bound on what one archive may give: the largest honest package has some 60 MB of sources.
MAX_ARCHIVE_BYTES = 400_000_000
#: Upper bound on members: the largest honest package has some 30,000.
MAX_MEMBERS = 200_000


# What the readers raise at damaged or encrypted archives; a zip that asks for a password is a RuntimeError.
DAMAGE = (
    OSError,
    EOFError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,  # NotImplementedError, of unknown compressions, too
)


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file of an archive."""

    #: Posix path without the archive's own top folder for tarballs.
    path: str
    content: bytes


def read_members(archive: Path, suffixes: frozenset[str]) -> Iterator[Member]:
    """Yield the regular files of an archive that are wanted.

    Links, devices, absolute paths, paths with ``..``, files over :data:`MAX_FILE_BYTES` and everything
    past :data:`MAX_ARCHIVE_BYTES` or :data:`MAX_MEMBERS` are left out.

    Args:
        archive: A wheel, zip, tarball or Debian binary package.
        suffixes: Wanted file suffixes (``.py``) and wanted full names (``package.json``).

    Returns:
        Members in archive order.

    Raises:
        ArchiveError: The archive is damaged or of an unknown form.
    """
    try:
        if archive.name.endswith((".whl", ".zip")):
            yield from _zip_members(archive, suffixes)
        elif archive.name.endswith(".deb"):
            yield from _deb_members(archive, suffixes)
        else:
            with tarfile.open(archive) as tar:
                yield from _tar_members(tar, suffixes)
    except DAMAGE as error:
        said = " ".join(str(error).split())
        raise ArchiveError(f"Cannot read {archive.name} ({said}): remove it so that it is fetched again.") from error


def _wanted(path: str, size: int, suffixes: frozenset[str]) -> bool:
    """Whether a member's path is safe and of interest."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or size > MAX_FILE_BYTES:
        return False
    return pure.suffix.lower() in suffixes or pure.name in suffixes


def _zip_members(archive: Path, suffixes: frozenset[str]) -> Iterator[Member]:
    """Members of a zip; symbolic links in zips carry their mode in the upper half of the attributes."""
    total = 0
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist()[:MAX_MEMBERS]:
            is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
            if info.is_dir() or is_link or not _wanted(info.filename, info.file_size, suffixes):
                continue
            with opened.open(info) as stream:
                # The size in the header is the sender's claim: read no further than the cap.
                content = stream.read(MAX_FILE_BYTES + 1)
            total += len(content)
            if len(content) > MAX_FILE_BYTES:
                continue
            if total > MAX_ARCHIVE_BYTES:
                logger.warning("%s is cut at %s bytes of sources", archive.name, MAX_ARCHIVE_BYTES)
                return
            yield Member(info.filename, content)


def _tar_members(tar: tarfile.TarFile, suffixes: frozenset[str]) -> Iterator[Member]:
    """Members of a tarball, read in one pass."""
    total = 0
    for count, info in enumerate(tar):
        if count >= MAX_MEMBERS or total > MAX_ARCHIVE_BYTES:
            logger.warning("%s is cut at %s members, %s bytes of sources", tar.name, count, total)
            return
        path = info.name.removeprefix("./")
        if not info.isreg() or not _wanted(path, info.size, suffixes):
            continue
        stream = tar.extractfile(info)
        if stream is None:
            continue
        content = stream.read()
        total += len(content)
        yield Member(path, content)


def _deb_members(archive: Path, suffixes: frozenset[str]) -> Iterator[Member]:
    """Members of a Debian binary package: its data as a tar stream, its control file as ``control``."""
    fields = ["dpkg-deb", "--field", str(archive)]
    control = subprocess.run(fields, capture_output=True, check=False)  # noqa: S603 - fixed program, own file
    if control.returncode != 0:
        raise ArchiveError(f"Cannot read {archive.name}: remove it so that it is fetched again.")
    if "control" in suffixes:
        yield Member("control", control.stdout)
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)  # noqa: S603, S607
    try:
        with tarfile.open(fileobj=stream.stdout, mode="r|") as tar:
            yield from _tar_members(tar, suffixes)
    finally:
        if stream.stdout is not None:
            stream.stdout.close()
        stream.wait()
