"""Late interaction from the states of texts by themselves, in NumPy: the bundled classifier without its training.

:class:`cascode_models.heads.LateHead` is the same in torch, with gradients, and explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .types import FloatArray

#: Cosines of a contrastive model lie within a few tenths; 20 is the scale they were trained with (1 / 0.05), and that
#: of a cosine beside a logit in the fused score.
COSINE_SCALE = 20.0
#: Where relevant and other pairs part in the encoders tried: the logit of such a cosine starts at 0.
EVEN_COSINE = 0.5
#: A gate this low lets nothing through: its exponential is 0 beside any other.
CLOSED_GATE = -100.0
#: What a token of the query finds where there is nothing to find: the lowest cosine.
NO_MATCH = -1.0
#: Tokens of a phrase, centred on one. Of 2, 3, 5, 9 and 15 beside single tokens five gain most on dev sets.
PHRASE = 5
#: Tokens of a function's beginning, special ones apart: most names and the first arguments. Thirty gain as much on dev
#: sets.
BEGINNING = 14

#: States ``[tokens, width]`` in any number format.
States = npt.NDArray[np.floating[Any]]

#: Below this length a vector is divided by it instead, as torch does: what is all zeros stays so.
_SHORTEST = 1e-12
#: Multiplications that NumPy's OpenBLAS does on the calling thread. Above it wakes threads, which go on spinning and
#: take the processor from the model.
_PRODUCT = 2**18


@dataclass(frozen=True, slots=True)
class LateWeights:
    """The learnt numbers of a late head whose gates are closed."""

    #: Weights of tokens, phrases and beginning beside a cosine of weight 1.
    views: tuple[float, float, float]
    bias: float


def late_logits(weights: LateWeights, query: States, functions: Sequence[States]) -> FloatArray:
    """Score functions against one query (MaxSim: ColBERT, Khattab and Zaharia, 2020, equation 3, as a mean).

    Args:
        weights: The head's.
        query: ``[tokens, width]`` states, special tokens included.
        functions: The same of each function.

    Returns:
        ``[len(functions)]`` logits.
    """
    asked = _inner(query)
    words, around = unit(asked), unit(_phrases(asked))
    logits = np.empty(len(functions), dtype=np.float32)
    for number, function in enumerate(functions):
        read = _inner(function)
        tokens = products(words, unit(read))
        found = (tokens, products(around, unit(_phrases(read))), tokens[:, :BEGINNING])
        means = [float(view.max(axis=1, initial=NO_MATCH).mean()) for view in found]
        logits[number] = COSINE_SCALE * float(np.dot(weights.views, means)) + weights.bias
    return logits


def _inner(states: States) -> FloatArray:
    """The states without those of the first and the last token; a text of nothing else keeps them."""
    return (states[1:-1] if len(states) > 2 else states).astype(np.float32)


def unit(states: FloatArray) -> FloatArray:
    """The same directions, of length 1."""
    lengths = np.sqrt(np.einsum("ij,ij->i", states, states))
    return cast("FloatArray", states / np.maximum(lengths, _SHORTEST)[:, None])


def _phrases(states: FloatArray) -> FloatArray:
    """Sum of the states around each place."""
    side = PHRASE // 2
    padded = np.pad(states, ((side, side), (0, 0)))
    summed = padded[: len(states)].copy()
    for start in range(1, PHRASE):
        summed += padded[start : start + len(states)]
    return cast("FloatArray", summed)


def products(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """``[rows, columns]`` products, a few columns at a time."""
    products = np.empty((len(rows), len(columns)), dtype=np.float32)
    step = max(1, _PRODUCT // max(1, rows.size))
    for start in range(0, len(columns), step):
        products[:, start : start + step] = rows @ columns[start : start + step].T
    return products
