"""Searches go before indexing."""

from __future__ import annotations

import time

from cascode_indexer.indexing.gate import Gate
from running import Running


def test_the_gate_lets_searches_go_first_but_not_for_ever() -> None:
    """Indexing waits while a search runs, no longer than half a second."""
    gate = Gate()
    with gate.searching():
        passing = Running(lambda: gate.wait_for_turn(lambda: False))
        assert not passing.done
        began = time.monotonic()
        assert passing.result() is True
        assert time.monotonic() - began < 5
    with gate.searching():
        assert gate.wait_for_turn(lambda: True) is False
    assert gate.wait_for_turn(lambda: False)
