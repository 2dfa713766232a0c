"""Vectors in pgvector's binary format of ``halfvec``: two 16-bit numbers, then float16, all in network order."""

from __future__ import annotations

import numpy as np

from cascode_models.types import FloatArray

_HEADER = 4


def read_halves(rows: list[bytes], dimension: int) -> FloatArray:
    """Return vectors ``[len(rows), dimension]``.

    Raises:
        ValueError: A row is not that wide.
    """
    joined = b"".join(row[_HEADER:] for row in rows)
    return np.frombuffer(joined, dtype=">f2").reshape(len(rows), dimension).astype(np.float32)


def write_half(vector: FloatArray) -> str:
    """Return a vector ``[dimension]`` in the text form of ``halfvec``: the float16 number that each rounds to."""
    return f"[{','.join(map(repr, vector.astype(np.float16).astype(np.float32).tolist()))}]"
