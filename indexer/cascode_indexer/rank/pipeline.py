"""Evidence, score, order: the ranking as pure functions, the same for a search, a measurement and a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cascode_indexer.query import Query
from cascode_indexer.rank.rules import RULES
from cascode_indexer.rank.types import Candidate, Pool, Ranked, Table, Weights
from cascode_indexer.rank.weights import FAST


def evidence_of(query: Query, candidates: Sequence[Candidate], rules: Sequence[str]) -> list[dict[str, float]]:
    """Measure every candidate by the rules named, beside all candidates of the query."""
    pool = Pool.of(candidates, query.frames)
    measures = [(name, RULES[name].measure) for name in rules]
    return [{name: measure(query, candidate, pool) for name, measure in measures} for candidate in candidates]


def score_of(evidence: Mapping[str, float], weights: Weights) -> float:
    """Weigh one candidate's evidence: the sum of weight times evidence."""
    return sum(weight * evidence[name] for name, weight in weights.items())


def sort_by_score(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Return the best first; ties keep the order of path and name."""
    return sorted(
        ranked, key=lambda candidate: (-candidate.score, candidate.definition.path, candidate.definition.qualified_name)
    )


def rank(query: Query, candidates: Sequence[Candidate], table: Table = FAST) -> list[Ranked]:
    """Measure, weigh and order the candidates of a query.

    Args:
        query: What was asked.
        candidates: Of all workspaces together.
        table: Weights by kind of query.

    Returns:
        Every candidate, best first.
    """
    weights = table[query.kind]
    measured = evidence_of(query, candidates, list(weights))
    return sort_by_score(
        [
            Ranked(candidate, evidence, score_of(evidence, weights), weights=weights)
            for candidate, evidence in zip(candidates, measured, strict=True)
        ]
    )


def without_copies(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Keep the best-placed of several copies of a definition: copies would fill the list with one answer."""
    best: dict[tuple[int, int], Ranked] = {}
    for found in ranked:
        best.setdefault((id(found.candidate.owner), found.definition.text_id), found)
    return list(best.values())
