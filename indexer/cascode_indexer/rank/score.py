"""Adds the evidence up: the fast stage's score of every candidate."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from cascode_indexer.lexical.terms import query_terms
from cascode_indexer.rank.definition import definition_match, name_coverage, stem
from cascode_indexer.rank.demotion import demotion
from cascode_indexer.rank.file_words import file_coverage, path_match
from cascode_indexer.rank.query_kind import QueryKind, names_in, query_kind
from cascode_indexer.rank.weights import WEIGHTS, Weights
from cascode_indexer.search.types import Ranked


def rank(query: str, candidates: Sequence[Ranked], weights: Mapping[QueryKind, Weights] = WEIGHTS) -> list[Ranked]:
    """Score candidates and return them best first; ties keep the order of their path and name.

    A function without a vector yet has its words speak for it: the best match by words stands level with the best
    similarity of the others, one that shares no word with the weakest. So a half-built index puts the function that
    is asked for near the top, whether it is encoded by then or not.
    """
    kind = query_kind(query)
    terms, names = query_terms(query), names_in(query)
    stems = frozenset(map(stem, terms))
    known = [candidate.similarity for candidate in candidates if candidate.similarity is not None]
    floor, best = min(known, default=0.0), max(known, default=0.0)
    scored = []
    for candidate in candidates:
        evidence = {
            "similarity": floor + candidate.lexical * (best - floor)
            if candidate.similarity is None
            else candidate.similarity,
            "lexical": candidate.lexical,
            "definition": definition_match(candidate, names),
            "name": name_coverage(candidate, stems),
            "file": file_coverage(candidate, terms),
            "path": path_match(candidate, query) if kind is QueryKind.PATH else 0.0,
            "demotion": demotion(candidate, terms),
        }
        scored.append(dataclasses.replace(candidate, evidence=evidence, score=total(evidence, weights[kind])))
    return sorted(scored, key=lambda one: (-one.score, one.path, one.qualified_name))


def total(evidence: Mapping[str, float], weights: Weights) -> float:
    """Weigh one candidate's evidence."""
    return (
        evidence["similarity"]
        + weights.lexical * evidence["lexical"]
        + weights.definition * evidence["definition"]
        + weights.name * evidence["name"]
        + weights.file * evidence["file"]
        + weights.path * evidence["path"]
        - weights.demotion * evidence["demotion"]
    )
