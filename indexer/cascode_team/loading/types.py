"""The data of a load, and the seam to who encodes."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cascode_indexer.types import SkipCounts
from cascode_models.types import EncodedTexts


@dataclass(frozen=True, slots=True)
class Place:
    """A repository to be loaded."""

    #: What the team's index calls it.
    name: str
    #: URL of git, or a folder.
    origin: str


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """A repository's files as they are read."""

    root: Path
    revision: str


@dataclass(frozen=True, slots=True)
class Row:
    """A definition as the team's index holds it, its repository and revision left out."""

    path: str
    #: Its place in the file.
    ordinal: int
    language: str
    kind: str
    name: str
    qualified_name: str
    signature: str
    doc: str
    start_line: int
    end_line: int
    name_line: int
    name_column: int
    key: bytes
    code: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read of a repository."""

    rows: Sequence[Row]
    #: Texts by their addresses, and further passages of the long ones by theirs.
    texts: dict[bytes, str]
    #: Of each further passage the address of its text, its place in it, and its own address.
    passages: Set[tuple[bytes, int, bytes]]
    files: int
    #: What was left out, by reason.
    skipped: SkipCounts


class LoadStage(str, enum.Enum):
    """What is done with a repository."""

    CLONING = "cloning"
    READING = "reading"
    ENCODING = "encoding"


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far the load of a repository has come."""

    repository: str
    encoded: int = 0
    #: Texts that nobody had encoded.
    to_encode: int = 0
    stage: LoadStage = LoadStage.ENCODING


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was done for one repository."""

    repository: str
    revision: str
    files: int = 0
    definitions: int = 0
    #: Distinct texts, further passages of long ones among them, and those of them that were encoded now.
    texts: int = 0
    encoded: int = 0
    seconds: float = 0.0
    #: What was left out, by reason.
    skipped: SkipCounts = field(default_factory=SkipCounts)
    #: It was loaded at this revision already.
    unchanged: bool = False
    #: Why it was left out; None where it was not.
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that are encoded by one worker."""

    keys: tuple[bytes, ...]
    texts: tuple[str, ...]


OnLoadProgress = Callable[[LoadProgress], None]


class Workers(Protocol):
    """Encodes batches, here or on a cluster."""

    @property
    def fingerprint(self) -> str:
        """Of the model."""

    @property
    def dimension(self) -> int:
        """Width of its vectors."""

    @property
    def keeps_states(self) -> bool:
        """Whether an index keeps token states beside them."""

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, EncodedTexts]]:
        """Encode batches, in any order; vector and states of a text are the same whatever else is encoded."""

    def close(self) -> None:
        """Let go what was taken."""
