"""CoSQA: what people typed into a web search, and the Python function that was judged to answer it."""

from __future__ import annotations

import random

from ..sampling import LanguagePools
from .corpora import Corpora
from .docstrings import example
from .source import Draws, Example, source


@source
class Cosqa:
    """Searches, worded as they were typed.

    Args:
        corpora: Holds the pairs.
        draws: How they are drawn.
    """

    name = "cosqa"
    has_folder = True

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        self._pools = LanguagePools([pair for pair in corpora.cosqa if pair.query], f"{draws.seed}/{self.name}")

    def __len__(self) -> int:
        return len(self._pools)

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:
        """See :meth:`cascode_lab.training.sources.source.Source.draw`."""
        return [example(pair, pair.query, rng) for pair in self._pools.draw(turn, count)]
