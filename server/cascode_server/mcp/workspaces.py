"""The workspaces of the process: indexed in the background, watched, and searched on worker threads."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cascode_server.mcp.options import Options
from cascode_server.mcp.watching import Watching
from cascode_server.service.indexing import IndexingService
from cascode_server.service.process import Models, open_background_engine, with_usable_team
from cascode_server.service.searching import Searching
from cascode_server.service.types import Cancelled, Hooks, IndexState
from cascode_server.settings import Settings, resolve

if TYPE_CHECKING:
    from cascode import ModelHandle

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
        self.indexing = IndexingService(
            lambda: open_background_engine(with_usable_team(self.settings, _log_problem), self.model),
            Hooks(
                _nothing,
                _log_problem,
                lambda root: self._watching.watch(root),
                lambda root: self._watching.unwatch(root),
                _nothing,
                lambda root: self._settings.get(root, self.settings).indexing.max_file_size,
            ),
        )
        self.searching = Searching(self.indexing, _nothing)
        self._watching = Watching(self.indexing.submit)
        self._pool = ThreadPoolExecutor(_THREADS, "cascode-search")
        #: Those of each workspace, in the order in which they were named.
        self._settings: dict[Path, Settings] = {}
        self._started = False
        self._patient_until: float | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """The workspaces that are searched."""
        return tuple(self._settings)

    @property
    def settings(self) -> Settings:
        """Those of the first workspace; what is not about one workspace is read from them."""
        return next(iter(self._settings.values()), Settings())

    @functools.cached_property
    def model(self) -> ModelHandle:
        """The model; as the settings say once there is a workspace."""
        model = self.settings.model
        return Models().get(self.options.model or model.path, self.settings.device, model.unload_minutes)

    @property
    def state(self) -> IndexState:
        """How far indexing has come; asks neither disk nor database."""
        return self.indexing.state

    def serve(self, roots: Sequence[Path]) -> None:
        """Search these workspaces from now on, and no others; indexing begins at the first call."""
        before = self._settings
        self._settings = {root: before.get(root) or _settings_of(root) for root in dict.fromkeys(roots)}
        indexed = {root for root, settings in self._settings.items() if settings.indexing.enabled}
        self.indexing.exclude(self._settings.keys() - indexed)
        if not self._started:
            self._started = True
            self.model.start()
            self.indexing.start(self.roots, enabled=bool(indexed))
            return
        added = [root for root in self._settings if root not in before]
        removed = [root for root in before if root not in self._settings]
        if added or removed:
            self.indexing.change_roots(added, removed)
        self.indexing.set_enabled(bool(indexed))

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


def _settings_of(root: Path) -> Settings:
    """The settings of a workspace, with its own file; what is wrong in it is logged."""
    # Nobody says here that it is trusted.
    settings, problems = resolve(None, root, False)
    for problem in problems:
        _log_problem(problem)
    return settings


def _nothing(*_: object) -> None:
    """Do nothing: nobody asks."""


def _log_problem(text: str) -> None:
    """Log what a person can fix; a call that fails by it says it too."""
    logger.warning("%s", text)
