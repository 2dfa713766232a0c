"""How many texts are encoded at a time."""

from __future__ import annotations

import pytest

from cascode_indexer.indexing.batches import SMALL_BATCH_SECONDS, BatchSize


def test_small_batches_take_about_the_time_they_should() -> None:
    """Their size follows the measured speed, whatever the length of the texts."""
    size = BatchSize(128, SMALL_BATCH_SECONDS)
    short, long = ["x" * 100] * 500, ["x" * 1000] * 500
    assert size.next(short) == 4
    size.learn(short[:4], 4 * 0.001)
    assert size.next(short) == pytest.approx(SMALL_BATCH_SECONDS / 0.001, abs=1)
    assert size.next(long) == pytest.approx(SMALL_BATCH_SECONDS / 0.01, abs=1)
    assert size.next(["x" * 10**6]) == 1
    assert BatchSize(128, None).next(short) == 128


def test_no_thread_is_without_a_text() -> None:
    """On a machine that takes longer for one text than a batch should, each of its threads still has one."""
    size = BatchSize(128, SMALL_BATCH_SECONDS, threads=6)
    long = ["x" * 1000] * 500
    assert size.next(long) == 6
    size.learn(long[:6], 0.03)
    assert size.next(long) == 6
    assert size.next(long[:2]) == 2
    for _ in range(5):
        size.learn(long[:6], 1e-9)
    assert size.next(long) > 6
    assert BatchSize(4, SMALL_BATCH_SECONDS, threads=6).next(long) == 4
