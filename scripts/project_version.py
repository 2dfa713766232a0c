"""The version of what is built, from git's tags: ``pyproject.toml`` names this file.

On a tag ``v1.2.3`` it is 1.2.3; three commits later 1.2.4.dev3, which sorts before the release that it may become.
Before the first tag it is the version below. In a source distribution, which has no history, it is what was built.
"""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Written by the build (`[tool.hatch.build.hooks.version]`), and part of every distribution.
BUILT = ROOT / "server" / "cascode_server" / "_version.py"
#: The first release.
FIRST = "0.1.0"
_DESCRIBED = re.compile(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g[0-9a-f]+")


def version() -> str:
    """Return the version."""
    if (ROOT / ".git").exists():
        return _of_tags(_describe())
    return str(runpy.run_path(str(BUILT))["__version__"]) if BUILT.is_file() else FIRST


def _describe() -> str | None:
    """Return what git says about the last version's tag and the commits since; None before the first one."""
    command = ["git", "-C", str(ROOT), "describe", "--tags", "--long", "--match", "v[0-9]*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _of_tags(described: str | None) -> str:
    """Return the version that git's description stands for."""
    match = None if described is None else _DESCRIBED.fullmatch(described)
    if match is None:
        return FIRST
    major, minor, patch, commits = map(int, match.groups())
    return f"{major}.{minor}.{patch + 1}.dev{commits}" if commits else f"{major}.{minor}.{patch}"


if __name__ == "__main__":
    print(version())
