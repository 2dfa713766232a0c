"""Candidates from open buffers, with the same evidence as those of the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cascode_indexer.overlay.buffers import OverlayFile, similarities
from cascode_indexer.search.candidates import CANDIDATES, COLUMN_WEIGHTS, as_ranked
from cascode_indexer.search.types import Ranked
from cascode_indexer.store.store import StoredDefinition
from cascode_indexer.store.word_statistics import WordStatistics
from cascode_indexer.vectors.types import Vectors


def overlay_candidates(
    files: Sequence[OverlayFile],
    stems: Mapping[str, str],
    statistics: WordStatistics,
    query_vector: Vectors | None,
    admits: Callable[[str, str, str], bool] | None,
) -> list[tuple[Ranked, StoredDefinition]]:
    """Gather the dense top N and the lexical top N of some buffers.

    Args:
        files: The buffers of one workspace.
        stems: The terms of the query with their stems.
        statistics: Of the words of that workspace's store, so that BM25 is on its scale.
        query_vector: ``[dimension]``; None while there is no model.
        admits: Whether a filter lets a path, language and kind through; None where there is no filter.

    Returns:
        Candidates with similarity and raw BM25.
    """
    found: list[tuple[float | None, float, StoredDefinition]] = []
    for file in files:
        bm25 = file.words.scores(stems, statistics, COLUMN_WEIGHTS)
        cosine = {} if query_vector is None else similarities(file, query_vector)
        for at, function in enumerate(file.functions):
            if (at in bm25 or at in cosine) and (
                admits is None or admits(function.path, function.language, function.kind)
            ):
                found.append((cosine.get(at), bm25.get(at, 0.0), function))
    dense = sorted(found, key=lambda one: 1.0 if one[0] is None else -one[0])[:CANDIDATES]
    lexical = sorted(found, key=lambda one: -one[1])[:CANDIDATES]
    best = {function.id: (similarity, score, function) for similarity, score, function in [*dense, *lexical]}
    return [(as_ranked(function, similarity, score), function) for similarity, score, function in best.values()]
