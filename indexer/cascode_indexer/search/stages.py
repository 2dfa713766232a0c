"""The stages of a search after the fast one: each reads the best K and scores them by what it found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import score_of
from cascode_indexer.rank.types import Candidate, Ranked, Table
from cascode_indexer.rank.weights import FAST, LATE, READ_AFTER_LATE
from cascode_indexer.search.source import Source
from cascode_indexer.search.types import DEFAULT_RERANK_TOP, SearchRequest

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import EncodedQuery, FloatArray

#: Evidence of a stage: the fused score of the fast encoder and the slow classifier, before it was scaled.
FUSED = "fused"
#: K where the index keeps states: every candidate of the fast stage. To read them costs less than to leave some out.
EVERY_CANDIDATE = sys.maxsize

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
    #: Whether it reads the texts of the candidates, whose lines are then checked before; others read what the index
    #: keeps, and nobody waits for them.
    reads_text: bool = True

    def of(self, query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        """Read the best K and order all again: one that reading spoke against falls among those that were not read."""
        weights = self.table[query.kind]
        read = [
            replace(candidate, stage=self.name, score=score_of(candidate.evidence, weights), weights=weights)
            for candidate in self.read(query, ranked[: self.depth])
        ]
        return sorted([*read, *ranked[self.depth :]], key=lambda candidate: -candidate.score)


def stages_of(request: SearchRequest, model: CasCodeModel | None, asked: EncodedQuery | None) -> list[Stage]:
    """Return the stages that a request wants and the model can do, in order.

    Args:
        request: What is wanted.
        model: The model; None while there is none.
        asked: The query as the model encodes it; None where there is no model.
    """
    if model is None or not request.rerank:
        return []
    stages = []
    # Weight 0 was measured: such a classifier does not improve the order.
    if asked is not None and asked.states is not None and model.settings.fusion_weight > 0:
        stages.append(Stage("cascade", EVERY_CANDIDATE, _read_states(model, asked.states), LATE, reads_text=False))
    depth = rerank_depth(request, model)
    if depth:
        stages.append(Stage("cascade", depth, _classifier(model), READ_AFTER_LATE if stages else FAST))
    return stages


def rerank_depth(request: SearchRequest, model: CasCodeModel | None) -> int:
    """Return K: how many candidates the slow classifier reads the texts of, 0 for none."""
    if not request.rerank or model is None or not model.has_classifier:
        return 0
    if request.rerank_top is not None:
        return request.rerank_top
    # The states of all candidates say nearly as much as the texts of a few, and at once.
    return DEFAULT_RERANK_TOP if model.settings.fusion_weight > 0 and not model.keeps_states else 0


def _classifier(model: CasCodeModel) -> Read:
    """The slow classifier (CasCode, section 3.2) as a reading.

    The fused score of both stages takes the place of the similarity, and of what kept states said, in the spread that
    those have: what else speaks for a candidate (its name, its place) is weighed beside them.
    """

    def read(query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        from cascode_models.inference import fused_score

        similarities = similarities_of(ranked)
        logits = model.classify(query.pieces[0], [candidate.text for candidate in ranked])
        fused = fused_score(similarities, logits, model.settings.fusion_weight)
        return [
            replace(candidate, evidence={**candidate.evidence, "similarity": float(instead), FUSED: float(score)})
            for candidate, instead, score in zip(
                ranked, in_the_spread_of(fused_parts_of(ranked), fused), fused, strict=True
            )
        ]

    return read


def _read_states(model: CasCodeModel, states: FloatArray) -> Read:
    """The slow classifier's late interaction as a reading, from the states that the index keeps.

    Args:
        model: Compares states.
        states: ``[tokens, state dimension]``, those of the query.
    """

    def read(query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        from cascode_models.inference import fused_score
        from cascode_models.late import COSINE_SCALE

        weights = LATE[query.kind]
        late, mean = late_interaction(model, states, [candidate.candidate for candidate in ranked])
        similarities = weights["similarity"] * similarities_of(ranked)
        read = np.array([np.nan if score is None else score + mean for score in late], dtype=np.float32)
        fused = fused_score(similarities, read, COSINE_SCALE * weights["late"])
        return [_with_late(*found) for found in zip(ranked, late, fused.tolist(), strict=True)]

    return read


def late_interaction(
    model: CasCodeModel, states: FloatArray, candidates: Sequence[Candidate]
) -> tuple[list[float | None], float]:
    """Compare a query with the states that are kept of candidates.

    Args:
        model: Compares states.
        states: ``[tokens, state dimension]``, those of the query.
        candidates: What may answer.

    Returns:
        For each how far its late interaction is above the mean of all, None for one that no states are kept of; and
        that mean, 0 where none has any.
    """
    kept: list[bytes] = [b""] * len(candidates)
    owners: dict[int, Source] = {id(candidate.owner): candidate.owner for candidate in candidates}
    for source in owners.values():
        places = [at for at, candidate in enumerate(candidates) if candidate.owner is source]
        found = source.states([candidates[at].definition for at in places])
        for at in places:
            kept[at] = found.get(candidates[at].definition.id, b"")
    scores = iter(model.late_scores(states, [packed for packed in kept if packed]).tolist())
    late = [next(scores) if packed else None for packed in kept]
    read = [score for score in late if score is not None]
    mean = sum(read) / len(read) if read else 0.0
    return [None if score is None else score - mean for score in late], mean


def _with_late(ranked: Ranked, late: float | None, fused: float) -> Ranked:
    """A candidate with what late interaction says of it; one that is not encoded yet is as good as the others."""
    evidence = {**ranked.evidence, "late": late or 0.0} | ({} if late is None else {FUSED: fused})
    return replace(ranked, evidence=evidence)


def in_the_spread_of(similarities: FloatArray, fused: FloatArray) -> FloatArray:
    """Return fused scores with the mean and the spread of the similarities that they replace."""
    # Equal scores move nothing, whatever their spread is called.
    spread = float(fused.std()) or 1.0
    placed: FloatArray = (fused - fused.mean()) * float(similarities.std()) / spread + similarities.mean()
    return placed


def similarities_of(ranked: Sequence[Ranked]) -> FloatArray:
    """``[candidates]`` similarities as they were ranked by, a guess where there is no vector."""
    return np.array([candidate.evidence.get("similarity", 0.0) for candidate in ranked], dtype=np.float32)


def fused_parts_of(ranked: Sequence[Ranked]) -> FloatArray:
    """``[candidates]`` what stands in each sum of the evidence for both stages' fused score."""
    parts = [
        candidate.weights.get("similarity", 1.0) * candidate.evidence.get("similarity", 0.0)
        + candidate.weights.get("late", 0.0) * candidate.evidence.get("late", 0.0)
        for candidate in ranked
    ]
    return np.array(parts, dtype=np.float32)
