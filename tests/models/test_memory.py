"""Freed memory goes back to the system."""

from __future__ import annotations

import sys

import psutil
import pytest
import torch

from cascode_models.memory import TRIM_SECONDS, Trimmer, _malloc_trim


def test_the_heap_is_trimmed_once_in_a_while() -> None:
    """Calls in quick succession trim once; later ones again."""
    now = [0.0]
    trims: list[float] = []
    trimmer = Trimmer(lambda: trims.append(now[0]), lambda: now[0])
    for now[0] in (1.0, TRIM_SECONDS, TRIM_SECONDS + 1, 2 * TRIM_SECONDS):
        trimmer()
    assert trims == [TRIM_SECONDS, 2 * TRIM_SECONDS]


def test_a_platform_that_cannot_trim_is_left_alone() -> None:
    """Without the C library's function a call does nothing."""
    now = [0.0]
    trimmer = Trimmer(None, lambda: now[0])
    now[0] = 2 * TRIM_SECONDS
    trimmer()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone keeps what is freed")
def test_what_was_freed_between_kept_tensors_leaves_the_process() -> None:
    """Holes between tensors that live on are given back: that is where activations were."""
    trim = _malloc_trim()
    if trim is None:
        pytest.skip("this C library gives memory back by itself")
    process = psutil.Process()
    tensors = [torch.ones(25_000) for _ in range(2_000)]  # 100 kB each: below what malloc maps by itself
    kept, tensors[:] = tensors[::100], []
    before = process.memory_info().rss
    trim()
    assert before - process.memory_info().rss > 100e6
    assert all(tensor[0] == 1 for tensor in kept)
