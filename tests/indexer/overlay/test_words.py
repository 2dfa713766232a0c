"""BM25 of buffers, on the scale of a store that others write to."""

from __future__ import annotations

import pytest

from cascode_indexer.overlay.words import FunctionWords
from cascode_indexer.store.word_statistics import WordStatistics

WORDS = FunctionWords({"retri": {0: (1, 0, 0, 0)}}, [10])


@pytest.mark.parametrize("held", [2, 3, 9])
def test_a_word_that_every_row_holds_says_next_to_nothing(held: int) -> None:
    """So does one that more rows hold than were counted a moment before, when another process stores meanwhile."""
    (score,) = WORDS.scores({"retry": "retri"}, WordStatistics(2, 10.0, {"retry": held}), (1, 1, 1, 1)).values()
    assert 0 < score < 1e-4


def test_a_rare_word_says_much() -> None:
    """Its weight is that of the whole store."""
    (score,) = WORDS.scores({"retry": "retri"}, WordStatistics(1_000, 10.0, {"retry": 1}), (1, 1, 1, 1)).values()
    assert score > 1
