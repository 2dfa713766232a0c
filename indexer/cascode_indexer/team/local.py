"""What of a team's answer lies here already, in an index or in an open buffer: that is shown from here alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.overlay.buffers import OverlayFile
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.team.clone import clone_of
from cascode_indexer.team.types import TeamDefinition


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace, or a folder with open files that lie in none."""

    root: Path
    #: None where it is no workspace.
    store: Store | None
    #: Open files in it.
    buffers: Sequence[OverlayFile]


def without_local(found: Sequence[TeamDefinition], folders: Sequence[Folder]) -> list[TeamDefinition]:
    """Leave out what lies here: the same text, or of a repository that is cloned here the same path and name.

    A path and a name alone say nothing: ``main.go`` has a ``main`` in every service.

    Args:
        found: What the team's index gave.
        folders: What is searched here.
    """
    for folder in folders if found else ():
        found = _without(found, folder)
    return list(found)


def _without(found: Sequence[TeamDefinition], folder: Folder) -> list[TeamDefinition]:
    """Leave out what lies in a folder."""
    # Read from the disk, so only where it can matter.
    clone = clone_of(folder.root) if any(definition.origin for definition in found) else None
    places: list[tuple[str, str] | None] = [
        (path, definition.qualified_name)
        if clone is not None
        and definition.origin in clone.origins
        and (path := clone.path_here(definition.path)) is not None
        else None
        for definition in found
    ]
    texts: set[bytes] = set()
    named: set[tuple[str, str]] = set()
    if folder.store is not None:
        keys = [definition.key for definition in found]
        texts, named = folder.store.copies(keys, [place for place in places if place is not None])
    for file in folder.buffers:
        texts.update(map(text_key, file.texts))
        named.update((file.path, definition.qualified_name) for definition in file.definitions)
    return [
        definition
        for definition, place in zip(found, places, strict=True)
        if definition.key not in texts and (place is None or place not in named)
    ]
