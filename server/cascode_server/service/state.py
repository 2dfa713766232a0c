"""The state of the indexing service as others see it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cascode import CascodeError, ModelError
from cascode_server.service.types import IndexState, State

if TYPE_CHECKING:
    from cascode import Engine, IndexProgress

logger = logging.getLogger(__name__)

#: Counting the store again while it is written costs milliseconds; a person reads it once a second at most.
_COUNT_SECONDS = 1.0


class StateBoard:
    """Collects what is known of the indexes; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = IndexState()
        #: The last failure by workspace; under None what concerns all of them.
        self._failures: dict[Path | None, str] = {}
        self._counted = 0.0

    @property
    def current(self) -> IndexState:
        """The current state."""
        return self._state

    @property
    def has_failures(self) -> bool:
        """Whether anything failed and was not done since."""
        return bool(self._failures)

    @property
    def has_general_failure(self) -> bool:
        """Whether something failed that concerns all workspaces."""
        return None in self._failures

    def show(self, state: State) -> None:
        """Publish the state in one word, with the message that goes with it."""
        with self._lock:
            message = next(iter(self._failures.values()), None)
            if message is None and state == "ready" and self._state.read_only:
                message = "another CasCode process keeps this index up to date"
            progress = self._state.progress if state == "indexing" else None
            self._state = replace(self._state, state=state, message=message, progress=progress)

    def note_progress(self, progress: IndexProgress) -> None:
        """Publish how far indexing has come."""
        with self._lock:
            self._state = replace(self._state, progress=progress)

    def note_read_only(self, root: Path, read_only: bool) -> None:
        """Publish whether another process writes the index of a workspace."""
        with self._lock:
            others = self._state.read_only - {root}
            self._state = replace(self._state, read_only=others | {root} if read_only else others)

    def keep(self, roots: Iterable[Path]) -> None:
        """Forget what is known of other workspaces."""
        kept = frozenset(roots)
        with self._lock:
            self._state = replace(self._state, read_only=self._state.read_only & kept)
            self._failures = {root: text for root, text in self._failures.items() if root is None or root in kept}

    def fail(self, root: Path | None, error: Exception) -> str:
        """Note what went wrong, for one workspace or for all; return it in one line."""
        if isinstance(error, CascodeError | ModelError):
            text = str(error)
            logger.warning("indexing failed: %s", error)
        else:
            text = f"indexing failed ({type(error).__name__}); see the server's log"
            logger.error("indexing failed: %s", error, exc_info=error)
        with self._lock:
            self._failures[root] = text
        return text

    def clear_failures(self, *roots: Path | None) -> None:
        """Forget what failed, since it works now."""
        with self._lock:
            for root in roots or tuple(self._failures):
                self._failures.pop(root, None)

    def count(self, engine: Engine | None, *, at_most_every: float = 0.0) -> None:
        """Ask the engine what the indexes hold, and which of them holds which workspace; asks the disk, too.

        Args:
            engine: The engine; None changes nothing.
            at_most_every: Do nothing within this many seconds after the last count.
        """
        if engine is None or time.monotonic() - self._counted < at_most_every:
            return
        indexed = [workspace.root for workspace in engine.workspaces]
        found = ((root, _find_cover(root, indexed)) for root in engine.roots)
        covers = {root: cover for root, cover in found if cover is not None}
        with self._lock:
            self._state = replace(self._state, covers=covers)
        try:
            # An index outlives its folder, so that a remounted disk is not read again, but nothing of it can be opened.
            workspaces = tuple(workspace for workspace in engine.status() if workspace.root.is_dir())
            with self._lock:
                self._state = replace(self._state, workspaces=workspaces)
        except (CascodeError, OSError) as error:
            logger.warning("the indexes cannot be counted: %s", error)
        self._counted = time.monotonic()

    def count_while_writing(self, engine: Engine | None) -> None:
        """Ask again, if the last answer is old enough to be worth it."""
        self.count(engine, at_most_every=_COUNT_SECONDS)


def _find_cover(root: Path, indexed: Sequence[Path]) -> Path | None:
    """Return the root of the index that holds a workspace."""
    for outer in indexed:
        if root.is_relative_to(outer):
            return outer
    real = Path(os.path.realpath(root))
    return next((outer for outer in indexed if real.is_relative_to(os.path.realpath(outer))), None)
