"""Work that one thread does for all who ask for it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class SharedWork:
    """Lets one thread at a time do a piece of work, and do it again where others asked for it meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = False
        self._asked_again = False

    def run(self, value: T, work: Callable[[T], T], stopped: Callable[[T], bool]) -> T:
        """Do the work, or leave it to the thread that is at it.

        Args:
            value: What the work begins with.
            work: Given what it returned the last time, or ``value``.
            stopped: Whether what it returned says not to go on; what others asked for is then dropped.

        Returns:
            What the work returned last; ``value`` where another thread does it.
        """
        with self._lock:
            if self._running:
                self._asked_again = True
                return value
            self._running = True
        try:
            while True:
                value = work(value)
                with self._lock:
                    if not self._asked_again or stopped(value):
                        self._running = self._asked_again = False
                        return value
                    self._asked_again = False
        except BaseException:
            with self._lock:
                self._running = self._asked_again = False
            raise
