"""Written: questions in people's own words ask for the definitions that answer them."""

from __future__ import annotations

from collections.abc import Sequence

from ..history import HistoryPair
from .corpora import Corpora
from .history import History
from .source import source


@source
class Written(History):
    """Questions about repositories, those of one draw about one as far as it has as many; shown as commits are."""

    name = "written"

    @staticmethod
    def pairs_of(corpora: Corpora) -> Sequence[HistoryPair]:
        """See :meth:`cascode_lab.training.sources.history.History.pairs_of`."""
        return corpora.written
