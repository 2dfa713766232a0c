"""What the slow classifier read, ranked: its fused score stands where the similarity stood."""

from __future__ import annotations

import numpy as np
import pytest

from cascode_indexer.rank.reread import reread, similarities_of
from cascode_indexer.rank.score import rank
from cascode_indexer.search.types import Ranked

SENTENCE, IDENTIFIER = "where do we retry a failed upload", "retry_upload"


def ranked(query: str, *evidence: tuple[str, float, float]) -> list[Ranked]:
    """Candidates of (name, similarity, BM25 over the best), scored by the fast stage."""
    return rank(
        query,
        [
            Ranked(
                function_id=number,
                text_id=number,
                path=f"src/f{number}.py",
                name=name,
                qualified_name=name,
                kind="function",
                similarity=similarity,
                lexical=lexical,
                score=similarity,
            )
            for number, (name, similarity, lexical) in enumerate(evidence)
        ],
    )


def test_the_fused_score_decides_in_the_spread_of_the_similarities() -> None:
    """Whatever range the logits have, candidates end no further apart than their similarities were."""
    candidates = ranked(SENTENCE, ("a", 0.5, 0.0), ("b", 0.4, 0.0), ("c", 0.3, 0.0))
    for scale in (0.1, 30.0):
        scores = reread(SENTENCE, candidates, scale * np.array([1.0, 2.0, 3.0], dtype=np.float32))
        assert scores == pytest.approx([0.3, 0.4, 0.5], abs=1e-5)
    assert similarities_of(candidates).tolist() == pytest.approx([0.5, 0.4, 0.3])


def test_equal_fused_scores_leave_the_other_evidence() -> None:
    """No spread is no division by nothing: the mean similarity stands for all, and words decide."""
    candidates = ranked(SENTENCE, ("a", 0.5, 0.0), ("b", 0.4, 1.0))
    first, second = reread(SENTENCE, candidates, np.array([7.0, 7.0], dtype=np.float32))
    assert first == pytest.approx(0.45)
    assert second == pytest.approx(0.48)


def test_a_name_asked_for_stays_first() -> None:
    """The definition of the name outweighs what the classifier thinks of the others, in the kind's own weights."""
    named = ranked(IDENTIFIER, ("cancel", 0.50, 0.0), ("retry_upload", 0.40, 1.0))
    assert [one.name for one in named] == ["retry_upload", "cancel"]
    first, second = reread(IDENTIFIER, named, np.array([1.0, 9.0], dtype=np.float32))
    assert first > second
