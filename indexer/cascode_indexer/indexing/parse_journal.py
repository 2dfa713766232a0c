"""Sources whose parse a process did not survive, known to the next one.

Parsers are C code of many authors: a source that meets a fault of theirs ends the process or holds it for good, and
would do so again after each start. So what each thread parses is noted on disk, 10 microseconds a parse. What was
noted when its process ended is tried in a process of its own before it is parsed here again: most died of something
else. A source that fails is left out until it changes.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cascode_indexer.errors import IndexStoreError
from cascode_indexer.location import index_root, make_private_directory, make_private_file

_log = logging.getLogger(__name__)

#: Bytes of a digest.
_DIGEST = 16
_NOTHING = bytes(_DIGEST)
#: Twelve times what a parse may take: the process has to start as well, on a machine that may be busy.
_TRIAL_SECONDS = 60.0
#: Of sources that no parser survived, each an empty file named by its digest.
_FATAL = ".fatal"
#: Of those that a process was at when it ended.
_SUSPECT = ".suspect"
#: Of what the threads of running processes are at.
_NOTE = ".note"
#: Reads a source and parses it, and nothing else.
TRIAL = (sys.executable, "-m", "cascode_indexer.extract.trial")


class _Note(threading.local):
    """The file that a thread notes its source in; -1 before the first, and where none can be written."""

    file = -1
    is_open = False


@dataclass(slots=True)
class ParseJournal:
    """What was parsed when a process ended.

    Args:
        folder: Of the notes of all processes.
        trial: The command that tries a source: given the language and path of it, and its text as standard input.
        seconds: What a trial may take.
    """

    folder: Path
    trial: tuple[str, ...] = TRIAL
    seconds: float = _TRIAL_SECONDS
    _note: _Note = field(default_factory=_Note, init=False, repr=False)
    _collected: bool = field(default=False, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @contextlib.contextmanager
    def noting(self, digest: bytes) -> Iterator[None]:
        """Note what this thread parses while the block runs.

        Args:
            digest: 16 bytes that stand for the source.
        """
        file = self._file()
        if file >= 0:
            os.pwrite(file, digest, 0) if hasattr(os, "pwrite") else _write(file, digest)
        try:
            yield
        finally:
            if file >= 0:
                os.pwrite(file, _NOTHING, 0) if hasattr(os, "pwrite") else _write(file, _NOTHING)

    def is_fatal(self, digest: bytes, language: str, path: str, text: str) -> bool:
        """Whether a source must not be parsed in this process.

        One that another process was at when it ended is tried first, which takes a second.
        """
        self._collect()
        name = digest.hex()
        suspect = self.folder / f"{name}{_SUSPECT}"
        if (self.folder / f"{name}{_FATAL}").exists():
            return True
        if not suspect.exists():
            return False
        _log.info("%s was being parsed when a process ended: trying it apart", path)
        try:
            survived = self._survives(language, path, text)
        except OSError as error:  # nothing is known then
            _log.warning("%s cannot be tried in a process of its own: %s", path, error.strerror or error)
            return False
        with contextlib.suppress(OSError):
            suspect.unlink() if survived else suspect.replace(self.folder / f"{name}{_FATAL}")
        return not survived

    def _survives(self, language: str, path: str, text: str) -> bool:
        """Whether a process of its own parses a source to the end."""
        try:
            # Not in the workspace: its files would be importable there.
            done = subprocess.run(  # noqa: S603 - our own interpreter on our own module
                [*self.trial, language, path],
                input=text.encode("utf-8", "replace"),
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self.seconds,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def _file(self) -> int:
        """The file of this thread's note; -1 where none can be written."""
        if not self._note.is_open:
            self._note.is_open = True
            path = self.folder / f"{os.getpid()}-{_started(os.getpid())}-{threading.get_ident()}{_NOTE}"
            with contextlib.suppress(OSError, IndexStoreError):
                make_private_file(path)
                self._note.file = os.open(path, os.O_RDWR)
        return self._note.file

    def _collect(self) -> None:
        """Turn what ended processes had noted into suspects, once."""
        with self._lock:
            if self._collected:
                return
            self._collected = True
            with contextlib.suppress(OSError, IndexStoreError):
                make_private_directory(self.folder)
                for note in self.folder.glob(f"*{_NOTE}"):
                    pid, started, _ = note.name.split("-", 2)
                    if _started(int(pid)) == int(started):
                        continue
                    digest = note.read_bytes()[:_DIGEST]
                    if len(digest) == _DIGEST and digest != _NOTHING:
                        make_private_file(self.folder / f"{digest.hex()}{_SUSPECT}")
                    note.unlink(missing_ok=True)


def _write(file: int, digest: bytes) -> None:
    """Write at the beginning of a file, where the system has no call for that (Windows)."""
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, digest)


def _started(pid: int) -> int:
    """When a process started, in milliseconds; 0 where there is none: numbers of processes are used again."""
    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return 0


@functools.lru_cache(maxsize=1)
def _journal(folder: Path) -> ParseJournal:
    return ParseJournal(folder)


def parse_journal() -> ParseJournal:
    """The journal of this user's processes."""
    return _journal(index_root() / "parsing")
