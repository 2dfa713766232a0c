"""Packs: what an index keeps of its texts as one file, so that a fresh clone encodes only what differs.

A pack holds addresses of texts (16 bytes of their SHA-256), vectors and, where the model keeps them, packed token
states, and no source, no path and no name. Who has a pack and a text can find out whether the text is in it; who has
the pack alone learns how many functions there are, and which of them are alike.

The file is in the safetensors format, which holds numbers and nothing that could be executed. It comes from somebody
else, so it is read as hostile: its size is bounded, and shapes, types, checksum and every vector are checked before any
of it is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cascode_indexer.errors import PackError
from cascode_indexer.store.foreign import are_units, fault_of_sizes, split_states
from cascode_models.errors import ModelError
from cascode_models.writing import write_tensors

_FORMAT = "cascode-pack"
#: Raise it where a reader of the version before would read something wrong.
_VERSION = "2"
#: Names of what it holds: addresses and vectors; where the model keeps them, bytes of states a text and all the states.
_VECTORS, _STATES = ("keys", "vectors"), ("state_sizes", "states")
_KEY_BYTES = 16
#: Five million functions of 384 dimensions; reading it takes twice as much memory.
_MOST_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack holds."""

    keys: tuple[bytes, ...]
    #: Unit vectors ``[len(keys), dimension]``.
    vectors: npt.NDArray[np.float32]
    #: Packed token states of each; None where the model keeps none.
    states: tuple[bytes, ...] | None
    #: Of all that it holds, as the pack names it and as it was found to be.
    digest: str


def write_pack(
    path: Path,
    keys: Sequence[bytes],
    vectors: npt.NDArray[np.float32],
    states: Sequence[bytes] | None = None,
    *,
    fingerprint: str,
    label: str,
) -> str:
    """Write a pack; a file of that name is replaced once the new one is complete.

    Args:
        path: The file.
        keys: Addresses of texts.
        vectors: Their unit vectors ``[len(keys), dimension]``.
        states: Packed token states of each; None where the model keeps none.
        fingerprint: Names the model.
        label: What a person calls it.

    Returns:
        The checksum of what it holds.

    Raises:
        PackError: The file cannot be written.
    """
    order = sorted(range(len(keys)), key=lambda at: keys[at])  # the same index always has the same checksum
    addresses = np.frombuffer(b"".join(keys[at] for at in order), dtype=np.uint8).reshape(len(keys), _KEY_BYTES)
    halves = np.ascontiguousarray(vectors[order].astype("<f2"))
    held = {"keys": np.ascontiguousarray(addresses), "vectors": halves}
    if states is not None:
        held["state_sizes"] = np.array([len(states[at]) for at in order], dtype=np.uint32)
        held["states"] = np.frombuffer(b"".join(states[at] for at in order), dtype=np.uint8)
    digest = _digest(held)
    about = {"format": _FORMAT, "version": _VERSION, "model": fingerprint, "label": label, "sha256": digest}
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}-", dir=path.parent) as folder:
            part = Path(folder) / "pack"
            write_tensors(part, lambda file: save_file(held, file, metadata=about))
            os.replace(part, path)  # noqa: PTH105  the other is the same
    except OSError as error:
        raise PackError(f"the pack {path} cannot be written: {error.strerror or error}; name another file") from error
    except ModelError as error:  # which names a file of the folder that is gone
        raise PackError(
            f"the pack {path} cannot be written: {error.__cause__}; make room there, or name another file"
        ) from error
    return digest


def read_pack(path: Path, *, fingerprint: str, label: str, dimension: int, state_bytes: int = 0) -> Pack:
    """Read a pack, believing nothing of it.

    Args:
        path: The file.
        fingerprint: Names the model in force.
        label: What a person calls it.
        dimension: Width of its vectors.
        state_bytes: Bytes of a token's packed state; 0 where the model keeps none.

    Raises:
        PackError: It cannot be read, is no pack, is damaged, or was made by another model.
    """
    try:
        if not path.is_file():
            raise PackError(f"there is no pack {path}: name a file that 'cascode pack' has written")
        if path.stat().st_size > _MOST_BYTES:
            raise PackError(f"{path} is larger than {_MOST_BYTES:,} bytes, which no pack is")
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            if about.get("format") != _FORMAT or about.get("version") != _VERSION:
                raise PackError(f"{path} is no pack of this version: make one with 'cascode pack'")
            if about.get("model") != fingerprint:
                made = _shown(about.get("label", "")), _shown(about.get("model", ""))
                raise PackError(
                    f"{path} was made with the model {made[0]} ({made[1]}), and {label} ({fingerprint}) is in force: "
                    "pack with the same model, or name it with --model"
                )
            if set(file.keys()) != {*_VECTORS, *(_STATES if state_bytes else ())}:
                raise PackError(f"{path} is no pack: it holds other things than addresses and what belongs to them")
            held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        raise PackError(f"{path} is no pack, or is damaged ({_shown(str(error))}): fetch it again") from error
    fault = _fault(held, dimension, about.get("sha256", "")) or _fault_of_states(held, state_bytes)
    if fault is not None:
        raise PackError(f"{path} is damaged or forged: {fault}; fetch it again, or pack again")
    keys = tuple(bytes(row) for row in held["keys"])
    states = split_states(held["states"], held["state_sizes"]) if state_bytes else None
    return Pack(keys, held["vectors"].astype(np.float32), states, about["sha256"])


def _fault_of_states(held: Mapping[str, npt.NDArray[Any]], state_bytes: int) -> str | None:
    """What is wrong with the token states of a pack; None where nothing is."""
    if not state_bytes:
        return None
    sizes, states = held["state_sizes"], held["states"]
    if sizes.dtype != np.uint32 or sizes.shape != (len(held["keys"]),) or states.dtype != np.uint8 or states.ndim != 1:
        return f"its states are {states.dtype} {list(states.shape)} of sizes {sizes.dtype} {list(sizes.shape)}"
    if int(sizes.sum(dtype=np.int64)) != len(states):
        return "its states are not as long as it says"
    return fault_of_sizes(sizes, state_bytes)


def _fault(held: Mapping[str, npt.NDArray[Any]], dimension: int, named: str) -> str | None:
    """What is wrong with the addresses and vectors of a pack, and its checksum; None where nothing is."""
    addresses, halves = held["keys"], held["vectors"]
    if addresses.dtype != np.uint8 or addresses.ndim != 2 or addresses.shape[1] != _KEY_BYTES:
        return f"its addresses are {addresses.dtype} {list(addresses.shape)}"
    if halves.dtype != np.float16 or halves.shape != (len(addresses), dimension):
        return f"its vectors are {halves.dtype} {list(halves.shape)}, not float16 {[len(addresses), dimension]}"
    if _digest(held) != named:
        return "its checksum is not that of what it holds"
    if not are_units(halves.astype(np.float32)):
        return "not every vector has the length 1"
    return None


def _digest(held: Mapping[str, npt.NDArray[Any]]) -> str:
    """The checksum of all that a pack holds."""
    checksum = hashlib.sha256()
    for name in (*_VECTORS, *_STATES):
        if name in held:
            checksum.update(held[name].tobytes())
    return checksum.hexdigest()


def _shown(text: str) -> str:
    """A text of a pack in a message: bounded, and on one line."""
    with contextlib.suppress(TypeError):
        text = "".join(character if character.isprintable() else "?" for character in text)
    return text[:80]
