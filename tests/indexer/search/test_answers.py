"""From a ranking to an answer: how long each step took."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from candidates import candidate
from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search import answers
from cascode_indexer.search.answers import Asked, Clock, answer_of
from cascode_indexer.search.confidence import Confidence
from cascode_indexer.search.pipeline import Ranking
from cascode_indexer.types import StoredDefinition
from fake_encoder import FakeEncoder, FakeModelHandle


@dataclass(frozen=True)
class Nowhere:
    """A workspace of no files."""

    root: Path = Path("/workspace")

    def origin(self, _definition: StoredDefinition) -> None:
        """Of no team's index."""


def test_steps_add_up_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the end of the step before; a step that comes again is one; the total is from the beginning on."""
    times = iter([10.0, 10.5, 10.75, 10.8, 11.00123])
    monkeypatch.setattr(answers.time, "perf_counter", lambda: next(times))
    clock = Clock()
    clock.lap("encode")
    clock.lap("fast")
    clock.lap("encode")
    assert clock.report() == {"encode": 550.0, "fast": 250.0, "total": 1001.23}


@pytest.mark.parametrize("confident", [True, False])
def test_hits_say_whether_anything_matches_well(monkeypatch: pytest.MonkeyPatch, confident: bool) -> None:
    """What is said of the list holds for each of its hits."""
    found = rank(Query.of("retry"), [replace(candidate("retry"), owner=Nowhere())], FAST)
    monkeypatch.setattr(answers, "confidence_of", lambda *_: Confidence((0.9,), confident))
    asked = Asked("retry", "word", 10, [], None, None, Clock(), outside=0)
    answer = answer_of(asked, Ranking(tuple(found), 0))
    assert answer.confident is confident
    assert [(hit.doubtful, hit.match) for hit in answer.hits] == [
        (not confident, "likely" if confident else "possible")
    ]


@pytest.mark.parametrize("loaded", [True, False])
def test_why_there_is_no_model_is_said_where_there_is_none(loaded: bool) -> None:
    """A search that has a model does not repeat what an earlier load failed of; open files count as definitions."""
    model = FakeModelHandle(FakeEncoder()).get() if loaded else None
    asked = Asked("retry", "sentence", 10, [], model, "no such folder", Clock(), outside=3)
    answer = answer_of(asked, Ranking((), 0, "fast", last=True))
    assert (answer.model_ready, answer.model_error) == (loaded, None if loaded else "no such folder")
    assert (answer.functions, answer.hits) == (3, ())
