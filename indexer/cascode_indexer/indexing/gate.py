"""The gate that indexing passes between small pieces of work: searches go first, and a pause holds it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

#: Indexing waits no longer than this for searches: a client that never stops asking must not stop it for good.
_LONGEST_WAIT_SECONDS = 0.5
#: Between two looks at ``cancelled`` while held.
_POLL_SECONDS = 0.05


class Gate:
    """Lets searches go before indexing, and holds indexing while it is paused; one for all threads of an engine."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._searches = 0
        self._paused = False
        self._working = 0

    @property
    def paused(self) -> bool:
        """Whether indexing is held until :meth:`resume`."""
        return self._paused

    @property
    def working(self) -> bool:
        """Whether indexing computes right now."""
        return self._working > 0

    def pause(self) -> None:
        """Hold indexing at its next gate."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Let indexing continue."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    @contextlib.contextmanager
    def searching(self) -> Iterator[None]:
        """Go before indexing while the block runs."""
        with self._changed:
            self._searches += 1
        try:
            yield
        finally:
            with self._changed:
                self._searches -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """Say that indexing takes processors while the block runs."""
        with self._changed:
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1

    def wait_for_turn(self, cancelled: Callable[[], bool]) -> bool:
        """Wait until indexing may continue.

        Args:
            cancelled: Polled while waiting.

        Returns:
            False where it was cancelled instead.
        """
        if self._searches or self._paused:
            until = time.monotonic() + _LONGEST_WAIT_SECONDS
            with self._changed:
                while self._paused or (self._searches and time.monotonic() < until):
                    if cancelled():
                        return False
                    self._changed.wait(_POLL_SECONDS)
        return not cancelled()
