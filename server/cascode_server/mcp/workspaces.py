"""The workspaces of the process: indexed in the background, watched, and searched on worker threads."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cascode_server.mcp.options import Options
from cascode_server.mcp.watching import Watching
from cascode_server.service.indexing import IndexingService
from cascode_server.service.process import Models, open_background_engine
from cascode_server.service.searching import Searching
from cascode_server.service.types import Cancelled, Hooks, IndexState

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: Calls at once; agents ask several questions in parallel.
_THREADS = 4
#: Calls wait this long in all for a first index: clients give up after a minute, and an answer by words is soon there.
_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.05
#: Patience with worker threads at the end: they look between batches whether they should stop.
_JOIN_SECONDS = 1.0


class Workspaces:
    """What all clients of the process share.

    Args:
        options: What the command line says.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        settings = options.settings
        self.model = Models().get(options.model or settings.model.path, settings.device, settings.model.unload_minutes)
        self.indexing = IndexingService(
            lambda: open_background_engine(settings, self.model),
            Hooks(
                _nothing,
                _log_problem,
                lambda root: self._watching.watch(root),
                lambda root: self._watching.unwatch(root),
                _nothing,
            ),
        )
        self.searching = Searching(self.indexing, _nothing)
        self._watching = Watching(self.indexing.submit)
        self._pool = ThreadPoolExecutor(_THREADS, "cascode-search")
        self._roots: tuple[Path, ...] = ()
        self._started = False
        self._patient_until: float | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """The workspaces that are searched."""
        return self._roots

    @property
    def state(self) -> IndexState:
        """How far indexing has come; asks neither disk nor database."""
        return self.indexing.state

    def serve(self, roots: Sequence[Path]) -> None:
        """Search these workspaces from now on, and no others; indexing begins at the first call."""
        before, self._roots = self._roots, tuple(dict.fromkeys(roots))
        if not self._started:
            self._started = True
            self.model.start()
            self.indexing.start(self._roots, enabled=self.options.settings.indexing.enabled)
            return
        added = [root for root in self._roots if root not in before]
        removed = [root for root in before if root not in self._roots]
        if added or removed:
            self.indexing.change_roots(added, removed)

    async def on_thread(self, work: Callable[[Cancelled], T]) -> T:
        """Do something on a thread for searches.

        Args:
            work: Called with a function to poll whether the call was cancelled.
        """
        cancelled = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, cancelled.is_set)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def wait_for_index(self, cancelled: Cancelled) -> None:
        """Wait for an index that is still being made, not for ever; blocks.

        Args:
            cancelled: Whether nobody waits any more.
        """
        if self._patient_until is None:
            self._patient_until = time.monotonic() + _PATIENCE_SECONDS
        while self.state.state in ("starting", "indexing") and time.monotonic() < self._patient_until:
            if cancelled():
                return
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Stop threads, waiting a moment so that files are closed in good order where that is quick."""
        self.indexing.close()
        self._watching.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if not self.indexing.join(_JOIN_SECONDS):
            logger.info("exiting in the middle of a batch; it is done again at the next start")


def _nothing(*_: object) -> None:
    """Do nothing: nobody asks."""


def _log_problem(text: str) -> None:
    """Log what a person can fix; a call that fails by it says it too."""
    logger.warning("%s", text)
