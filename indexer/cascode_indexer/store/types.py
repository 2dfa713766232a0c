"""The rows of a store, as its callers read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cascode_indexer.types import Definition, SkipReason, SourceFile


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the store remembers of a file, to notice whether it changed."""

    id: int
    size: int
    mtime_ns: int
    language: str
    digest: bytes
    #: Whether it was read whatever it looks like.
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file with the definitions found in it, ready to be stored."""

    source: SourceFile
    digest: bytes
    definitions: tuple[Definition, ...]
    #: Text to encode of each definition, in the same order.
    texts: tuple[str, ...]
    has_errors: bool = False
    #: Why its content was not read for definitions.
    skip_reason: SkipReason | None = None


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How much the store holds."""

    files: int
    files_with_errors: int
    functions: int
    texts: int
    #: Functions that have no vector yet.
    pending: int
    #: Further passages of long functions that have none: their beginnings are found meanwhile.
    pending_passages: int
    functions_by_language: Mapping[str, int]
    #: Words of all functions, as full-text search counts them.
    tokens: int


@dataclass(frozen=True, slots=True)
class PendingPassage:
    """A passage without a vector."""

    #: See :mod:`cascode_indexer.store.passages`.
    id: int
    key: bytes
    #: Characters.
    length: int
    #: The file of a definition that it is of, the newest one where several have.
    path: str
    #: When that file changed.
    mtime_ns: int
