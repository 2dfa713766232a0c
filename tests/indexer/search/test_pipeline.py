"""The way of a query, on sources of made candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from candidates import definition
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Ranked
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.pipeline import Ranking, rankings
from cascode_indexer.search.source import Verified
from cascode_indexer.search.stages import Stage
from cascode_indexer.types import StoredDefinition
from cascode_indexer.vectors.types import Vectors
from cascode_models.probability import CONTENDERS

QUERY = Query.of("where do we retry a failed upload")
VECTOR = np.zeros(4, dtype=np.float32)


@dataclass(eq=False)
class MadeSource:
    """Candidates by name with their similarity; some moved, some gone from their file, some without a text."""

    found: Mapping[str, float]
    root: Path = Path("/workspace")
    moved: Mapping[str, int] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    checked: list[str] = field(default_factory=list)

    def candidates(self, query: Query, vector: Vectors | None) -> list[Candidate]:
        """One a name; the similarity is BM25 while there is no model."""
        assert query is QUERY
        return [
            Candidate(self, definition(name, f"{name}.py", number=at), None if vector is None else score, score)
            for at, (name, score) in enumerate(self.found.items())
        ]

    def texts(self, definitions: Sequence[StoredDefinition]) -> dict[int, str]:
        """Texts, but for those that are lost."""
        return {wanted.id: f"text of {wanted.name}" for wanted in definitions if wanted.name not in self.lost}

    def stands(self, definition: StoredDefinition, text: str) -> Verified | None:
        """Where it stands now."""
        self.checked.append(definition.name)
        if definition.name in self.gone:
            return None
        if definition.name not in self.moved:
            return Verified(definition, None)
        return Verified(replace(definition, start_line=self.moved[definition.name]), f"new {text}")


def names(ranking: Ranking) -> list[str]:
    """The order."""
    return [candidate.definition.name for candidate in ranking.ranked]


def turning(depth: int) -> Stage:
    """A stage that turns the order round."""

    def read(_query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        assert all(candidate.text for candidate in ranked)
        return [
            replace(candidate, evidence={**candidate.evidence, "similarity": other.evidence["similarity"]})
            for candidate, other in zip(ranked, reversed(ranked), strict=True)
        ]

    return Stage(f"turn {depth}", depth, read, FAST)


def test_several_sources_are_one_ranking() -> None:
    """The best of all workspaces come first, each with its owner."""
    first, other = MadeSource({"a": 0.9, "c": 0.5}), MadeSource({"b": 0.7}, Path("/other"))
    (ranking,) = rankings(QUERY, VECTOR, [first, other], (), 10)
    assert names(ranking) == ["a", "b", "c"]
    assert [found.candidate.owner for found in ranking.ranked] == [first, other, first]
    assert ranking.stage is None


def test_each_stage_reads_what_the_one_before_ordered() -> None:
    """The caller sees the list after every stage, with the stage that made it."""
    source = MadeSource({"a": 0.9, "b": 0.8, "c": 0.7})
    found = list(rankings(QUERY, VECTOR, [source], [turning(3), turning(2)], 10))
    assert [names(ranking) for ranking in found] == [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]]
    assert [ranking.stage.name if ranking.stage else "fast" for ranking in found] == ["fast", "turn 3", "turn 2"]
    assert [candidate.stage for candidate in found[-1].ranked] == ["turn 2", "turn 2", "turn 3"]
    assert [ranking.last for ranking in found] == [False, False, True]


def reversing(depth: int) -> Stage:
    """A stage that reads no text and turns the order round."""

    def read(_query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        assert not any(candidate.text for candidate in ranked)
        return [
            replace(candidate, evidence={**candidate.evidence, "similarity": other.evidence["similarity"]})
            for candidate, other in zip(ranked, reversed(ranked), strict=True)
        ]

    return Stage("kept", depth, read, FAST, reads_text=False)


def test_what_the_index_keeps_is_read_before_anything_is_shown() -> None:
    """Such a stage orders the first list that the caller sees, and only what is shown is looked up in its file."""
    source = MadeSource({"a": 0.9, "b": 0.8, "c": 0.7})
    (ranking,) = rankings(QUERY, VECTOR, [source], [reversing(3)], 1, rivals=1)
    assert names(ranking) == ["c"]
    assert source.checked == ["c"]
    assert ranking.stage is not None
    assert (ranking.stage.name, ranking.last) == ("kept", True)


def test_texts_are_read_after_what_the_index_keeps() -> None:
    """A stage that reads texts goes on from what was ordered at once; the caller is shown both lists."""
    source = MadeSource({"a": 0.9, "b": 0.8, "c": 0.7})
    first, second = rankings(QUERY, VECTOR, [source], [reversing(3), turning(2)], 10)
    assert (names(first), first.last) == (["c", "b", "a"], False)
    assert (names(second), second.last) == (["b", "c", "a"], True)


def test_stages_wait_until_they_are_asked_for() -> None:
    """A caller that has enough of the fast stage pays for no other."""

    def never(_query: Query, _ranked: Sequence[Ranked]) -> list[Ranked]:
        raise AssertionError("nobody asked")

    found = rankings(QUERY, VECTOR, [MadeSource({"a": 0.9})], [Stage("never", 5, never, FAST)], 10)
    assert names(next(found)) == ["a"]


def test_nothing_found_is_read_by_no_stage() -> None:
    """One empty ranking is the answer."""
    (ranking,) = rankings(QUERY, VECTOR, [MadeSource({})], [turning(5)], 10)
    assert ranking == Ranking((), 0)


def test_lines_are_checked_from_the_best_on_until_enough_stand() -> None:
    """What is gone from its file is dropped and counted, what moved is shown where it is, the rest is not looked at."""
    source = MadeSource(
        {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5}, moved={"b": 40}, gone=frozenset("a"), lost=frozenset("c")
    )
    (ranking,) = rankings(QUERY, VECTOR, [source], (), 2, rivals=2)
    assert names(ranking) == ["b", "d"]
    assert ranking.dropped == 2
    assert ranking.ranked[0].definition.start_line == 40
    assert ranking.ranked[0].text == "new text of b"
    assert ranking.ranked[1].text == "text of d"
    assert source.checked == ["a", "b", "d"]


def test_as_many_stand_as_the_deepest_stage_reads() -> None:
    """A stage that reads more than is shown gets that many."""
    source = MadeSource({"a": 0.9, "b": 0.8, "c": 0.7})
    fast, _ = rankings(QUERY, VECTOR, [source], [turning(2)], 1, rivals=1)
    assert names(fast) == ["a", "b"]


def test_a_probability_has_its_rivals_however_few_hits_are_wanted() -> None:
    """As many are ranked as share a probability among them, and no more."""
    source = MadeSource({chr(ord("a") + at): 0.9 - at / 50 for at in range(2 * CONTENDERS)})
    (ranking,) = rankings(QUERY, VECTOR, [source], (), 1)
    assert len(ranking.ranked) == len(source.checked) == CONTENDERS


def test_many_are_wanted_and_no_more_are_checked() -> None:
    """As many as an agent may ask for."""
    source = MadeSource({f"f{at}": 0.9 - at / 1000 for at in range(700)})
    (ranking,) = rankings(QUERY, VECTOR, [source], (), 300)
    assert len(ranking.ranked) == len(source.checked) == 300


def test_what_is_excluded_takes_no_place() -> None:
    """The definition that others are compared with is none of them."""
    source = MadeSource({"a": 0.9, "b": 0.8})
    (ranking,) = rankings(QUERY, VECTOR, [source], (), 1, lambda candidate: candidate.definition.name == "a")
    assert names(ranking) == ["b"]


def test_words_rank_alone_without_a_vector() -> None:
    """Their own weights hold then: the best match by words scores 1."""
    (ranking,) = rankings(QUERY, None, [MadeSource({"a": 2.0, "b": 8.0})], (), 10)
    assert names(ranking) == ["b", "a"]
    assert ranking.ranked[0].score == 1.0


def test_a_ranking_names_the_last_stage_that_was_not_waited_for() -> None:
    """Two that read what the index keeps are one step to whoever looks."""
    source = MadeSource({"a": 0.9, "b": 0.8})
    stages = [replace(turning(2), name=name, reads_text=False) for name in ("first", "second")]
    stages = [replace(stage, read=lambda _query, ranked: list(ranked)) for stage in stages]
    (ranking,) = rankings(QUERY, VECTOR, [source], stages, 2)
    assert ranking.stage is stages[1]
    assert ranking.last
