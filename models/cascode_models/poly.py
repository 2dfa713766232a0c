"""Poly-encoder scores from stored codes, in NumPy: what a search computes (Humeau et al., 2020, section 4.4).

:class:`cascode_models.poly_attention.PolyAttention` is the same in torch, with gradients, and explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from .types import FloatArray, StateArray

#: Where the codes' vectors come from: learnt attention, or the states of the first tokens.
POLY_KINDS = ("learnt", "first")

#: Below this length a vector is divided by it instead, as torch does: what is all zeros stays so.
_SHORTEST = 1e-12


@dataclass(frozen=True, slots=True)
class PolyWeights:
    """The learnt numbers of a poly-encoder."""

    #: ``[codes, width]``; None where the first states take their place.
    codes: FloatArray | None
    #: Most vectors of a function.
    count: int
    #: Cosines are multiplied by it before the softmax in which the query attends.
    sharpness: float


def code_vectors(weights: PolyWeights, states: StateArray) -> StateArray:
    """Compress the states of a function to the vectors that are stored.

    Args:
        weights: The poly-encoder's.
        states: ``[tokens, width]`` states of a function by itself.

    Returns:
        ``[codes, width]`` unit vectors; as many as there are tokens where the first states are taken and there are
        fewer.
    """
    found = states.astype(np.float32)
    if weights.codes is None:
        vectors = found[: weights.count]
    else:
        logits = weights.codes @ found.T
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        vectors = (shares / shares.sum(axis=1, keepdims=True)) @ found
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return cast("StateArray", (vectors / np.maximum(lengths, _SHORTEST)[:, None]).astype(np.float16))


def poly_scores(weights: PolyWeights, query: FloatArray, functions: Sequence[StateArray]) -> FloatArray:
    """Score functions against one query.

    Args:
        weights: The poly-encoder's.
        query: ``[width]`` unit vector.
        functions: What :func:`code_vectors` gave for each.

    Returns:
        ``[functions]`` scores in the units of a cosine.
    """
    if not functions:
        return np.empty(0, dtype=np.float32)
    counts = np.array([len(vectors) for vectors in functions])
    # One product for all functions: each by itself would spend its time in calls.
    cosines = np.concatenate(functions).astype(np.float32) @ query
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    best = np.maximum.reduceat(cosines, starts)
    shares = np.exp(weights.sharpness * (cosines - np.repeat(best, counts)))
    return cast("FloatArray", np.add.reduceat(shares * cosines, starts) / np.add.reduceat(shares, starts))
