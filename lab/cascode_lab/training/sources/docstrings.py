"""Docstrings: the first paragraph of a doc comment asks for the function that it documents."""

from __future__ import annotations

import random
from collections.abc import Sequence

from cascode_models.text import query_text

from ..data import TrainingPair, can_be_renamed, vary_function, vary_query
from ..sampling import LanguagePools
from .corpora import Corpora
from .source import DefinitionText, Draws, Example, source


@source
class Docstrings:
    """Mined pairs, those of one draw in one language.

    Args:
        corpora: Holds the pairs.
        draws: How they are drawn.
    """

    name = "docstrings"
    has_folder = False

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        self._draws = draws
        self._pools = LanguagePools(corpora.docstrings, f"{draws.seed}/{self.name}", draws.neighbours)

    def __len__(self) -> int:
        return len(self._pools)

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:
        """See :meth:`cascode_lab.training.sources.source.Source.draw`."""
        pairs = self._pools.draw(turn, count)
        renamed = renames(pairs, self._draws.renamed_share, rng)
        return [example(pair, self.query_of(pair, rng), rng, renamed=renamed) for pair in pairs]

    def query_of(self, pair: TrainingPair, rng: random.Random) -> str:
        """Word the query of a pair."""
        return vary_query(pair, rng)


def renames(pairs: Sequence[TrainingPair], share: float, rng: random.Random) -> bool:
    """Whether the functions of a draw lose their names: all of them, or names would give right and wrong away."""
    return share > 0 and all(map(can_be_renamed, pairs)) and rng.random() < share


def example(pair: TrainingPair, query: str, rng: random.Random, *, renamed: bool = False) -> Example:
    """The example of a pair, its query worded as given and its function in a form drawn."""
    answer = DefinitionText(vary_function(pair, rng, renamed=renamed), pair.code, pair.query)
    return Example(query_text(query), answer, frozenset((pair.code,)))
