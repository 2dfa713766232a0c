"""Running git on repositories that nobody vouches for.

A repository's own configuration can name programs: hooks, a file system monitor, external diffs, text converters,
a signature checker, a pager, transports of a partial clone. Every call here switches them off, reads no configuration
but the repository's own, and asks only for commands that read objects: nothing touches an index or a work tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cascode_lab.history.errors import HistoryError

#: Settings of the command line win over those of the repository.
_SAFE_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("diff.external", ""),
    ("log.showSignature", "false"),
    ("protocol.allow", "never"),
    # Clones of other users are refused otherwise; nothing of their configuration is run.
    ("safe.directory", "*"),
    ("i18n.logOutputEncoding", "UTF-8"),
)
_SAFE_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A partial clone must not fetch what it lacks: the list of transports allowed names none that exists.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
# Set where a clone was made without some of its objects.
_PROMISES = r"^(remote\..*\.promisor|extensions\.partialclone)$"
# What fetches them, and what fetches the rest of a history.
_FETCH_OBJECTS = "git fetch --refetch --no-filter"
_FETCH_HISTORY = "git fetch --unshallow"


@dataclass(frozen=True, slots=True)
class GitRepository:
    """A clone or a bare repository on this machine."""

    #: Folder as it was named.
    folder: Path
    git_dir: Path

    @classmethod
    def open(cls, folder: Path) -> GitRepository:
        """Find the repository of a folder.

        Args:
            folder: A clone, a linked worktree, or a bare repository.

        Returns:
            The repository.

        Raises:
            HistoryError: The folder is not a repository, or git is not installed.
        """
        _program()  # says so itself where there is none
        folder = folder.absolute()
        repository = cls(folder, _git_dir(folder))
        try:
            repository.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except (HistoryError, OSError):  # the folder that a pointer leads to may be gone
            raise HistoryError(
                f"{folder} is not a git repository with commits: name a clone or a bare repository."
            ) from None
        return repository

    def read(self, *arguments: str) -> bytes:
        """Run a git command that reads, and return what it prints.

        Raises:
            HistoryError: It failed.
        """
        done = self._run(arguments)
        if done.returncode:
            raise self._failure(arguments, done.stderr)
        return done.stdout

    @contextmanager
    def reading(self, *arguments: str, lines: Sequence[str] = ()) -> Iterator[IO[bytes]]:
        """Run a git command and read what it prints as it comes; leaving early ends it.

        Args:
            arguments: The command and its arguments.
            lines: Lines for its standard input.

        Yields:
            Its standard output.

        Raises:
            HistoryError: It failed, and was read to its end.
        """
        # By way of files: a pipe to a process that is itself waiting for a reader would hang both.
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as errors:
            asked.writelines(line.encode() + b"\n" for line in lines)
            asked.seek(0)
            process = subprocess.Popen(  # noqa: S603  as above
                self._command(arguments),
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=errors,
                **self._surroundings(),
            )
            assert process.stdout is not None
            try:
                yield process.stdout
                ended = not process.stdout.read(1)
            except BaseException:
                ended = False
                raise
            finally:
                process.stdout.close()
                if not ended:
                    process.kill()
                process.wait()
            if ended and process.returncode:
                errors.seek(0)
                raise self._failure(arguments, errors.read())

    def conversation(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a git command that answers requests, one at a time."""
        return subprocess.Popen(  # noqa: S603  as above
            self._command(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **self._surroundings(),
        )

    def commit(self, revision: str) -> str:
        """Return the full name of a revision's commit.

        Raises:
            HistoryError: There is none.
        """
        try:
            return (
                self.read("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
                .decode()
                .strip()
            )
        except HistoryError:
            raise HistoryError(
                f"{self.folder} has no revision {revision!r}: name a commit, tag or branch of it, or fetch it first."
            ) from None

    def remote_urls(self) -> list[str]:
        """Return the URLs of its remotes, ``origin`` first."""
        try:
            lines = self.read("config", "--local", "--get-regexp", r"^remote\..*\.url$").decode(errors="replace")
        except HistoryError:  # no remote
            return []
        pairs = [line.split(" ", 1) for line in lines.splitlines() if " " in line]
        return [url for _, url in sorted(pairs, key=lambda pair: pair[0] != "remote.origin.url")]

    def is_shallow(self) -> bool:
        """Whether the history was cut off when it was cloned."""
        return self.read("rev-parse", "--is-shallow-repository").strip() == b"true"

    def is_partial(self) -> bool:
        """Whether the clone may lack objects that its remote promised."""
        return bool(self._run(("config", "--local", "--get-regexp", _PROMISES)).stdout.strip())

    def advice(self) -> str:
        """What to do where git cannot read an object of the repository."""
        if self.is_partial():
            return f"it is a partial clone, fetch the rest with '{_FETCH_OBJECTS}'"
        return "check the clone with 'git fsck'"

    def advice_on_history(self) -> str:
        """What to do where the repository has too little history; empty where no more of it can be fetched."""
        return f"it is a shallow clone, fetch the rest with '{_FETCH_HISTORY}'" if self.is_shallow() else ""

    def _run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a git command to its end, whatever it ends with."""
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603  git itself, with the settings above
            self._command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            **self._surroundings(),
        )
        return done

    def _surroundings(self) -> dict[str, Any]:
        """Environment, folder and process group of a git call."""
        surroundings: dict[str, Any] = {
            "env": _environment(),
            # git takes the current folder for the work tree, and would read the attributes of whatever lies there.
            "cwd": self.git_dir,
        }
        # Ctrl-C in a terminal reaches its whole process group: what git does is ended here, at a safe place.
        if sys.platform == "win32":
            return surroundings | {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return surroundings | {"start_new_session": True}

    def _command(self, arguments: Sequence[str]) -> list[str]:
        """The command line of a git call."""
        settings = [part for name, value in _SAFE_SETTINGS for part in ("-c", f"{name}={value}")]
        return [_program(), f"--git-dir={self.git_dir}", "--no-pager", *settings, *arguments]

    def _failure(self, arguments: Sequence[str], stderr: bytes) -> HistoryError:
        """What a failed call says to a person."""
        said = stderr.decode(errors="replace").strip().splitlines()
        return HistoryError(
            f"git {arguments[0]} failed in {self.folder} ({said[0] if said else 'without a word'}): {self.advice()}."
        )


def _git_dir(folder: Path) -> Path:
    """Where the repository of a folder lies."""
    inside = folder / ".git"
    if inside.is_dir():
        return inside
    if inside.is_file():  # a linked worktree or a submodule
        pointer = inside.read_text(encoding="utf-8", errors="replace").strip()
        if pointer.startswith("gitdir:"):
            target = folder / pointer.removeprefix("gitdir:").strip()
            if _is_share(target) and not _is_share(folder):
                raise HistoryError(f"{inside} leads to another machine, {target}: name the folder of a clone here.")
            return target
    if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
        return folder
    raise HistoryError(f"{folder} is not a git repository: name the folder of a clone, or a bare repository.")


def _is_share(path: Path) -> bool:
    """Whether a path names a machine first, in Windows' or in POSIX' way: Windows sends it its user's name."""
    return str(path).replace("\\", "/").startswith("//")


def _program() -> str:
    """The git program, from a folder that is named in full: a relative one could be a repository's own."""
    found = shutil.which("git")
    if found is None or not Path(found).is_absolute():
        raise HistoryError("git is not installed: install it to read histories.")
    return found


def _environment() -> dict[str, str]:
    """The process's environment without what steers git, and with what keeps it safe."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **_SAFE_ENVIRONMENT}
