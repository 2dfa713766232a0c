"""What a later stage reads, ranked: its score stands where the similarity stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from candidates import candidate
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.types import Ranked
from cascode_indexer.rank.weights import FAST, LATE, READ_AFTER_LATE
from cascode_indexer.search.stages import (
    EVERY_CANDIDATE,
    FUSED,
    Stage,
    fused_parts_of,
    in_the_spread_of,
    late_interaction,
    rerank_depth,
    similarities_of,
    stages_of,
)
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.types import StoredDefinition
from cascode_models.settings import ModelSettings
from cascode_models.types import EncodedQuery
from fake_encoder import FakeEncoder

#: Weights that the numbers below are worked out with.
TABLE = {
    **{kind: {"similarity": 1.0, "words": 0.03} for kind in QueryKind},
    QueryKind.IDENTIFIER: {"similarity": 1.0, "words": 0.2, "definition": 1.0},
}
ASKED = EncodedQuery(np.zeros(4, dtype=np.float32))
SENTENCE, IDENTIFIER = Query.of("where do we retry a failed upload"), Query.of("retry_upload")


def ranked(query: Query, *evidence: tuple[str, float, float]) -> list[Ranked]:
    """Candidates of (name, similarity, BM25), ranked by the fast stage."""
    return rank(
        query,
        [
            candidate(name, f"src/f{number}.py", similarity=similarity, bm25=bm25, number=number)
            for number, (name, similarity, bm25) in enumerate(evidence, start=1)
        ],
        TABLE,
    )


def reading(*scores: float, depth: int = 10) -> Stage:
    """A stage that finds these scores, in the order of what it is given."""

    def read(_query: Query, some: Sequence[Ranked]) -> list[Ranked]:
        placed = in_the_spread_of(similarities_of(some), np.array(scores[: len(some)], dtype=np.float32))
        return [
            replace(entry, evidence={**entry.evidence, "similarity": float(score)})
            for entry, score in zip(some, placed, strict=True)
        ]

    return Stage("second", depth, read, TABLE)


def test_the_fused_score_decides_in_the_spread_of_the_similarities() -> None:
    """Whatever range the logits have, candidates end no further apart than their similarities were."""
    found = ranked(SENTENCE, ("a", 0.5, 0.0), ("b", 0.4, 0.0), ("c", 0.3, 0.0))
    for scale in (0.1, 30.0):
        read = reading(scale, 2 * scale, 3 * scale).of(SENTENCE, found)
        assert [entry.definition.name for entry in read] == ["c", "b", "a"]
        assert [entry.score for entry in read] == pytest.approx([0.5, 0.4, 0.3], abs=1e-5)
    assert similarities_of(found).tolist() == pytest.approx([0.5, 0.4, 0.3])


def test_equal_fused_scores_leave_the_other_evidence() -> None:
    """No spread is no division by nothing: the mean similarity stands for all, and words decide."""
    found = ranked(SENTENCE, ("a", 0.5, 0.0), ("b", 0.4, 1.0))
    first, second = reading(7.0, 7.0).of(SENTENCE, found)
    assert (first.definition.name, second.definition.name) == ("b", "a")
    assert first.score == pytest.approx(0.48)
    assert second.score == pytest.approx(0.45)


def test_a_name_asked_for_stays_first() -> None:
    """The definition of the name outweighs what the classifier thinks of the others, in the kind's own weights."""
    named = ranked(IDENTIFIER, ("cancel", 0.50, 0.0), ("retry_upload", 0.40, 1.0))
    assert [entry.definition.name for entry in named] == ["retry_upload", "cancel"]
    read = reading(1.0, 9.0).of(IDENTIFIER, named)
    assert [entry.definition.name for entry in read] == ["retry_upload", "cancel"]


def test_only_the_best_are_read() -> None:
    """Beyond its depth a stage neither scores nor names itself."""
    found = ranked(SENTENCE, ("a", 0.5, 0.0), ("b", 0.4, 0.0), ("c", 0.3, 0.0))
    read = reading(1.0, 2.0, depth=2).of(SENTENCE, found)
    assert [entry.definition.name for entry in read] == ["b", "a", "c"]
    assert [entry.stage for entry in read] == ["second", "second", "fast"]
    assert read[2] == found[2]


def test_what_reading_speaks_against_falls_among_those_that_were_not_read() -> None:
    """The reader's last choice scores below a candidate that nearly was read."""
    found = ranked(SENTENCE, ("a", 0.50, 0.0), ("b", 0.40, 0.0), ("c", 0.30, 0.0), ("d", 0.29, 1.0))
    assert [entry.definition.name for entry in found] == ["a", "b", "d", "c"]
    read = reading(1.0, 9.0, 8.9, depth=3).of(SENTENCE, found)
    assert [entry.definition.name for entry in read] == ["d", "b", "c", "a"]
    assert [entry.stage for entry in read] == ["second", "second", "fast", "second"]


def model(*, weight: float = 1.0, head: str = "late") -> FakeEncoder:
    """A model with a classifier of this weight."""
    return FakeEncoder(classifier=head != "none", settings=ModelSettings(head=head, fusion_weight=weight))


@pytest.mark.parametrize(
    ("request_", "weight", "head", "depth"),
    [
        (SearchRequest("q"), 1.0, "late", 10),
        (SearchRequest("q", rerank_top=3), 1.0, "late", 3),
        (SearchRequest("q", rerank_top=0), 1.0, "late", 0),
        (SearchRequest("q", rerank=False, rerank_top=3), 1.0, "late", 0),
        (SearchRequest("q"), 0.0, "late", 0),
        (SearchRequest("q", rerank_top=3), 0.0, "late", 3),
        (SearchRequest("q", rerank_top=3), 1.0, "none", 0),
    ],
)
def test_how_many_the_classifier_reads(request_: SearchRequest, weight: float, head: str, depth: int) -> None:
    """Ten where it was measured to help, as many as asked for, none without a classifier."""
    some = model(weight=weight, head=head)
    assert rerank_depth(request_, some) == depth
    assert [stage.depth for stage in stages_of(request_, some, ASKED)] == ([depth] if depth else [])
    assert stages_of(request_, None, None) == []


def test_the_classifier_reads_query_and_text() -> None:
    """It is given the text that the file holds now, and leaves the fused score beside the similarity."""
    (stage,) = stages_of(SearchRequest("q"), model(), ASKED)
    assert stage.reads_text
    stage = replace(stage, table=TABLE)
    found = [
        replace(entry, text=f"def {entry.definition.name}(): upload") for entry in ranked(SENTENCE, ("a", 0.5, 0.0))
    ]
    (read,) = stage.of(SENTENCE, found)
    assert read.stage == "cascade"
    assert read.evidence["similarity"] == pytest.approx(0.5)
    assert FUSED in read.evidence


@dataclass(frozen=True)
class KeptStates:
    """A source that keeps packed states by the names of definitions."""

    encoder: FakeEncoder
    texts: Mapping[str, str]

    def states(self, definitions: Sequence[StoredDefinition]) -> dict[int, bytes]:
        """Those of the definitions whose text is known."""
        known = [wanted for wanted in definitions if wanted.name in self.texts]
        packed = self.encoder.encode_definitions([self.texts[wanted.name] for wanted in known]).states or ()
        return {wanted.id: states for wanted, states in zip(known, packed, strict=True)}


def read_kept(texts: Mapping[str, str], *evidence: tuple[str, float, float]) -> list[Ranked]:
    """Let late interaction read candidates of (name, similarity, BM25) whose kept texts are given."""
    encoder = FakeEncoder(states=True)
    (stage,) = stages_of(SearchRequest("q"), encoder, encoder.encode_query([SENTENCE.text]))  # type: ignore[arg-type]
    assert not stage.reads_text
    found = [
        replace(entry, candidate=replace(entry.candidate, owner=KeptStates(encoder, texts)))
        for entry in rank(
            SENTENCE,
            [
                candidate(name, f"src/f{number}.py", similarity=similarity, bm25=bm25, number=number)
                for number, (name, similarity, bm25) in enumerate(evidence, start=1)
            ],
        )
    ]
    return stage.of(SENTENCE, found)


def test_kept_states_are_weighed_beside_the_other_evidence() -> None:
    """What late interaction says beyond its mean is added with its weight, and orders the list."""
    texts = {"a": "open the door", "b": "retry a failed upload"}
    first, second = read_kept(texts, ("a", 0.52, 0.0), ("b", 0.5, 0.0))
    assert (first.definition.name, second.definition.name) == ("b", "a")
    assert first.evidence["late"] == pytest.approx(-second.evidence["late"])
    assert first.evidence["late"] == pytest.approx(0.5)
    weights = LATE[QueryKind.SENTENCE]
    assert first.parts["late"] == pytest.approx(0.5 * weights["late"])
    # 20 times the cosine, and beside it the whole of what late interaction says.
    assert first.evidence[FUSED] == pytest.approx(20 * (weights["similarity"] * 0.5 + weights["late"] * 1.0))
    assert {first.stage, second.stage} == {"cascade"}


def test_a_definition_without_states_is_as_good_as_the_mean() -> None:
    """What is not encoded yet neither gains nor loses, and is given no fused score."""
    texts = {"a": "open the door", "b": "retry a failed upload"}
    found = {hit.definition.name: hit for hit in read_kept(texts, ("a", 0.5, 0.0), ("b", 0.5, 0.0), ("c", 0.5, 0.0))}
    assert found["c"].evidence["late"] == 0.0
    assert FUSED not in found["c"].evidence
    assert found["a"].score < found["c"].score < found["b"].score


def test_nothing_kept_changes_nothing() -> None:
    """An index whose states are all missing is ordered by the fast stage."""
    found = read_kept({}, ("a", 0.6, 0.0), ("b", 0.5, 0.0))
    assert [hit.definition.name for hit in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("request_", "stages"),
    [
        (SearchRequest("q"), [(EVERY_CANDIDATE, False)]),
        (SearchRequest("q", rerank_top=7), [(EVERY_CANDIDATE, False), (7, True)]),
        (SearchRequest("q", rerank_top=0), [(EVERY_CANDIDATE, False)]),
        (SearchRequest("q", rerank=False, rerank_top=7), []),
    ],
)
def test_texts_are_read_beside_kept_states_only_where_asked_for(
    request_: SearchRequest, stages: list[tuple[int, bool]]
) -> None:
    """Kept states of every candidate are compared at once; the texts of K are read where somebody wants to wait."""
    encoder = FakeEncoder(states=True)
    found = stages_of(request_, encoder, encoder.encode_query(["q"]))  # type: ignore[arg-type]
    assert [(stage.depth, stage.reads_text) for stage in found] == stages
    assert [stage.table for stage in found] == [LATE, READ_AFTER_LATE][: len(stages)]


def test_a_classifier_without_weight_reads_neither_texts_nor_states() -> None:
    """It was measured not to improve the order; asked for, it reads texts with the weights of the fast stage."""
    encoder = FakeEncoder(states=True, settings=ModelSettings(head="late", fusion_weight=0.0))
    asked = encoder.encode_query(["q"])
    assert stages_of(SearchRequest("q"), encoder, asked) == []  # type: ignore[arg-type]
    (stage,) = stages_of(SearchRequest("q", rerank_top=5), encoder, asked)  # type: ignore[arg-type]
    assert (stage.depth, stage.reads_text, stage.table) == (5, True, FAST)


def test_the_classifier_reads_the_beginning_of_a_long_query() -> None:
    """As the vectors of its pieces do; a pair of the whole and a text would be cut anywhere."""
    encoder = FakeEncoder(classifier=True)
    (stage,) = stages_of(SearchRequest("q"), encoder, ASKED)  # type: ignore[arg-type]
    query = replace(SENTENCE, pieces=("the upload failed", "and was not retried"))
    stage.read(query, ranked(query, ("a", 0.5, 0.0)))
    assert [asked for asked, _ in encoder.classified] == ["the upload failed"]


def test_what_was_measured_counts_with_its_weight_and_nothing_else_does() -> None:
    """Similarity counts whole and late interaction not at all where no weights are known."""
    plain = ranked(SENTENCE, ("a", 0.5, 0.0))[0]
    evidence: list[dict[str, float]] = [{"similarity": 0.5, "late": 0.25}, {"late": 0.25}, {"similarity": 0.5}, {}]
    weights: list[dict[str, float]] = [{"similarity": 2.0, "late": 3.0}, {"similarity": 2.0}, {"late": 3.0}, {}]
    grid = [replace(plain, evidence=found, weights=weighed) for found in evidence for weighed in weights]
    assert fused_parts_of(grid).tolist() == pytest.approx(
        [1.75, 1.0, 1.25, 0.5, 0.75, 0.0, 0.75, 0.0, 1.0, 1.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0]
    )
    assert similarities_of(grid).tolist() == [0.5] * 4 + [0.0] * 4 + [0.5] * 4 + [0.0] * 4


def test_the_classifier_takes_the_place_of_what_kept_states_said() -> None:
    """Its fused score is put where similarity and late interaction stood in the sum, and counts once."""
    texts = {"a": "open the door", "b": "retry a failed upload"}
    found = [
        replace(hit, text=texts[hit.definition.name]) for hit in read_kept(texts, ("a", 0.5, 0.0), ("b", 0.5, 0.0))
    ]
    (_, stage) = stages_of(
        SearchRequest("q", rerank_top=2),
        FakeEncoder(states=True),  # type: ignore[arg-type]
        FakeEncoder(states=True).encode_query([SENTENCE.text]),
    )
    first, second = stage.of(Query.of("open the door"), found)
    assert (first.definition.name, second.definition.name) == ("a", "b")
    weights = LATE[QueryKind.SENTENCE]
    parts = [weights["similarity"] * 0.5 + weights["late"] * late for late in (0.5, -0.5)]
    assert [hit.evidence["similarity"] for hit in (first, second)] == pytest.approx(parts)
    assert "late" not in first.weights


def test_copies_and_owners_are_looked_up_together() -> None:
    """Two sources keep states of their own under the same numbers: each candidate gets its owner's."""
    encoder = FakeEncoder(states=True)
    asked = encoder.encode_query([SENTENCE.text])
    owners = [KeptStates(encoder, {"a": text}) for text in ("open the door", "retry a failed upload")]
    found, mean = late_interaction(
        encoder,  # type: ignore[arg-type]
        asked.states,  # type: ignore[arg-type]
        [replace(candidate("a", "src/f.py", similarity=0.5, number=1), owner=owner) for owner in owners],
    )
    assert found == pytest.approx([-0.5, 0.5])
    assert mean == pytest.approx(0.5)
    nothing = [replace(candidate("b", "src/f.py", similarity=0.5, number=1), owner=owners[0])]
    assert late_interaction(encoder, asked.states, nothing) == ([None], 0.0)  # type: ignore[arg-type]
