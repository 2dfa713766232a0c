"""Data of the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cascode import CascodeError

if TYPE_CHECKING:
    from cascode import IndexProgress, WorkspaceStatus

State = Literal["starting", "indexing", "ready", "paused", "disabled", "error"]

#: Asked between small pieces of work whether anybody still waits for the result.
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace as the client names it."""

    #: As the client spells it: URIs of hits begin with it.
    uri: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class IndexState:
    """A snapshot of the indexing service; reading it asks neither disk nor database."""

    state: State = "starting"
    #: One line where there is something to say, such as why indexing failed.
    message: str | None = None
    progress: IndexProgress | None = None
    workspaces: tuple[WorkspaceStatus, ...] = ()
    #: By root, that of the index which holds it: its own, that of one around it, or that of another spelling of it.
    covers: Mapping[Path, Path] = field(default_factory=dict)
    #: Roots whose index another process writes.
    read_only: frozenset[Path] = frozenset()

    @property
    def functions(self) -> int:
        """Definitions in all indexes."""
        return sum(workspace.counts.functions for workspace in self.workspaces if workspace.counts)

    @property
    def pending(self) -> int:
        """Definitions without a vector yet."""
        return sum(workspace.counts.pending for workspace in self.workspaces if workspace.counts)

    @property
    def files(self) -> int:
        """Files in all indexes."""
        return sum(workspace.counts.files for workspace in self.workspaces if workspace.counts)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Callbacks of the indexing service; all are called on its thread."""

    #: The state changed.
    changed: Callable[[], None]
    #: Something failed that the user can fix.
    problem: Callable[[str], None]
    #: A workspace is about to be scanned for the first time: watch it from now on.
    watch: Callable[[Path], None]
    #: A workspace was removed.
    unwatch: Callable[[Path], None]
    #: Files of a workspace were indexed; None where all were looked at.
    indexed: Callable[[Path, frozenset[str] | None], None]
    #: Asked for the size in bytes above which files of a workspace are skipped; None is the engine's own.
    largest: Callable[[Path], int | None] = lambda _root: None


class ServiceUnavailableError(CascodeError):
    """A valid request cannot be answered; the message says why."""
