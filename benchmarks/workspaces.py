"""Real workspaces for the benchmark: published sources of other people's projects, unpacked into a cache folder.

Each is fetched once by its registry's own client (pip, npm, apt-get); nothing of it is built or run. One that cannot
be had on this machine is left out, with a line that says so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cascode_lab.corpus.archives import DAMAGE

#: A client that takes longer for one package hangs.
FETCH_SECONDS = 300
# A client that fails or hangs, and what unpacking half an archive raises.
_FAILURES = (*DAMAGE, ValueError, subprocess.SubprocessError)


@dataclass(frozen=True)
class Source:
    """A workspace, how it is fetched, and a question whose answer a person can judge."""

    name: str
    command: tuple[str, ...]
    unpack: Callable[[Path, Path], None]
    question: str


class UnavailableError(Exception):
    """A workspace that cannot be had here, with the reason."""


def _unzip(archive: Path, target: Path) -> None:
    """Unpack a wheel."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(target)


def _untar(archive: Path, target: Path) -> None:
    """Unpack an npm tarball."""
    with tarfile.open(archive) as file:
        file.extractall(target, filter="data")


def _undeb(archive: Path, target: Path) -> None:
    """Unpack a Debian package."""
    subprocess.run(["dpkg-deb", "-x", archive, target], check=True)


def _java_util(archive: Path, target: Path) -> None:
    """Unpack ``java.util`` of the JDK's sources: the whole would take the benchmark an hour."""
    unpacked = target.with_name(target.name + ".deb")
    _undeb(archive, unpacked)
    (sources,) = [path for path in unpacked.rglob("src.zip") if path.is_file() and not path.is_symlink()]
    with zipfile.ZipFile(sources) as file:
        file.extractall(target, [name for name in file.namelist() if name.startswith("java.base/java/util/")])
    shutil.rmtree(unpacked)


SOURCES = (
    Source(
        "Django (Python)",
        (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "django==5.2"),
        _unzip,
        "where is the CSRF token of a request checked",
    ),
    Source(
        "three (JavaScript, npm)",
        ("npm", "pack", "--silent", "--ignore-scripts", "three@0.170.0"),
        _untar,
        "does a ray hit a bounding box",
    ),
    Source(
        "moby (Go, Debian)",
        ("apt-get", "download", "--quiet", "golang-github-docker-docker-dev"),
        _undeb,
        "stop a running container and wait until it has ended",
    ),
    Source(
        "java.util of OpenJDK 17 (Java, Debian)",
        ("apt-get", "download", "--quiet", "openjdk-17-source"),
        _java_util,
        "make room when a hash table is too full",
    ),
)


def obtain(source: Source, cache: Path) -> Path:
    """Return the folder with a workspace's files, fetched if they are not in ``cache`` yet.

    Raises:
        UnavailableError: The client is missing, refused or left nothing.
    """
    folder = cache / "".join(letter if letter.isalnum() else "-" for letter in source.name)
    workspace = folder / "workspace"
    if workspace.is_dir():
        return workspace
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        subprocess.run(source.command, cwd=folder, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS)
        (archive,) = [path for path in folder.iterdir() if path.is_file()]
        part = folder / "part"
        source.unpack(archive, part)
    except _FAILURES as error:
        detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        raise UnavailableError(f"{source.name}: {source.command[0]} did not give it ({' '.join(detail)})") from error
    part.replace(workspace)
    return workspace
