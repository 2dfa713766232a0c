"""Vectors and token states that another machine made, in a pack or a team's index: taken apart and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: How far the length of a unit vector may be from 1: float16 keeps it within 0.001.
_TOLERANCE = 0.01
#: Tokens of one text: what the longest encoder reads. A search compares with all of them.
_MOST_TOKENS = 8_192


def are_units(vectors: npt.NDArray[np.float32]) -> bool:
    """Whether every vector ``[rows, dimension]`` has the length 1."""
    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all(np.abs(lengths - 1) <= _TOLERANCE))  # also false for what is no number


def fault_of_sizes(sizes: Sequence[int] | npt.NDArray[np.uint32], state_bytes: int) -> str | None:
    """Return what is wrong with packed token states; None where nothing is.

    Args:
        sizes: Bytes of the states of each text.
        state_bytes: Bytes of a token's packed state in the model in force.
    """
    found = np.asarray(sizes, dtype=np.int64)
    if bool((found % state_bytes).any()) or not bool(found.all()):
        return "its states are not those of whole tokens"
    if bool((found > state_bytes * _MOST_TOKENS).any()):
        return f"a text has states of more than {_MOST_TOKENS} tokens"
    return None


def split_states(joined: npt.NDArray[np.uint8], sizes: npt.NDArray[Any]) -> tuple[bytes, ...]:
    """Return the packed token states of each text, which lie one behind the other.

    Args:
        joined: All of them.
        sizes: Bytes of each.
    """
    whole = joined.tobytes()
    ends = np.cumsum(sizes.astype(np.int64)).tolist()
    return tuple(whole[start:end] for start, end in zip([0, *ends], ends, strict=False))
