"""Token states as an index keeps them: few dimensions, four bits each, read again by nobody.

CasCode throws away what its first stage computed of a function, and its second stage reads the tokens again, which its
authors name an open problem (Gotmare et al., 2021). Late interaction (ColBERT, Khattab and Zaharia, 2020) meets a
function's tokens only at the end: so their states can be kept. As in ColBERT they are projected to few dimensions, by
matrices that were trained for that, and as in ColBERTv2 (Santhanam et al., 2022) every dimension takes a few bits.
Tokens that say nothing, brackets and dots, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .errors import ModelError
from .folder import STATES_FILE
from .late import BEGINNING, products, unit
from .types import FloatArray, IntArray
from .writing import replacing, write_tensors

#: Values of a dimension: two of four bits make a byte.
LEVELS = 16
#: The values span this many times the spread of a dimension of a unit vector, ``dimension ** -0.5``, to either side:
#: for numbers of a normal distribution 16 equal steps over 2.6 times their spread lose least.
SPAN = 2.6
#: Functions compared at a time: some 2,000 tokens, whose states stay in the processor's own cache. 100 functions take
#: 1.0 ms so, and 2.2 ms all at once.
_BLOCK = 40
_NAMES = ("query", "function", "views", "silent")


@dataclass(frozen=True)
class StateCodec:
    """Packs the states of functions, and compares queries with packed ones."""

    #: ``[width, dimension]``: projects the states of a query.
    query_projection: FloatArray
    #: ``[width, dimension]``: projects those of a function.
    function_projection: FloatArray
    #: Weights of a token's nearest one in the whole function, and in its beginning, beside a cosine of weight 1.
    views: tuple[float, float]
    #: Ids of tokens that say nothing, ascending.
    silent: IntArray

    @property
    def dimension(self) -> int:
        """Dimensions of a kept state."""
        return int(self.function_projection.shape[1])

    @property
    def state_bytes(self) -> int:
        """Bytes of a packed state."""
        return self.dimension // 2

    def query(self, states: FloatArray) -> FloatArray:
        """Project a query.

        Args:
            states: ``[tokens, width]``, special tokens first and last.

        Returns:
            ``[tokens, dimension]`` unit states, without those of the special tokens.
        """
        return unit(products(_inner(states), self.query_projection.T))

    def pack(self, ids: Sequence[int], states: FloatArray) -> bytes:
        """Pack the states of a function.

        Args:
            ids: Its token ids, special tokens first and last.
            states: ``[tokens, width]``.

        Returns:
            :attr:`state_bytes` for each token that says something; for each where none does.
        """
        says = ~np.isin(ids[1:-1] if len(ids) > 2 else ids, self.silent)
        read = _inner(states)
        projected = unit(products(read[says] if says.any() else read, self.function_projection.T))
        codes = np.clip(np.floor(projected / self._step) + LEVELS // 2, 0, LEVELS - 1).astype(np.uint8)
        packed: bytes = (codes[:, 0::2] | codes[:, 1::2] << 4).tobytes()
        return packed

    def scores(self, query: FloatArray, packed: Sequence[bytes]) -> FloatArray:
        """Compare a query with functions.

        Args:
            query: ``[tokens, dimension]``: see :meth:`query`.
            packed: See :meth:`pack`.

        Returns:
            ``[len(packed)]``: weighted sum over both views of the query tokens' mean cosine with their nearest ones.
        """
        blocks = [packed[start : start + _BLOCK] for start in range(0, len(packed), _BLOCK)]
        return np.concatenate([self._block_scores(query, block) for block in blocks] or [np.empty(0, dtype=np.float32)])

    def save(self, folder: Path) -> None:
        """Write it into a model folder.

        Raises:
            ModelError: It cannot be written: the disk is full, for example.
        """
        tensors = {
            "query": self.query_projection.astype(np.float32),
            "function": self.function_projection.astype(np.float32),
            "views": np.array(self.views, dtype=np.float32),
            "silent": self.silent.astype(np.int32),
        }
        arrays = {name: np.ascontiguousarray(tensors[name]) for name in _NAMES}
        with replacing(folder, STATES_FILE) as (partial,):
            write_tensors(partial, lambda path: save_file(arrays, path))

    def _block_scores(self, query: FloatArray, packed: Sequence[bytes]) -> FloatArray:
        """See :meth:`scores`: of one function or more."""
        lengths = np.array([len(states) for states in packed]) // self.state_bytes
        starts = np.cumsum(lengths) - lengths
        codes = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(-1, self.state_bytes)
        states = self._values.take(codes).view(np.float32)
        # [tokens, query tokens]
        cosines = np.ascontiguousarray(products(query, states).T)
        cosines /= np.sqrt(self._squares.take(codes).sum(axis=1))[:, None]
        # [functions]: the tokens of a function stand one below the other, and the greatest of each stretch is nearest.
        whole = np.maximum.reduceat(cosines, starts, axis=0).mean(axis=1)
        first = np.arange(len(codes)) - np.repeat(starts, lengths) < BEGINNING
        shorter = np.minimum(lengths, BEGINNING)
        beginning = np.maximum.reduceat(cosines[first], np.cumsum(shorter) - shorter, axis=0).mean(axis=1)
        scores: FloatArray = (self.views[0] * whole + self.views[1] * beginning).astype(np.float32)
        return scores

    @cached_property
    def _step(self) -> float:
        """Between two values of a dimension."""
        return 2 * SPAN / LEVELS / math.sqrt(self.dimension)

    @cached_property
    def _pairs(self) -> FloatArray:
        """``[256, 2]``: the two values that a byte stands for."""
        byte = np.arange(LEVELS**2)
        halves = np.stack([byte % LEVELS, byte // LEVELS], axis=1)
        pairs: FloatArray = ((halves - LEVELS / 2 + 0.5) * self._step).astype(np.float32)
        return pairs

    @cached_property
    def _values(self) -> npt.NDArray[np.uint64]:
        """The same, each pair as one number of eight bytes: looked up at once."""
        return np.ascontiguousarray(self._pairs).view(np.uint64)[:, 0]

    @cached_property
    def _squares(self) -> FloatArray:
        """``[256]``: what the two values of a byte add to the square of a state's length."""
        squares: FloatArray = (self._pairs**2).sum(axis=1)
        return squares


def read_codec(folder: Path, width: int) -> StateCodec | None:
    """Read the codec of a model folder; None where it has none.

    Args:
        folder: The folder.
        width: Of a state.

    Raises:
        ModelError: The file is damaged, or belongs to another model.
    """
    path = folder / STATES_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            query, function, views, silent = (file.get_tensor(name) for name in _NAMES)
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error}): fetch or export the model again") from error
    dimension = function.shape[-1]
    shapes = [query.shape, function.shape, views.shape]
    if shapes != [(width, dimension), (width, dimension), (2,)] or dimension % 2 or silent.ndim != 1:
        raise ModelError(f"{path} does not fit its model ({shapes}): make it again with 'cascode train states'")
    return StateCodec(
        query.astype(np.float32),
        function.astype(np.float32),
        (float(views[0]), float(views[1])),
        np.sort(silent.astype(np.int64)),
    )


def _inner(states: FloatArray) -> FloatArray:
    """The states without those of the first and the last token; a text of nothing else keeps them."""
    return states[1:-1] if len(states) > 2 else states
