"""Memory that passes through the network have freed, given back to the system."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable

#: Between two trims. One takes 10 to 30 ms, and passes of mixed lengths leave some 60 MB of holes in half a minute of
#: steady work: two processors in float32, 40 functions encoded and 27 lists of ten classified, 456 MB before and after
#: with trims, 514 MB without; a server that two people used for three minutes grew by 1.5 MB a second.
TRIM_SECONDS = 10.0


class Trimmer:
    """Trims the heap some seconds after a pass; called after each, from any thread.

    Activations of a few megabytes are allocated and freed in a hundred sizes. The C library keeps what is freed in
    between, and no later size fits the holes exactly, so the process grows though nothing is held.

    Args:
        trim: Gives free pages back; None where the platform's C library cannot.
        seconds: From a pass to the trim; passes meanwhile are trimmed after with it. Nobody waits for it.
    """

    def __init__(self, trim: Callable[[], object] | None, seconds: float = TRIM_SECONDS) -> None:
        self._trim = trim
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting = False

    def __call__(self) -> None:
        """See to it that the heap is trimmed in a while."""
        with self._lock:
            if self._trim is None or self._waiting:
                return
            self._waiting = True
        timer = threading.Timer(self._seconds, self._after_a_while)
        timer.daemon = True
        timer.start()

    def _after_a_while(self) -> None:
        """Trim what the passes of the last seconds have left, on a thread of its own."""
        with self._lock:
            self._waiting = False
        if self._trim is not None:
            self._trim()


def _malloc_trim() -> Callable[[], object] | None:
    """Return glibc's ``malloc_trim(0)``; None on other C libraries, whose allocators give memory back by themselves."""
    if not sys.platform.startswith("linux"):
        return None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return None if trim is None else lambda: trim(0)


_trim = _malloc_trim()
#: The one of this process, as its heap is.
trim_heap = Trimmer(_trim)


def release_heap() -> None:
    """Give free pages back at once, after something large was let go."""
    if _trim is not None:
        _trim()
