"""One thread does what several ask for at once."""

from __future__ import annotations

import threading

import pytest

from cascode_indexer.indexing.shared_work import SharedWork
from running import PATIENCE, Running


def test_work_asked_for_meanwhile_is_done_once_more_by_the_same_thread() -> None:
    """However many ask while it runs: they return at once, and the work runs one more time."""
    shared = SharedWork()
    ran: list[tuple[str, int]] = []

    def work(value: int) -> int:
        ran.append((threading.current_thread().name, value))
        if value == 0:
            for _ in range(3):
                other = threading.Thread(target=lambda: ran.append(("other", shared.run(7, work, lambda _: False))))
                other.start()
                other.join()
        return value + 1

    assert shared.run(0, work, lambda _: False) == 2
    main = threading.current_thread().name
    assert ran == [(main, 0), ("other", 7), ("other", 7), ("other", 7), (main, 1)]
    assert shared.run(5, lambda value: value * 2, lambda _: False) == 10


def test_work_that_was_stopped_is_not_repeated() -> None:
    """Whoever cancelled wants an end, also where others had asked."""
    shared = SharedWork()

    def work(value: int) -> int:
        shared.run(0, work, lambda _: False)
        return value + 1

    assert shared.run(1, work, lambda value: value == 2) == 2
    assert shared.run(5, lambda value: value * 2, lambda _: False) == 10


def test_an_error_leaves_the_work_to_the_next_who_asks() -> None:
    """It reaches the thread that did the work, and nobody waits for it from then on."""
    shared = SharedWork()
    with pytest.raises(ZeroDivisionError):
        shared.run(0, lambda value: 1 // value, lambda _: False)
    assert shared.run(1, lambda value: value + 1, lambda _: False) == 2


def test_whoever_waits_does_what_is_left_then() -> None:
    """Asked to wait, a thread begins when the other one has ended, even by an error; given up, it says so."""
    shared, entered, go_on = SharedWork(), threading.Event(), threading.Event()

    def fail(_value: int) -> int:
        entered.set()
        assert go_on.wait(PATIENCE)
        raise OSError("the disk is full")

    working = Running(lambda: shared.run(0, fail, lambda _: False))
    assert entered.wait(PATIENCE)
    given_up = shared.run(1, lambda value: value, lambda _: False, wait=lambda: False, unfinished=lambda value: -value)
    assert given_up == -1
    asked = threading.Event()

    def wait() -> bool:
        asked.set()
        return True

    waiting = Running(lambda: shared.run(5, lambda value: value + 1, lambda _: False, wait=wait))
    assert asked.wait(PATIENCE)
    assert not waiting.done
    go_on.set()
    assert waiting.result() == 6
    with pytest.raises(OSError, match="disk"):
        working.result()
