"""Documented functions as undocumented ones look: the whole first paragraph is the query, nothing of it in the code."""

from __future__ import annotations

import random

from cascode_models.text import function_text, query_text
from cascode_models.types import FunctionSource

from ..data import TrainingPair
from ..sampling import LanguagePools
from .corpora import Corpora
from .source import DefinitionText, Draws, Example, source


@source
class Documented:
    """Mined pairs: the query is never shortened, and the function keeps no other part of its doc comment.

    Args:
        corpora: Holds the pairs.
        draws: How they are drawn.
    """

    name = "documented"
    has_folder = False

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        self._pools = LanguagePools(corpora.docstrings, f"{draws.seed}/{self.name}", draws.neighbours)

    def __len__(self) -> int:
        return len(self._pools)

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:  # noqa: ARG002 - nothing varies
        """See :meth:`cascode_lab.training.sources.source.Source.draw`."""
        return [bare_example(pair) for pair in self._pools.draw(turn, count)]


def bare_example(pair: TrainingPair) -> Example:
    """The example of a pair without variation."""
    text = function_text(FunctionSource(pair.name, pair.code, "", pair.language))
    return Example(query_text(pair.query), DefinitionText(text, pair.code, pair.query), frozenset((pair.code,)))
