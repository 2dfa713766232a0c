"""An index written as a pack, and a pack taken into an index; :mod:`cascode_indexer.packs` has the file itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.errors import PackError
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import OpenIndex
from cascode_indexer.packs import read_pack, write_pack

#: Where the store notes which pack was unpacked.
_PACKED = "packed"


@dataclass(frozen=True, slots=True)
class PackReport:
    """What a pack was made of."""

    #: Vectors in it, all of them made on this machine.
    vectors: int
    #: Vectors of the workspace that came from a pack or a team's index: they are not in it.
    foreign: int = 0


def pack_index(index: OpenIndex, handle: ModelHandle, path: Path, root: Path) -> PackReport:
    """Write the vectors of one workspace that this machine made, and their token states where the model keeps them.

    What a pack or a team's index brought is somebody else's word, and would leave here as one's own.

    Args:
        index: Its open files.
        handle: The model that they were made with.
        path: The file.
        root: The workspace's folder, for messages.

    Returns:
        How many vectors it holds, and how many it does not.

    Raises:
        PackError: The file cannot be written, something is not encoded yet, or there is no vector to write.
        ModelError: The model cannot be loaded.
    """
    model = handle.get()
    keys = sorted(index.store.all_keys())
    cache = index.cache()
    whole = cache.known(keys)
    if not whole:
        raise PackError(f"nothing of {root} is encoded with {handle.label}: run 'cascode index' first")
    if len(whole) < len(keys):
        raise PackError(
            f"{len(keys) - len(whole):,} of {len(keys):,} vectors of {root} are missing still: run 'cascode index', or "
            "wait for the process that is at it, then pack again"
        )
    kept = cache.get_own_states(keys) if model.keeps_states else None
    keys = keys if kept is None else [key for key in keys if key in kept]
    positions, vectors = cache.get_own(keys)
    if not positions:
        raise PackError(
            f"all vectors of {root} came from a pack or a team's index, which a pack does not pass on: make it on a "
            "machine that encodes them itself"
        )
    found = [keys[at] for at in positions]
    states = None if kept is None else [kept[key] for key in found]
    write_pack(path, found, vectors, states, fingerprint=model.fingerprint, label=handle.label)
    return PackReport(len(found), len(whole) - len(found))


def unpack_index(index: OpenIndex, handle: ModelHandle, path: Path) -> int:
    """Take in a pack, for one workspace alone: its next update encodes what the pack does not know.

    Args:
        index: Its open files.
        handle: The model that the pack must have been made with.
        path: The file.

    Returns:
        How many vectors it holds.

    Raises:
        PackError: It is no pack, is damaged, or was made by another model; nothing of it is kept.
        ModelError: The model cannot be loaded.
        IndexStoreError: No space, or no right to write.
    """
    model = handle.get()
    pack = read_pack(
        path,
        fingerprint=model.fingerprint,
        label=handle.label,
        dimension=model.dimension,
        state_bytes=model.state_bytes,
    )
    index.cache().prune_packed(index.store.all_keys())
    index.cache().add_packed(pack.keys, pack.vectors, pack.states)
    about = f"{len(pack.keys):,} vectors of {path.name} (SHA-256 {pack.digest[:16]})"
    index.writer().set_meta(_PACKED, about)
    return len(pack.keys)


def packed_from(index: OpenIndex) -> str | None:
    """Describe the pack that was last taken in; None where none was."""
    return index.store.get_meta(_PACKED)
