"""Counts, sizes and times in words."""

from __future__ import annotations

import pytest

from cascode_indexer.types import SkipCounts, SkipReason
from cascode_server.cli.words import ago, duration, quantity, size, skip_summary


def test_counts_have_their_noun() -> None:
    """One is singular, thousands are grouped."""
    assert quantity(1, "file") == "1 file"
    assert quantity(1234, "file") == "1,234 files"
    assert quantity(0, "index", "indexes") == "0 indexes"


def test_skipped_paths_are_reported_by_reason() -> None:
    """The most frequent reason comes first, in words."""
    counts = SkipCounts()
    counts.add(SkipReason.TOO_LARGE, 2)
    counts.add(SkipReason.IGNORED, 10)
    assert skip_summary(counts) == "12 skipped: 10 ignored, 2 too large"
    assert skip_summary(SkipCounts()) == "0 skipped"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (999, "999 bytes"), (12_345_678, "12.3 MB"), (5 * 10**12, "5.0 TB")]
)
def test_size_takes_the_unit_that_fits(count: int, words: str) -> None:
    """Bytes in decimal units."""
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (-5, "just now"), (60, "1 minute ago"), (7200, "2 hours ago")]
)
def test_moment_is_counted_from_now(seconds: float, words: str) -> None:
    """The largest unit, and nothing odd where clocks disagree."""
    assert ago(1_000_000 - seconds, now=1_000_000) == words


def test_duration_grows_minutes() -> None:
    """Seconds, then minutes."""
    assert duration(0.21) == "0.2 s"
    assert duration(125) == "2 min 5 s"
