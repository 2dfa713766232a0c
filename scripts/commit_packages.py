"""The packages of another commit of this repository, which measurements compare with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

#: The repository.
ROOT = Path(__file__).resolve().parents[1]
#: Packages that indexing and a search need, of any commit.
_PACKAGES = ("indexer", "models")


def extract_packages(commit: str, folder: Path) -> Path:
    """Write the packages of a commit into a folder, its weights with them.

    Args:
        commit: As git names it; where there is none of that name the program ends with git's line.
        folder: Where to; made where it is missing.

    Returns:
        The folder.
    """
    command = ("git", "-C", str(ROOT), "archive", commit, *_PACKAGES)
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{Path(sys.argv[0]).stem}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def python_path(tree: Path) -> str:
    """``PYTHONPATH`` of a process that runs the packages of a folder."""
    return os.pathsep.join(str(tree / package) for package in _PACKAGES)
