"""What the server knows of its indexes at a moment, without asking the disk."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cascode_indexer.indexing.types import IndexProgress, WorkspaceStatus

State = Literal["starting", "indexing", "ready", "paused", "disabled", "error"]

#: The speed that is shown is that of the last seconds: long functions come last and are slower.
_RATE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class IndexState:
    """A moment of the indexing service."""

    state: State = "starting"
    #: One line where there is something to say: why it failed, what goes on elsewhere.
    message: str | None = None
    progress: IndexProgress | None = None
    #: Functions encoded a second.
    rate: float | None = None
    workspaces: tuple[WorkspaceStatus, ...] = ()
    #: Roots whose index another process writes.
    read_only: frozenset[Path] = frozenset()

    @property
    def functions(self) -> int:
        """Functions in all indexes."""
        return sum(one.counts.functions for one in self.workspaces if one.counts)

    @property
    def pending(self) -> int:
        """Functions without a vector yet."""
        return sum(one.counts.pending for one in self.workspaces if one.counts)

    @property
    def files(self) -> int:
        """Files in all indexes."""
        return sum(one.counts.files for one in self.workspaces if one.counts)


@dataclass(slots=True)
class Rate:
    """Measures how many functions are encoded a second."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, moment: float, done: int) -> float | None:
        """Take up how far encoding has come.

        Args:
            moment: Seconds of a monotonic clock.
            done: Functions encoded since the job began.

        Returns:
            Functions a second; None while it cannot be told.
        """
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((moment, done))
        while moment - self._seen[0][0] > _RATE_SECONDS:
            self._seen.popleft()
        seconds = moment - self._seen[0][0]
        return (done - self._seen[0][1]) / seconds if seconds > 0 else None
