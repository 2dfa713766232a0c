"""One workspace as a search reads it: its open files, and what stands in an open buffer in their place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.location import IndexLocation, vector_cache_path
from cascode_indexer.open_index import OpenIndex
from cascode_indexer.overlay.buffers import OverlayFile
from cascode_indexer.types import StoredDefinition

if TYPE_CHECKING:
    from cascode_indexer.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Part:
    """One workspace as one search sees it, kept open until the search ends."""

    workspace: Workspace
    index: OpenIndex
    #: Open buffers; each stands in for what the store holds of its file.
    buffers: tuple[OverlayFile, ...]


def files_of(location: IndexLocation) -> tuple[Path, ...]:
    """The databases that a search of a workspace reads."""
    return location.store, location.packed, vector_cache_path()


def definitions_of(part: Part, path: str) -> list[tuple[StoredDefinition, str]]:
    """Return the definitions of a file in the order of their lines, with their texts."""
    for file in part.buffers:
        if file.path == path:
            return list(file.with_texts())
    stored = part.index.store.definitions_of_file(path)
    texts = part.index.store.texts([definition.text_id for definition in stored])
    return [(definition, texts[definition.text_id]) for definition in stored if definition.text_id in texts]
