"""Something large that is held while it is used, and let go when nobody asked for it for long."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Held(Generic[T]):
    """Holds one thing; safe for threads, and its lock is held for moments only.

    Args:
        idle_seconds: Let it go when it was not used this long; None keeps it.
        on_release: Called when it was let go.
    """

    def __init__(self, idle_seconds: float | None, on_release: Callable[[], None]) -> None:
        self._idle_seconds = idle_seconds
        self._on_release = on_release
        self._value: T | None = None
        #: What was let go, as long as somebody still works with it.
        self._released: weakref.ref[T] | None = None
        self._changed = threading.Condition()
        #: The thread that lets it go; None where nothing is held, or it is kept.
        self.watcher: threading.Thread | None = None
        #: When it was last used, on the monotonic clock.
        self.used = 0.0

    @property
    def current(self) -> T | None:
        """What is held; to look at it, or to use it beside other work, is no reason to keep it."""
        return self._value

    @property
    def alive(self) -> T | None:
        """What is held, or was let go and is still worked with: to have it a second time would cost as much again."""
        return self._value or (self._released() if self._released else None)

    @property
    def idle_seconds(self) -> float | None:
        """It is let go when it was not used this long; None keeps it."""
        return self._idle_seconds

    @idle_seconds.setter
    def idle_seconds(self, seconds: float | None) -> None:
        with self._changed:
            self._idle_seconds = seconds
            self._changed.notify_all()
            self._watch()

    def note_use(self) -> None:
        """Note that it is asked for."""
        self.used = time.monotonic()

    def put(self, value: T) -> None:
        """Hold this from now on."""
        with self._changed:
            self._value = value
            self._watch()

    def _watch(self) -> None:
        """Have a thread let it go, where something is held and may go."""
        if self._value is not None and self._idle_seconds is not None and self.watcher is None:
            self.watcher = threading.Thread(target=self._release_when_idle, name="cascode-idle", daemon=True)
            self.watcher.start()

    def _release_when_idle(self) -> None:
        """Wait until it is idle and let it go: its memory is free when the last who works with it has finished."""
        with self._changed:
            while (left := self._seconds_left()) > 0:
                self._changed.wait(None if math.isinf(left) else left)
            if self._value is not None:
                self._released = weakref.ref(self._value)
            self._value = self.watcher = None
        self._on_release()

    def _seconds_left(self) -> float:
        """Seconds until it is idle; infinite where it is kept."""
        idle = self._idle_seconds
        return math.inf if idle is None else self.used + idle - time.monotonic()
