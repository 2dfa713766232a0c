"""Finding functions that were seen before, exactly or nearly: copies would leak between the splits."""

from __future__ import annotations

import hashlib
import re
import zlib

import numpy as np
import numpy.typing as npt

#: Tokens of a shingle: shorter ones make unrelated loops look alike.
SHINGLE = 5
#: Bands and rows of the locality-sensitive hash: 16 bands of 4 find a pair of Jaccard 0.8 with
#: probability 1 - (1 - 0.8^4)^16 = 0.9998, and look at few pairs below 0.4.
BANDS, ROWS = 16, 4
#: Estimated Jaccard similarity of shingles from which two functions count as one.
NEAR = 0.8

_TOKEN = re.compile(r"\w+|[^\w\s]")
_COMMENT = re.compile(r"(?m)^\s*(?:#|//|\*|/\*).*$")
# Multiply-shift hashing keeps the well-mixed upper half of a product that wraps at 64 bits.
_UPPER_HALF = np.uint64(32)
_SEED = 20240607  # any fixed number: signatures must agree between runs


class NearDuplicates:
    """A growing set of functions that answers whether a new one is a copy of a member."""

    def __init__(self) -> None:
        random = np.random.default_rng(_SEED)
        size, top = (BANDS * ROWS, 1), np.iinfo(np.uint64).max
        # Odd factors make the multiplication a bijection.
        self._factor = random.integers(0, top, size=size, dtype=np.uint64) | np.uint64(1)
        self._offset = random.integers(0, top, size=size, dtype=np.uint64)
        self._exact: dict[bytes, int] = {}
        self._bands: dict[tuple[int, bytes], int] = {}
        self._signatures: list[npt.NDArray[np.uint32]] = []

    def add(self, code: str) -> str | None:
        """Add a function unless it is a copy of one that was added before.

        Args:
            code: Source text without docstring.

        Returns:
            None when it was new, else ``"exact duplicate"`` or ``"near duplicate"``.
        """
        tokens = _TOKEN.findall(_COMMENT.sub("", code).lower())
        digest = hashlib.blake2b(" ".join(tokens).encode(), digest_size=12).digest()
        if digest in self._exact:
            return "exact duplicate"
        signature = self._signature(tokens)
        bands = [(band, signature[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
        for other in sorted({self._bands[key] for key in bands if key in self._bands}):
            if float(np.mean(self._signatures[other] == signature)) >= NEAR:
                return "near duplicate"
        number = len(self._signatures)
        self._exact[digest] = number
        self._signatures.append(signature)
        for key in bands:
            # The first member stands for its bucket: sixteen bands make it rare that a copy of a later
            # member finds only strangers, and the work a function stays bounded.
            self._bands.setdefault(key, number)
        return None

    def _signature(self, tokens: list[str]) -> npt.NDArray[np.uint32]:
        """MinHash signature of a token sequence (Broder, 1997)."""
        shingles = {" ".join(tokens[i : i + SHINGLE]) for i in range(max(1, len(tokens) - SHINGLE + 1))}
        hashes = np.array(sorted(zlib.crc32(shingle.encode()) for shingle in shingles), dtype=np.uint64)
        mixed = (self._factor * hashes + self._offset) >> _UPPER_HALF
        signature: npt.NDArray[np.uint32] = mixed.min(axis=1).astype(np.uint32)
        return signature


def query_key(query: str) -> str:
    """Return what makes two queries the same: their words in lower case, in order."""
    return " ".join(re.findall(r"\w+", query.lower()))
