"""The stages of a search after the fast one: each reads the best K and scores them by what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import score_of
from cascode_indexer.rank.types import Ranked, Table
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.types import DEFAULT_RERANK_TOP, SearchRequest

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import FloatArray

#: Evidence of a stage: the fused score of the fast encoder and the slow classifier, before it was scaled.
FUSED = "fused"

#: Reads candidates with their texts; returns them with further evidence.
Read = Callable[[Query, Sequence[Ranked]], Sequence[Ranked]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One more reading of the best candidates."""

    #: Shown beside what it ranked.
    name: str
    #: K, how many candidates it reads.
    depth: int
    read: Read
    #: Weights of the evidence with what the stage found.
    table: Table

    def of(self, query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        """Read the best K and order all again: one that reading spoke against falls among those that were not read."""
        weights = self.table[query.kind]
        read = [
            replace(candidate, stage=self.name, score=score_of(candidate.evidence, weights), weights=weights)
            for candidate in self.read(query, ranked[: self.depth])
        ]
        return sorted([*read, *ranked[self.depth :]], key=lambda candidate: -candidate.score)


def stages_of(request: SearchRequest, model: CasCodeModel | None) -> list[Stage]:
    """Return the stages that a request wants and the model can do, in order."""
    depth = rerank_depth(request, model)
    return [Stage("cascade", depth, _classifier(model), FAST)] if model is not None and depth else []


def rerank_depth(request: SearchRequest, model: CasCodeModel | None) -> int:
    """Return K: how many candidates the slow classifier reads, 0 for none."""
    if not request.rerank or model is None or not model.has_classifier:
        return 0
    if request.rerank_top is not None:
        return request.rerank_top
    # Weight 0 was measured: this classifier does not improve the order, so nobody waits for it.
    return DEFAULT_RERANK_TOP if model.settings.fusion_weight > 0 else 0


def _classifier(model: CasCodeModel) -> Read:
    """The slow classifier (CasCode, section 3.2) as a reading.

    The fused score of both stages takes the place of the similarity, in the spread that the similarities have: what
    else speaks for a candidate (its name, its place) is weighed beside those.
    """

    def read(query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        from cascode_models.inference import fused_score

        similarities = similarities_of(ranked)
        logits = model.classify(query.pieces[0], [candidate.text for candidate in ranked])
        fused = fused_score(similarities, logits, model.settings.fusion_weight)
        return [
            replace(candidate, evidence={**candidate.evidence, "similarity": float(instead), FUSED: float(score)})
            for candidate, instead, score in zip(ranked, in_the_spread_of(similarities, fused), fused, strict=True)
        ]

    return read


def in_the_spread_of(similarities: FloatArray, fused: FloatArray) -> FloatArray:
    """Return fused scores with the mean and the spread of the similarities that they replace."""
    # Equal scores move nothing, whatever their spread is called.
    spread = float(fused.std()) or 1.0
    placed: FloatArray = (fused - fused.mean()) * float(similarities.std()) / spread + similarities.mean()
    return placed


def similarities_of(ranked: Sequence[Ranked]) -> FloatArray:
    """``[candidates]`` similarities as they were ranked by, a guess where there is no vector."""
    return np.array([candidate.evidence.get("similarity", 0.0) for candidate in ranked], dtype=np.float32)
