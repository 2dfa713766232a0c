"""The stages of a search after the fast one: each reads the best K and scores them by what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import score_of
from cascode_indexer.rank.types import Ranked, Table
from cascode_indexer.rank.weights import FAST, LATE
from cascode_indexer.search.source import Source
from cascode_indexer.search.types import DEFAULT_RERANK_TOP, SearchRequest

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import EncodedQuery, FloatArray

#: Evidence of a stage: the fused score of the fast encoder and the slow classifier, before it was scaled.
FUSED = "fused"
#: K where the states of definitions are stored: as many as either half of the fast stage gives.
STORED_RERANK_TOP = 100

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
    depth = rerank_depth(request, model)
    if model is None or asked is None or not depth:
        return []
    if asked.states is not None:
        return [Stage("cascade", depth, _late_interaction(model, asked.states), LATE, reads_text=False)]
    return [Stage("cascade", depth, _classifier(model), FAST)]


def rerank_depth(request: SearchRequest, model: CasCodeModel | None) -> int:
    """Return K: how many candidates the slow classifier reads, 0 for none."""
    if not request.rerank or model is None or not model.has_classifier:
        return 0
    if request.rerank_top is not None:
        return request.rerank_top
    if model.keeps_states:
        return STORED_RERANK_TOP
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


def _late_interaction(model: CasCodeModel, states: FloatArray) -> Read:
    """The slow classifier's late interaction, from the states that the index keeps.

    It counts beside the other evidence, less its mean over what was read: so what was not read keeps its place beside
    candidates that are as good as the others on average.

    Args:
        model: Compares states.
        states: ``[tokens, state dimension]``, those of the query.
    """

    def read(query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        from cascode_models.inference import fused_score
        from cascode_models.late import COSINE_SCALE

        kept = _states_of(ranked)
        with_states = [candidate for candidate, packed in zip(ranked, kept, strict=True) if packed]
        scores = model.late_scores(states, [packed for packed in kept if packed])
        fused = fused_score(similarities_of(with_states), scores, COSINE_SCALE * LATE[query.kind]["late"])
        mean = float(scores.mean()) if len(scores) else 0.0
        found = {
            id(candidate): (score - mean, whole)
            for candidate, score, whole in zip(with_states, scores.tolist(), fused.tolist(), strict=True)
        }
        # A definition without states, which is not encoded yet, is taken to be as good as the others on average.
        return [
            _with_late(candidate, *found[id(candidate)]) if id(candidate) in found else _with_late(candidate, 0.0, None)
            for candidate in ranked
        ]

    return read


def _with_late(ranked: Ranked, late: float, fused: float | None) -> Ranked:
    """A candidate with what late interaction says of it."""
    evidence = {**ranked.evidence, "late": late} | ({} if fused is None else {FUSED: fused})
    return replace(ranked, candidate=replace(ranked.candidate, late=late), evidence=evidence)


def _states_of(ranked: Sequence[Ranked]) -> list[bytes]:
    """Packed token states of candidates, looked up a source at a time; empty for those that have none."""
    found: dict[tuple[int, int], bytes] = {}
    owners: dict[int, Source] = {id(candidate.candidate.owner): candidate.candidate.owner for candidate in ranked}
    for source in owners.values():
        states = source.states([candidate.definition for candidate in ranked if candidate.candidate.owner is source])
        found.update({(id(source), number): packed for number, packed in states.items()})
    return [found.get((id(candidate.candidate.owner), candidate.definition.id), b"") for candidate in ranked]


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
    late = [candidate.parts.get("late", 0.0) for candidate in ranked]
    return (similarities_of(ranked) + np.array(late, dtype=np.float32)).astype(np.float32)
