"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
import threading
import time

import psutil
import pytest
import torch

from cascode_models.memory import Trimmer, _malloc_trim


def test_the_heap_is_trimmed_once_after_many_passes() -> None:
    """A while after the first of them, on another thread; and again after the next one."""
    trims: list[str] = []
    trimmer = Trimmer(lambda: trims.append(threading.current_thread().name), seconds=0.05)
    for number in (1, 2):
        for _ in range(20):
            trimmer()
        assert len(trims) == number - 1, "a pass does not wait for it"
        waiting = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        assert waiting
        assert all(thread.daemon for thread in waiting), "no command waits for it when it ends"
        time.sleep(0.3)
        assert len(trims) == number
    assert threading.current_thread().name not in trims


def test_a_platform_that_cannot_trim_is_left_alone() -> None:
    """Without the C library's function a call starts no thread."""
    before = threading.active_count()
    Trimmer(None)()
    assert threading.active_count() == before


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
