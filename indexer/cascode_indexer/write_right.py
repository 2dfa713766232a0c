"""The right to write one index: one process has it, and in that process one scan and one encoding at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Literal

from cascode_indexer.location import IndexLocation
from cascode_indexer.store.lock import WriterLock

#: ``status`` of another process holds the lock for less than a millisecond to see whether it is free.
_LOCK_SECONDS = 0.2
#: Between two looks at ``cancelled`` while another thread has its turn.
_POLL_SECONDS = 0.05

Turn = Literal["scan", "encode"]


class CancelledError(Exception):
    """Cancelled before anything was begun."""


class WriteRight:
    """The right to write one workspace's index.

    A scan and an encoding write side by side: a file that was saved while a large workspace is encoded for the
    first time is stored at once, not minutes later.

    Args:
        location: The index.
    """

    def __init__(self, location: IndexLocation) -> None:
        self._lock = WriterLock(location)
        self._guard = threading.Lock()
        self._turns: dict[Turn, threading.Lock] = {"scan": threading.Lock(), "encode": threading.Lock()}
        self._holders = 0

    @property
    def held(self) -> bool:
        """Whether this process is writing."""
        return self._holders > 0

    @contextlib.contextmanager
    def holding(self, turn: Turn, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold the right while the block runs.

        Args:
            turn: What is done; two threads never do the same.
            cancelled: Polled while another thread does it.

        Raises:
            IndexBusyError: Another process writes.
            CancelledError: Cancelled while waiting.
        """
        while not self._turns[turn].acquire(timeout=_POLL_SECONDS):
            if cancelled():
                raise CancelledError
        try:
            with self._guard:
                if not self._holders:
                    self._lock.acquire(_LOCK_SECONDS)
                self._holders += 1
            try:
                yield
            finally:
                with self._guard:
                    self._holders -= 1
                    if not self._holders:
                        self._lock.release()
        finally:
            self._turns[turn].release()

    def held_elsewhere(self) -> bool:
        """Whether another process has the right."""
        with self._guard:
            if self._holders:
                return False
            if not self._lock.try_acquire():
                return True
            self._lock.release()
            return False
