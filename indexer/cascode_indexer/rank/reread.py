"""Ranking what the slow classifier read: its fused score in the place of the similarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.rank.query_kind import query_kind
from cascode_indexer.rank.score import total
from cascode_indexer.rank.weights import WEIGHTS
from cascode_indexer.search.types import Ranked

if TYPE_CHECKING:
    from cascode_models.types import FloatArray


def reread(query: str, candidates: Sequence[Ranked], fused: FloatArray) -> list[float]:
    """Score candidates that were read by both stages.

    The fused score takes the place of the similarity, in the spread that the similarities have: what else speaks for
    a candidate (its name, its place) is weighed beside those.

    Args:
        query: What was asked.
        candidates: What the classifier read, as :func:`cascode_indexer.rank.score.rank` returned it.
        fused: ``[candidates]`` fused scores of both stages.

    Returns:
        Scores to rank by, in the order of the candidates.
    """
    weights = WEIGHTS[query_kind(query)]
    similarities = similarities_of(candidates)
    # Equal scores move nothing, whatever their spread is called.
    spread = float(fused.std()) or 1.0
    instead = (fused - fused.mean()) * float(similarities.std()) / spread + similarities.mean()
    return [
        total({**one.evidence, "similarity": float(score)}, weights)
        for one, score in zip(candidates, instead, strict=True)
    ]


def similarities_of(candidates: Sequence[Ranked]) -> FloatArray:
    """``[candidates]`` similarities as they were ranked by, a guess where there is no vector."""
    return np.array([one.evidence.get("similarity", 0.0) for one in candidates], dtype=np.float32)
