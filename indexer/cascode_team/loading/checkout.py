"""Repositories as a list names them, and their files."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cascode_indexer.team.origin import normalised_origin, origin_of_folder
from cascode_team.errors import TeamSetupError
from cascode_team.loading.types import CheckedOut, Place

#: The last two parts of an address: owner and name.
_NAME = re.compile(r"([^/:]+)[/+]([^/+]+?)(?:\.git)?/*$")
_URL = re.compile(r"(?:https?|ssh|git|file)://|[\w.-]+@[\w.-]+:")
#: What a cloned repository could make git do is switched off: hooks of templates, and large files by another program.
_CLONE = (
    "-c", f"core.hooksPath={os.devnull}", "-c", "core.symlinks=false", "-c", "protocol.ext.allow=never",
    "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--template=",
)  # fmt: skip
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}
#: A clone of one revision takes seconds; one that takes longer than an hour hangs.
_MOST_SECONDS = 3600


def read_places(path: Path) -> list[Place]:
    """Read a list of repositories: an address a line, or a name, a blank and an address; ``#`` begins a comment.

    Args:
        path: The file.

    Raises:
        TeamSetupError: It cannot be read, names nothing, or names one repository twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TeamSetupError(f"the list {path} cannot be read: {error}") from error
    places = []
    for line in lines:
        words = line.split("#", 1)[0].split(None, 1)
        if not words:
            continue
        name, origin = words if len(words) == 2 else (_name_of(words[0]), words[0])
        if not _URL.match(origin):  # a folder counts from the list that names it
            origin = str((path.parent / Path(origin).expanduser()).absolute())
        places.append(Place(name, origin.strip()))
    names = [place.name for place in places]
    for name in names:
        if names.count(name) > 1:
            raise TeamSetupError(f"{path} names {name!r} twice: write 'NAME ADDRESS' with a name of its own for each")
    if not places:
        raise TeamSetupError(f"{path} names no repository: write an address of git, or a folder, on each line")
    return places


def _name_of(origin: str) -> str:
    """``owner/name`` of an address; the last part alone where there is no other."""
    match = _NAME.search(origin.replace("\\", "/"))
    return f"{match[1]}/{match[2]}" if match else Path(origin).name or origin


def origin_of(place: Place) -> str | None:
    """Return host and path that a repository comes from; None for a folder that is no clone of another host's."""
    return normalised_origin(place.origin) if _URL.match(place.origin) else origin_of_folder(Path(place.origin))


@contextlib.contextmanager
def checked_out(place: Place) -> Iterator[CheckedOut]:
    """Give a repository's files while the block runs: a clone of its default branch, or a folder as it is.

    Args:
        place: The repository.

    Raises:
        TeamSetupError: It cannot be cloned; the message holds no password of the address.
    """
    folder = Path(place.origin)
    if not _URL.match(place.origin) and not ((folder / ".git").exists() or (folder / "HEAD").is_file()):
        if not folder.is_dir():
            raise TeamSetupError(f"{place.name}: there is no folder {place.origin}")
        yield CheckedOut(folder, "")
        return
    with tempfile.TemporaryDirectory(prefix="cascode-load-") as scratch:
        target = Path(scratch) / "repository"
        origin = place.origin if _URL.match(place.origin) else folder.as_uri()
        _git(place, *_CLONE, "--", origin, str(target))
        revision = _git(place, "--git-dir", str(target / ".git"), "rev-parse", "HEAD").strip()
        shutil.rmtree(target / ".git")
        yield CheckedOut(target, revision)


def _git(place: Place, *arguments: str) -> str:
    """Run git."""
    program = shutil.which("git")
    if program is None:
        raise TeamSetupError("git is not installed: 'cascode team load' clones repositories with it")
    try:
        done = subprocess.run(  # noqa: S603  its arguments are ours, the address stands behind "--"
            [program, *arguments],
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TeamSetupError(f"{place.name}: git did not end within {_MOST_SECONDS} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"]
        line = re.sub(r"//[^/@\s]*@", "//", said[-1])
        raise TeamSetupError(f"{place.name}: git cannot clone it: {line}")
    return done.stdout.decode("utf-8", "replace")
