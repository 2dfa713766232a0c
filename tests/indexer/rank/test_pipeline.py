"""Evidence, score and order together."""

from __future__ import annotations

import pytest

from candidates import candidate
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.pipeline import evidence_of, rank, score_of, sort_by_score, without_copies
from cascode_indexer.rank.types import Pool, Ranked

SENTENCE = Query.of("where do we retry a failed upload")


def table(**weights: float) -> dict[QueryKind, dict[str, float]]:
    """One set of weights for every kind of query."""
    return dict.fromkeys(QueryKind, weights)


def test_a_score_is_the_weighed_sum_of_the_evidence() -> None:
    """Each piece counts by its own weight, with its sign."""
    evidence = {"similarity": 0.5, "words": 0.25, "demotion": 1.0}
    assert score_of(evidence, {"similarity": 1.0, "words": 0.4, "demotion": -0.1}) == pytest.approx(0.5 + 0.1 - 0.1)
    assert score_of(evidence, {"words": 2.0}) == pytest.approx(0.5)


def test_the_parts_of_a_score_add_up_to_it() -> None:
    """What speaks against a candidate is negative; evidence that is not there has no part."""
    found = [candidate("retry", "tests/test_retry.py", similarity=0.5, bm25=3.0)]
    (ranked,) = rank(SENTENCE, found, table(similarity=1.0, words=0.2, tests=-0.3, path=1.0))
    assert ranked.parts == {"similarity": 0.5, "words": 0.2, "tests": -0.3}
    assert sum(ranked.parts.values()) == pytest.approx(ranked.score)


def test_only_what_counts_is_measured() -> None:
    """Rules without weight cost nothing."""
    (evidence,) = evidence_of(SENTENCE, [candidate(similarity=0.4)], ["similarity"])
    assert evidence == {"similarity": 0.4}


def test_bm25_is_measured_beside_the_best_of_all_workspaces() -> None:
    """Where no words match at all nothing is divided by nothing."""
    first, second = evidence_of(SENTENCE, [candidate(bm25=6.0), candidate(bm25=3.0)], ["words"])
    assert (first["words"], second["words"]) == (1.0, 0.5)
    (none,) = evidence_of(SENTENCE, [candidate(bm25=0.0)], ["words"])
    assert none["words"] == 0.0


def test_the_pool_knows_the_similarities_that_are_known() -> None:
    """A definition without a vector says nothing about the range."""
    pool = Pool.of([candidate(similarity=0.3), candidate(similarity=None), candidate(similarity=0.7)])
    assert (pool.least_similarity, pool.best_similarity) == (0.3, 0.7)
    nothing = Pool.of([])
    assert (nothing.best_bm25, nothing.least_similarity, nothing.best_similarity) == (1.0, 0.0, 0.0)


def test_the_kind_of_the_query_chooses_the_weights() -> None:
    """A name asked for is weighed as one."""
    weights = {**table(similarity=1.0), QueryKind.IDENTIFIER: {"definition": 1.0}}
    found = [candidate("other", similarity=0.9, number=1), candidate("retry_upload", similarity=0.1, number=2)]
    assert [entry.definition.name for entry in rank(SENTENCE, found, weights)] == ["other", "retry_upload"]
    assert [entry.definition.name for entry in rank(Query.of("retry_upload"), found, weights)] == [
        "retry_upload",
        "other",
    ]


def test_equal_scores_keep_the_order_of_path_and_name() -> None:
    """Two runs, or two orders of arrival, give one list."""
    found = [candidate("b", "z.py"), candidate("b", "a.py"), candidate("a", "a.py")]
    for some in (found, found[::-1]):
        ranked = rank(SENTENCE, some, table(similarity=1.0))
        assert [(entry.definition.path, entry.definition.name) for entry in ranked] == [
            ("a.py", "a"),
            ("a.py", "b"),
            ("z.py", "b"),
        ]


def test_the_best_placed_copy_stays() -> None:
    """Copies share a text inside one owner; the same number in another owner is another text."""
    first, copy = candidate("a", "a.py", number=1), candidate("a", "b.py", number=1)
    assert without_copies([Ranked(copy, {}, 2.0), Ranked(first, {}, 1.0)]) == [Ranked(copy, {}, 2.0)]
    elsewhere = Ranked(type(first)("another owner", first.definition, 0.0, 0.0), {}, 0.5)
    assert without_copies([Ranked(first, {}, 1.0), elsewhere]) == [Ranked(first, {}, 1.0), elsewhere]


def test_best_first() -> None:
    """The highest score leads."""
    low, high = Ranked(candidate("low"), {}, 0.1), Ranked(candidate("high"), {}, 0.9)
    assert sort_by_score([low, high]) == [high, low]


def test_a_definition_without_a_vector_is_not_buried_below_those_that_have_one() -> None:
    """In a half-built index the best match by words stands beside the best by meaning, weak ones below."""
    encoded = [candidate(f"name_{at}", f"{at:03}.py", similarity=0.5 - at / 100, bm25=0.1) for at in range(40)]
    waiting = [
        candidate("strong", "x.py", similarity=None, bm25=1.0),
        candidate("weak", "y.py", similarity=None, bm25=0.05),
    ]
    order = [entry.definition.name for entry in rank(Query.of("send the report by mail"), [*encoded, *waiting])]
    assert order.index("strong") == 0
    assert order.index("weak") > 30
