"""Asks the team's index beside a search of what lies here, and waits for it no longer than was set."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.overlay.buffers import OverlayFile
from cascode_indexer.overlay.words import WordCounter, statistics_of
from cascode_indexer.query import Query
from cascode_indexer.search.parts import Part
from cascode_indexer.search.sources import CANDIDATES
from cascode_indexer.store.foreign import fault_of_sizes
from cascode_indexer.team.local import Folder, without_local
from cascode_indexer.team.source import TeamSource, words_of
from cascode_indexer.team.types import Team, TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_indexer.vectors.types import Vectors

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

_log = logging.getLogger(__name__)

#: A filter by path is applied to what came back, since the server knows nothing of globs.
_MORE_FOR_PATHS = 5
#: Between two looks at ``cancelled`` while waiting.
_POLL_SECONDS = 0.02


class TeamSearch:
    """Asks one team's index.

    Args:
        team: The index.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._counter = WordCounter()

    def begin(self, query: Query, vector: Vectors, model: CasCodeModel) -> Asking:
        """Begin to ask on a thread of its own.

        Args:
            query: What was asked; of it only languages and kinds are sent.
            vector: ``[dimension]``, the query's vector.
            model: Made it, and compares the token states that come back, where it keeps some.
        """
        filters = query.filters
        limit = CANDIDATES * (_MORE_FOR_PATHS if filters.paths else 1)
        question = TeamQuestion(
            model.fingerprint, vector, filters.languages, filters.kinds, limit, with_states=model.keeps_states
        )
        return Asking(self._team, question, self._counter, model.state_bytes)


class Asking:
    """A question that the team's index is being asked.

    Args:
        team: The index.
        question: What it is asked.
        counter: Counts words of what comes back.
        state_bytes: Bytes of a token's packed state; 0 where the model keeps none.
    """

    def __init__(self, team: Team, question: TeamQuestion, counter: WordCounter, state_bytes: int) -> None:
        self._team = team
        self._counter = counter
        self._state_bytes = state_bytes
        self._until = time.monotonic() + team.seconds
        self._ended = threading.Event()
        self._found: list[TeamDefinition] = []
        self._error: str | None = None
        # Nobody waits for it longer than was set, the end of the process included.
        threading.Thread(target=self._ask, args=(question,), name="cascode-team", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether :meth:`take` returns at once."""
        return self._ended.is_set()

    def take(
        self,
        query: Query,
        parts: Sequence[Part],
        outside: Mapping[Path, Sequence[OverlayFile]],
        cancelled: Callable[[], bool] | None,
    ) -> tuple[list[TeamSource], str | None]:
        """Wait for the answer as long as was set.

        Args:
            query: What was asked.
            parts: The workspaces: a definition that lies here is not taken from there.
            outside: Open files that are searched in their place where there are none, by their folder.
            cancelled: Asked while waiting.

        Returns:
            The source of what was found, none where that has no part in the answer, and then a line that says why.
        """
        while not self._ended.wait(max(0.0, min(_POLL_SECONDS, self._until - time.monotonic()))):
            if time.monotonic() >= self._until:
                return [], f"without the team's index: {self._team.label} did not answer in {self._team.seconds:g} s"
            if cancelled is not None and cancelled():
                return [], None
        if self._error is not None:
            return [], f"without the team's index: {self._error}"
        folders = [Folder(part.workspace.root, part.index.store, part.buffers) for part in parts]
        folders += [Folder(root, None, files) for root, files in outside.items()]
        found = without_local(self._found, folders)
        if not found:
            return [], None
        stems = self._counter.stems(query.looked_up)
        words = words_of(self._counter, found)
        opened = [file.words for folder in folders for file in folder.buffers]
        # Without an index how common a word is can be asked of what is ranked alone.
        statistics = parts[0].index.store.word_statistics(stems) if parts else statistics_of([words, *opened], stems)
        return [TeamSource(Path(self._team.label), found, words, stems, statistics)], None

    def _ask(self, question: TeamQuestion) -> None:
        """Ask, on a thread of its own."""
        try:
            self._found = sound(self._team.search(question), self._state_bytes)
        except TeamUnavailableError as error:
            self._error = str(error)
        except Exception as error:  # a search must not fail for what another machine does
            _log.warning("the team's index gave no answer: %s", type(error).__name__, exc_info=error)
            self._error = f"{self._team.label} gave no answer ({type(error).__name__})"
        finally:
            self._ended.set()


def sound(found: Sequence[TeamDefinition], state_bytes: int) -> list[TeamDefinition]:
    """Leave out definitions whose token states cannot be compared: a server is not believed.

    Args:
        found: What the team's index gave; one without states stays, and is compared by its vector alone.
        state_bytes: Bytes of a token's packed state; 0 where the model keeps none, and then they are not read.
    """
    return [
        definition
        for definition in found
        if not definition.states or not state_bytes or fault_of_sizes([len(definition.states)], state_bytes) is None
    ]
