"""History: the words of a commit ask for the definitions that it changed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from cascode_models.text import function_text, query_text
from cascode_models.types import FunctionSource

from ..history import HistoryDefinition, HistoryPair
from ..sampling import LanguagePools
from .corpora import Corpora
from .source import DefinitionText, Draws, Example, source

#: Share of the queries that go on with the rest of the message, where it has one: issues and long questions read so.
SHARE_BODY = 0.3
#: Share of the definitions that keep their doc comment: at indexing time all that have one do; the others teach to read
#: code that has none.
SHARE_DOC = 0.7
#: Untouched definitions of the same file shown with a pair: each costs as much as an answer, and those of the step's
#: other pairs of the repository come free.
NEGATIVES = 1
#: Share of the pairs that show them.
SHARE_NEGATIVES = 0.5


@source
class History:
    """Commits, those of one draw from one repository as far as it has as many.

    Args:
        corpora: Holds the pairs.
        draws: How they are drawn.
    """

    name = "history"
    has_folder = True

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        self._pools = LanguagePools(self.pairs_of(corpora), f"{draws.seed}/{self.name}", draws.neighbours)

    @staticmethod
    def pairs_of(corpora: Corpora) -> Sequence[HistoryPair]:
        """What is drawn from."""
        return corpora.history

    def __len__(self) -> int:
        return len(self._pools)

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:
        """See :meth:`cascode_lab.training.sources.source.Source.draw`."""
        return [self._example(pair, rng) for pair in self._pools.draw(turn, count)]

    def _example(self, pair: HistoryPair, rng: random.Random) -> Example:
        """One of the answers, all of which are right, and neighbours that the commit left alone."""
        query = f"{pair.query}. {pair.body}" if pair.body and rng.random() < SHARE_BODY else pair.query
        answer = rng.choice(pair.answers)
        shown = rng.sample(pair.neighbours, min(NEGATIVES, len(pair.neighbours)))
        if rng.random() >= SHARE_NEGATIVES:
            shown = []
        return Example(
            query=query_text(query),
            answer=_show(answer, rng, pair.query),
            right=frozenset(definition.identity for definition in pair.answers),
            negatives=tuple(_show(definition, rng) for definition in shown),
        )


def _show(definition: HistoryDefinition, rng: random.Random, asked: str = "") -> DefinitionText:
    """A definition as it is indexed, its doc comment left out now and then."""
    doc = definition.doc if rng.random() < SHARE_DOC else ""
    text = function_text(FunctionSource(definition.name, definition.code, doc, definition.language))
    return DefinitionText(text, definition.identity, asked)
