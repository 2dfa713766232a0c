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
from urllib.parse import unquote

from cascode_indexer.team.origin import normalised_origin, origin_of_folder
from cascode_team.errors import TeamSetupError
from cascode_team.loading.types import CheckedOut, Place

#: The last two parts of host and path, or of a folder's path: owner and name.
_NAME = re.compile(r"([^/:]+)[/+]([^/+]+?)(?:\.git)?/*$")
_URL = re.compile(r"(?:https?|ssh|git|file)://|[\w.-]+@[\w.-]+:")
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*://")
#: Whatever stands before a host; a password may be written with an @ in it.
_USERINFO = re.compile(r"//[^/\s]*@")
#: A password, which may be written with a / in it, or what stands alone before the host: a token.
_SECRET = re.compile(r"https?://(?:[^@/\s:]*:(?!\d+/)(\S+)@|([^@/\s:]+)@)")
#: Shorter ones are users' names, which also stand in words.
_LEAST_TOKEN = 16
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
        TeamSetupError: It cannot be read, names nothing, or names one repository twice. A line that is none is named by
            its number: it may hold a password.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TeamSetupError(f"the list {path} cannot be read: {error}") from error
    places = []
    for number, line in enumerate(lines, start=1):
        words = line.split("#", 1)[0].split(None, 1)
        if not words:
            continue
        origin = words[-1].strip()
        name = words[0] if len(words) == 2 else _name_of(origin)
        if _SCHEME.match(name) or (len(words) == 2 and _URL.match(name)):
            raise TeamSetupError(f"{path}, line {number}: a name stands before its address: write 'NAME ADDRESS'")
        if _SCHEME.match(origin) and not _URL.match(origin):
            raise TeamSetupError(f"{path}, line {number}: write an address with https, http, ssh, git or file")
        if _URL.match(origin) and not origin.startswith("file:") and normalised_origin(origin) is None:
            raise TeamSetupError(
                f"{path}, line {number}: the address names no host and path; @, : and / in a password are written "
                "%40, %3A and %2F"
            )
        if not _URL.match(origin):  # a folder counts from the list that names it
            origin = str((path.parent / Path(origin).expanduser()).absolute())
        places.append(Place(name, origin))
    names = [place.name for place in places]
    for name in names:
        if names.count(name) > 1:
            raise TeamSetupError(f"{path} names {name!r} twice: write 'NAME ADDRESS' with a name of its own for each")
    if not places:
        raise TeamSetupError(f"{path} names no repository: write an address of git, or a folder, on each line")
    return places


def _name_of(origin: str) -> str:
    """``owner/name`` of an address, the host where there is no owner; nothing of what stands before the host."""
    known = normalised_origin(origin) if _URL.match(origin) else None
    if known is not None:
        host, path = known.split("/", 1)
        origin = f"{re.sub(':[0-9]+$', '', host)}/{path}"
    match = _NAME.search(origin.replace("\\", "/"))
    return f"{match[1]}/{match[2]}" if match else Path(origin).name or origin


def origin_of(place: Place) -> str | None:
    """Return host and path that a repository comes from; None for a folder that is no clone of another host's."""
    return normalised_origin(place.origin) if _URL.match(place.origin) else origin_of_folder(Path(place.origin))


def is_cloned(place: Place) -> bool:
    """Return whether git makes a copy of a repository; a folder that git does not know is read where it is."""
    folder = Path(place.origin)
    return bool(_URL.match(place.origin)) or (folder / ".git").exists() or (folder / "HEAD").is_file()


@contextlib.contextmanager
def checked_out(place: Place) -> Iterator[CheckedOut]:
    """Give a repository's files while the block runs: a clone of its default branch, or a folder as it is.

    Args:
        place: The repository.

    Raises:
        TeamSetupError: It cannot be cloned; the message holds no password of the address.
    """
    folder = Path(place.origin)
    if not is_cloned(place):
        if not folder.is_dir():
            raise TeamSetupError(f"{place.name}: there is no folder {place.origin}")
        yield CheckedOut(folder, "")
        return
    with tempfile.TemporaryDirectory(prefix="cascode-load-") as scratch:
        target = Path(scratch) / "repository"
        origin = place.origin if _URL.match(place.origin) else folder.as_uri()
        _git(place, *_CLONE, "--", origin, str(target))
        revision = _git(place, "--git-dir", str(target / ".git"), "rev-parse", "HEAD").strip()
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
        reason = _without_secrets(_reason(done.stderr.decode("utf-8", "replace")), place.origin)
        raise TeamSetupError(f"{place.name}: git cannot clone it: {reason}")
    return done.stdout.decode("utf-8", "replace")


def _reason(said: str) -> str:
    """The line of git's that says why, of several.

    Where another program speaks to the host, git knows only that it failed, and that program's last words stand before.
    """
    before = ""
    for line in said.splitlines():
        line = line.strip().removeprefix("remote:").strip()
        if line.startswith("fatal: Could not read from remote repository"):
            break
        if line.startswith("fatal:"):
            return line
        # Hosts draw frames around what they say.
        before = line if re.search(r"\w", line) else before
    return before or "it gave no reason"


def _without_secrets(line: str, address: str) -> str:
    """Return a line without user and password of an address, however git writes it."""
    found = _SECRET.match(address)
    if found is not None and (found[1] or len(found[2]) >= _LEAST_TOKEN):
        for secret in (found[1] or found[2], unquote(found[1] or found[2])):
            line = line.replace(secret, "***")
    return _USERINFO.sub("//", line)
