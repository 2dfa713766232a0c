"""Work that one thread does for all who ask for it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Between two looks at whether the wait goes on, while another thread works.
_POLL_SECONDS = 0.1


class SharedWork:
    """Lets one thread at a time do a piece of work, and do it again where others asked for it meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._running = False
        self._asked_again = False

    def run(
        self,
        value: T,
        work: Callable[[T], T],
        stopped: Callable[[T], bool],
        *,
        wait: Callable[[], bool] | None = None,
        unfinished: Callable[[T], T] = lambda value: value,
    ) -> T:
        """Do the work, or leave it to the thread that is at it.

        Args:
            value: What the work begins with.
            work: Given what it returned the last time, or ``value``.
            stopped: Whether what it returned says not to go on; what others asked for is then dropped.
            wait: Asked now and then whether to wait for that thread, and then to look for what it left; None to leave
                it all to it.
            unfinished: Makes a result of ``value`` where the wait was given up.

        Returns:
            What the work returned last; ``value`` where another thread does it.
        """
        with self._lock:
            if self._running and wait is None:
                self._asked_again = True
                return value
            while self._running:
                if wait is not None and not wait():
                    return unfinished(value)
                self._lock.wait(_POLL_SECONDS)
            self._running = True
        try:
            while True:
                value = work(value)
                with self._lock:
                    if not self._asked_again or stopped(value):
                        self._end()
                        return value
                    self._asked_again = False
        except BaseException:
            with self._lock:
                self._end()
            raise

    def _end(self) -> None:
        """Let the next thread begin; the caller holds the lock."""
        self._running = self._asked_again = False
        self._lock.notify_all()
