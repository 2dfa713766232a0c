"""Sampled descriptions: what a sequence model says of functions, documented or not (Clement et al., 2021)."""

from __future__ import annotations

import random

from ..sampling import LanguagePools
from .corpora import Corpora
from .docstrings import example
from .source import Draws, Example, source


@source
class Sampled:
    """Pairs of a function and a description, as ``cascode train sample`` writes them into ``folders.sampled``.

    Args:
        corpora: Holds the pairs.
        draws: How they are drawn.
    """

    name = "sampled"
    has_folder = True

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        self._pools = LanguagePools(corpora.sampled, f"{draws.seed}/{self.name}", draws.neighbours)

    def __len__(self) -> int:
        return len(self._pools)

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:
        """See :meth:`cascode_lab.training.sources.source.Source.draw`: descriptions stay as they were sampled."""
        return [example(pair, pair.query, rng) for pair in self._pools.draw(turn, count)]
