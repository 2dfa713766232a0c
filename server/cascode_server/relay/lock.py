"""A lock on a file, which the system takes from a process that dies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

#: Between two attempts.
_POLL_SECONDS = 0.02
#: Windows lets nobody else read a byte that is locked: one far beyond all that is written, in 32 bits.
_LOCKED_BYTE = 1 << 30


class FileLock:
    """A lock that one process at a time holds; not for several threads.

    Args:
        path: The file, made where it is missing, and left there: whoever removed it would let two in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, seconds: float) -> bool:
        """Take the lock.

        Args:
            seconds: How long to wait for whoever holds it; 0 not to wait.

        Returns:
            Whether this process holds it now.

        Raises:
            OSError: The file cannot be opened.
        """
        until = time.monotonic() + seconds
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        while not _try_lock(file):
            if time.monotonic() >= until:
                os.close(file)
                return False
            time.sleep(_POLL_SECONDS)
        self._file = file
        return True

    def sign(self) -> None:
        """Write this process' number into the file, for people."""
        assert self._file is not None
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock of a file."""
    lock = FileLock(path)
    try:
        if not path.exists() or lock.acquire(0):
            return False
    except OSError:
        return False
    finally:
        lock.release()
    return True


def _try_lock(file: int) -> bool:
    """Lock an open file unless another one has; its end, or its closing, unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
