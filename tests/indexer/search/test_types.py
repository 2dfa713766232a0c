"""What a hit says of itself, and what a request and an answer are where nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.search.types import DEFAULT_LIMIT, Hit, SearchRequest


def hit(probability: float | None, *, doubtful: bool = False) -> Hit:
    """A hit of some probability."""
    return Hit(
        root=Path("shop"),
        path="cart.py",
        name="add",
        kind="function",
        language="python",
        signature="def add(item):",
        start_line=1,
        end_line=2,
        name_line=1,
        name_column=4,
        score=1.0,
        probability=probability,
        stage="fast",
        doubtful=doubtful,
    )


@pytest.mark.parametrize(
    ("probability", "match", "where_none_does"),
    [
        (0.9, "likely", "possible"),
        (0.4, "likely", "possible"),
        (0.39, "possible", "possible"),
        (0.05, "possible", "possible"),
        (0.04, "weak", "weak"),
        (0.0, "weak", "weak"),
        (None, None, None),
    ],
)
def test_a_probability_is_a_word(probability: float | None, match: str | None, where_none_does: str | None) -> None:
    """Likely from two in five on, weak below one in twenty; where nothing matches well nothing is likely."""
    assert hit(probability).match == match
    assert hit(probability, doubtful=True).match == where_none_does


def test_a_request_wants_ten_hits_where_it_does_not_say() -> None:
    """What docs promise."""
    assert SearchRequest("retry").limit == DEFAULT_LIMIT == 10
