"""Where git's ignore files lie.

Git itself is never run inside a workspace: a repository's configuration can name programs to run.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

#: Reading configuration takes milliseconds; a home folder on a dead network share must not hang us.
_GIT_SECONDS = 5.0
#: Files in ``.git`` that are read hold one line; more is not git's.
_POINTER_BYTES = 4096


def global_excludes_file(root: Path) -> Path | None:
    """Find the user's own excludes file.

    Args:
        root: The workspace: no program in it, and no configuration of it, is used to find the answer.

    Returns:
        ``core.excludesFile`` of the user's global configuration, else git's default place; None where neither
        can be known.
    """
    configured = _configured_excludes_file(root)
    if configured is not None:
        return configured
    base = os.environ.get("XDG_CONFIG_HOME")
    try:
        return (Path(base) if base else Path.home() / ".config") / "git" / "ignore"
    except RuntimeError:
        return None  # no home folder


def _configured_excludes_file(root: Path) -> Path | None:
    """``core.excludesFile`` as git's own reader sees it (includes, quoting, ``~``)."""
    git = shutil.which("git")
    if git is None or not Path(git).is_absolute():
        return None
    program = Path(os.path.realpath(git))
    if any(program.is_relative_to(folder) for folder in _untrusted_folders(root)):
        log.warning("git's global configuration is not read: %s lies in the workspace", git)
        return None
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name == "GIT_CONFIG_GLOBAL"
    }
    try:
        answer = subprocess.run(  # noqa: S603  fixed arguments, a program from outside the workspace
            [git, "config", "--global", "--includes", "--type=path", "--get", "core.excludesFile"],
            cwd=program.anchor,  # outside every workspace
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("git's global configuration is not read: %s", error)
        return None
    value = os.fsdecode(answer.stdout).removesuffix("\n")
    if answer.returncode != 0 or not value:
        return None
    path = Path(value)
    return path if path.is_absolute() else None  # git takes a relative one from the folder it is run in


def _untrusted_folders(root: Path) -> Iterator[str]:
    """Folders that no program is taken from: the workspace, and the current one, which may be part of a project.

    The root of the file system is where a server moves to, and holds every program.
    """
    yield os.path.realpath(root)
    try:
        current = Path(os.path.realpath(Path.cwd()))
    except OSError:  # it was deleted
        return
    if current != Path(current.anchor):
        yield str(current)


def enclosing_repository(root: Path) -> Path | None:
    """The nearest folder at or above ``root`` that is a git working tree."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return None


def info_exclude_file(working_tree: Path) -> Path:
    """Where ``info/exclude`` of a working tree lies: submodules and linked trees keep it elsewhere."""
    return _common_folder(working_tree) / "info" / "exclude"


def config_file(working_tree: Path) -> Path:
    """Where the configuration of a working tree lies: submodules and linked trees keep it elsewhere."""
    return _common_folder(working_tree) / "config"


def _common_folder(working_tree: Path) -> Path:
    """The folder that all working trees of a repository share."""
    git_dir = working_tree / ".git"
    pointer = _first_line(git_dir)
    if pointer is not None and pointer.startswith("gitdir:"):
        git_dir = _follow(working_tree, git_dir, pointer.removeprefix("gitdir:"))
    common = _first_line(git_dir / "commondir")
    if common:
        git_dir = _follow(git_dir, git_dir, common)
    return git_dir


def _follow(base: Path, stay: Path, pointer: str) -> Path:
    """Where a pointer leads; it stays where it would reach another machine, which Windows sends its user's name to."""
    target = base / pointer.strip()
    if _is_share(target) and not _is_share(base):
        log.warning("%s is not followed to another machine: %s", stay, target)
        return stay
    return target


def _is_share(path: Path) -> bool:
    """Whether a path names a machine first, in Windows' or in POSIX' way."""
    return str(path).replace("\\", "/").startswith("//")


def _first_line(path: Path) -> str | None:
    """First line of one of git's pointer files; None where it is no such file."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return os.fsdecode(stream.read(_POINTER_BYTES)).partition("\n")[0]
    except (OSError, ValueError):
        return None
