"""From a ranking to an answer: how long each step took."""

from __future__ import annotations

import pytest

from cascode_indexer.search import answers
from cascode_indexer.search.answers import Asked, Clock, answer_of
from cascode_indexer.search.pipeline import Ranking
from fake_encoder import FakeEncoder, FakeModelHandle


def test_steps_add_up_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the end of the step before; a step that comes again is one; the total is from the beginning on."""
    times = iter([10.0, 10.5, 10.75, 10.8, 11.00123])
    monkeypatch.setattr(answers.time, "perf_counter", lambda: next(times))
    clock = Clock()
    clock.lap("encode")
    clock.lap("fast")
    clock.lap("encode")
    assert clock.report() == {"encode": 550.0, "fast": 250.0, "total": 1001.23}


@pytest.mark.parametrize("loaded", [True, False])
def test_why_there_is_no_model_is_said_where_there_is_none(loaded: bool) -> None:
    """A search that has a model does not repeat what an earlier load failed of; open files count as definitions."""
    model = FakeModelHandle(FakeEncoder()).get() if loaded else None
    asked = Asked("retry", "sentence", 10, [], model, "no such folder", Clock(), outside=3)
    answer = answer_of(asked, Ranking((), 0, "fast", last=True))
    assert (answer.model_ready, answer.model_error) == (loaded, None if loaded else "no such folder")
    assert (answer.functions, answer.hits) == (3, ())
