"""How many texts are encoded at a time."""

from __future__ import annotations

from collections.abc import Sequence

#: Seconds that a small batch takes: a search that comes meanwhile shares the processor and the interpreter with it for
#: half of that on average. One core encodes two long texts at a time as fast as 128 of them: there is no padding.
SMALL_BATCH_SECONDS = 0.015
#: Texts of the very first small batch, before anything is known of this machine's speed.
_FIRST_TEXTS = 4
#: Weight of the newest measurement: a machine that gets busy is noticed within three batches.
_NEWEST = 0.4


class BatchSize:
    """Chooses the number of texts to encode at a time.

    Args:
        most: Never more texts than this.
        seconds: How long a batch should take; None for the most texts always.
        threads: Texts that are computed at a time, each on a thread: never fewer, or threads would have nothing to do.
            Two cores of which each takes 26 ms a text encode 61 in a second two at a time, and 38 one by one.
    """

    def __init__(self, most: int, seconds: float | None, threads: int = 1) -> None:
        self._most = most
        self._seconds = seconds
        self._threads = threads
        self._seconds_a_character: float | None = None

    def next(self, texts: Sequence[str]) -> int:
        """Return how many of ``texts`` to encode now, at least 1."""
        if self._seconds is None:
            return min(self._most, len(texts))
        if self._seconds_a_character is None:
            return min(max(_FIRST_TEXTS, self._threads), self._most, len(texts))
        left = self._seconds / self._seconds_a_character
        count = 0
        for text in texts[: self._most]:
            left -= len(text)
            if left < 0 and count >= self._threads:
                break
            count += 1
        return count

    def learn(self, texts: Sequence[str], seconds: float) -> None:
        """Note how long ``texts`` took."""
        measured = seconds / max(sum(map(len, texts)), 1)
        if self._seconds_a_character is None:
            self._seconds_a_character = measured
        else:
            self._seconds_a_character += _NEWEST * (measured - self._seconds_a_character)
