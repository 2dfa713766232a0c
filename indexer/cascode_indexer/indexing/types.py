"""Progress and results of indexing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cascode_indexer.store.types import StoreCounts
from cascode_indexer.team.types import Team
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How an engine reads and indexes each of its workspaces."""

    #: Larger files are skipped and counted.
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    #: Hold vectors on a GPU if there is one.
    gpu: bool = False
    #: CPU threads that indexing takes, and small batches so that searches go first; None for all, at full speed.
    threads: int | None = None
    #: Whose vectors are taken instead of encoding; None for nobody's.
    team: Team | None = None


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far indexing one workspace has come."""

    root: Path
    phase: Literal["scan", "encode"]
    #: Changed files read, of those that will be read (None while the walk still goes on).
    files_done: int = 0
    files_total: int | None = None
    #: Functions encoded, of those that need it.
    functions_done: int = 0
    functions_total: int = 0
    #: Functions encoded a second by this update, pauses left out; None before the first one.
    rate: float | None = None


#: Called with the progress of indexing, on the thread that indexes.
OnProgress = Callable[[IndexProgress], None]
#: Asked between small pieces of work whether to stop.
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one update did."""

    root: Path
    files: int = 0
    files_changed: int = 0
    files_removed: int = 0
    functions: int = 0
    #: Texts given to the fast encoder; what the vector cache already knew is not among them.
    encoded: int = 0
    skipped: SkipCounts = field(default_factory=SkipCounts)
    seconds: float = 0.0
    seconds_encoding: float = 0.0
    cancelled: bool = False
    #: Another process writes this index and keeps it up to date; nothing was done here.
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """What the index of one workspace holds."""

    root: Path
    directory: Path
    indexed: bool
    counts: StoreCounts | None
    skipped: SkipCounts
    #: Fingerprint of the model whose vectors it holds.
    model: str | None
    size_bytes: int
    #: Another process is writing it now.
    busy: bool
    #: Seconds since the epoch of the last complete update.
    last_indexed: float | None
    #: This process is updating it now, or holds the update while indexing is paused.
    updating: bool = False
    #: Progress of that update, once it has reported any.
    progress: IndexProgress | None = None
    #: The pack that was unpacked last, with its checksum, and how many vectors it brought; None where there is none.
    packed: str | None = None
