"""Sources whose parse a process did not survive, known to the next one.

Parsers are C code of many authors: a source that meets a fault of theirs ends the process or holds it for good, and
would do so again after each start. So what each thread parses is noted on disk, some 50 microseconds a parse. What was
noted when its process ended is tried in a process of its own before it is parsed here again: most died of something
else. A source that fails is left out until it changes, or extraction does.
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
from cascode_indexer.extract import EXTRACTION_VERSION
from cascode_indexer.location import index_root, make_private_directory, make_private_file

_log = logging.getLogger(__name__)

#: Bytes of a digest.
_DIGEST = 16
_NOTHING = bytes(_DIGEST)
#: Twelve times what a parse may take: the process has to start as well, on a machine that may be busy.
_TRIAL_SECONDS = 60.0
#: Of sources that no parser survived: empty files named by digest and our version. A later version tries them again.
_FATAL = f"-{EXTRACTION_VERSION}.fatal"
#: Of those that a process was at when it ended.
_SUSPECT = ".suspect"
#: Of what the threads of running processes are at.
_NOTE = ".note"
#: Reads a source and parses it, and nothing else.
TRIAL = (sys.executable, "-m", "cascode_indexer.extract.trial")


class _Note:
    """The file that a thread notes its source in; it goes with its thread.

    Raises:
        OSError, IndexStoreError: It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        make_private_file(path)
        self._path = path
        self._file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))

    def write(self, digest: bytes) -> None:
        """Note a source in place of the last one; a full disk keeps nobody from parsing."""
        with contextlib.suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, digest)

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.close(self._file)
            self._path.unlink(missing_ok=True)


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
    _of_thread: threading.local = field(default_factory=threading.local, init=False, repr=False)
    _collected: bool = field(default=False, init=False, repr=False)
    #: Digests that are fatal by another version's word.
    _fatal: set[str] = field(default_factory=set, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @contextlib.contextmanager
    def noting(self, digest: bytes) -> Iterator[None]:
        """Note what this thread parses while the block runs.

        Args:
            digest: 16 bytes that stand for the source.
        """
        note = self._note()
        if note is not None:
            note.write(digest)
        try:
            yield
        finally:
            if note is not None:
                note.write(_NOTHING)

    def is_fatal(self, digest: bytes, language: str, path: str, text: str) -> bool:
        """Whether a source must not be parsed in this process.

        One that another process was at when it ended is tried first, which takes a second.
        """
        self._collect()
        name = digest.hex()
        suspect = self.folder / f"{name}{_SUSPECT}"
        if name in self._fatal or (self.folder / f"{name}{_FATAL}").exists():
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

    def _note(self) -> _Note | None:
        """The note of this thread; None where none can be written."""
        if not hasattr(self._of_thread, "note"):
            self._of_thread.note = None
            name = f"{os.getpid()}-{_started(os.getpid())}-{threading.get_ident()}{_NOTE}"
            with contextlib.suppress(OSError, IndexStoreError):
                self._of_thread.note = _Note(self.folder / name)
        note: _Note | None = self._of_thread.note
        return note

    def _collect(self) -> None:
        """Turn what ended processes had noted into suspects, once, and what an earlier extraction did not survive."""
        with self._lock:
            if self._collected:
                return
            self._collected = True
            with contextlib.suppress(OSError, IndexStoreError):
                make_private_directory(self.folder)
                for note in self.folder.glob(f"*{_NOTE}"):
                    self._collect_note(note)
                for fatal in self.folder.glob("*.fatal"):
                    self._collect_fatal(fatal)

    def _collect_fatal(self, fatal: Path) -> None:
        """Turn what an earlier extraction did not survive into a suspect; where that cannot be, it stays fatal.

        A later extraction is believed: else two versions that are installed would try each other's at every start.
        """
        digest, _, version = fatal.name.removesuffix(".fatal").partition("-")
        try:
            if int(version or 0) < EXTRACTION_VERSION:
                fatal.replace(self.folder / f"{digest}{_SUSPECT}")
                return
        except FileNotFoundError:  # another process has turned it
            return
        except (OSError, ValueError):
            pass
        self._fatal.add(digest)

    def _collect_note(self, note: Path) -> None:
        """Turn the note of a process that ended into a suspect; another process may be at it as well."""
        with contextlib.suppress(OSError, IndexStoreError, ValueError):
            pid, started, _ = note.name.split("-", 2)
            if _started(int(pid)) == int(started):
                return
            digest = note.read_bytes()[:_DIGEST]
            if len(digest) == _DIGEST and digest != _NOTHING:
                make_private_file(self.folder / f"{digest.hex()}{_SUSPECT}")
            note.unlink(missing_ok=True)


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
