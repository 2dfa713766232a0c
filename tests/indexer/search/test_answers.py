"""From a ranking to an answer: how long each step took."""

from __future__ import annotations

import pytest

from cascode_indexer.search import answers
from cascode_indexer.search.answers import Clock


def test_steps_add_up_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the end of the step before; a step that comes again is one; the total is from the beginning on."""
    times = iter([10.0, 10.5, 10.75, 10.8, 11.00123])
    monkeypatch.setattr(answers.time, "perf_counter", lambda: next(times))
    clock = Clock()
    clock.lap("encode")
    clock.lap("fast")
    clock.lap("encode")
    assert clock.report() == {"encode": 550.0, "fast": 250.0, "total": 1001.23}
