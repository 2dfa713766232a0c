"""What the server knows of its indexes at a moment, without asking the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cascode_indexer.indexing.types import IndexProgress, WorkspaceStatus

State = Literal["starting", "indexing", "ready", "paused", "disabled", "error"]


@dataclass(frozen=True, slots=True)
class IndexState:
    """A moment of the indexing service."""

    state: State = "starting"
    #: One line where there is something to say: why it failed, what goes on elsewhere.
    message: str | None = None
    progress: IndexProgress | None = None
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
