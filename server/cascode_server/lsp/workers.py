"""The threads of a session, and the way from them back to its event loop."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: Searches at once; a person types faster than a busy machine answers, and cancelled searches take a moment to stop.
_SEARCH_THREADS = 4


class Workers:
    """Threads for searches, a thread for short side work, and tasks on the event loop.

    Args:
        begin: Called first on every thread.
    """

    def __init__(self, begin: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self._searches = ThreadPoolExecutor(_SEARCH_THREADS, "cascode-search", initializer=begin)
        #: For what must neither wait for a search nor for indexing: open buffers, settings, a client's file events.
        self._side = ThreadPoolExecutor(1, "cascode-side", initializer=begin)
        self._tasks: set[asyncio.Task[None]] = set()

    async def search(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Do something on a thread for searches.

        Args:
            work: Called with a function to poll whether the request was cancelled.
        """
        cancelled = threading.Event()
        try:
            return await self.loop.run_in_executor(self._searches, work, cancelled.is_set)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def side(self, work: Callable[[], T]) -> T:
        """Do something short on the thread for it."""
        return await self.loop.run_in_executor(self._side, work)

    def submit(self, work: Callable[..., object], *args: object) -> None:
        """Begin something short on the thread for it; nobody waits for the result."""
        self._side.submit(work, *args).add_done_callback(_log_failure)

    def later(self, call: Callable[..., object], *args: object) -> None:
        """Call something on the event loop, from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(functools.partial(call, *args))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something on the event loop that nobody waits for."""
        task = self.loop.create_task(work)
        self._tasks.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_failure)

    def close(self) -> None:
        """Take no more work; what has not begun is dropped."""
        for pool in (self._searches, self._side):
            pool.shutdown(wait=False, cancel_futures=True)


def _log_failure(done: asyncio.Task[None] | Future[object]) -> None:
    """Log what something failed with that nobody waited for."""
    if not done.cancelled() and (error := done.exception()) is not None:
        logger.error("a background task failed: %s", error, exc_info=error)
