"""The team's index as one more source of candidates, ranked with the local ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.overlay.words import FunctionWords, WordCounter
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate
from cascode_indexer.search.source import Origin, Verified
from cascode_indexer.search.sources import COLUMN_WEIGHTS
from cascode_indexer.store.word_statistics import WordStatistics
from cascode_indexer.team.types import TeamDefinition
from cascode_indexer.types import StoredDefinition
from cascode_indexer.vectors.types import Vectors
from cascode_models.text import function_text
from cascode_models.types import FunctionSource


@dataclass(frozen=True, slots=True)
class TeamSource:
    """What the team's index gave for one query, without what lies here."""

    #: Nothing of it lies in a folder: the team's label stands in for one.
    root: Path
    found: Sequence[TeamDefinition]
    words: FunctionWords
    #: Stems of the query's terms.
    stems: Mapping[str, str]
    #: Of the words of a workspace, so that BM25 is on its scale.
    statistics: WordStatistics

    def candidates(self, query: Query, vector: Vectors | None) -> list[Candidate]:  # noqa: ARG002
        """See :meth:`Source.candidates`; the vectors were compared where they are."""
        admits = query.filters.admission()
        bm25 = self.words.scores(self.stems, self.statistics, COLUMN_WEIGHTS)
        texts: dict[bytes, int] = {}
        return [
            Candidate(self, _row(at, texts.setdefault(found.key, at), found), found.similarity, bm25.get(at, 0.0))
            for at, found in enumerate(self.found)
            if admits is None or admits(found.path, found.language, found.kind)
        ]

    def texts(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, str]:
        """See :meth:`Source.texts`; the declaration stands in where the team's index holds no sources."""
        return {definition.id: _text(self.found[definition.id]) for definition in definitions}

    def states(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, bytes]:
        """See :meth:`Source.states`: they came with the definitions."""
        return {wanted.id: packed for wanted in definitions if (packed := self.found[wanted.id].states)}

    def stands(self, definition: StoredDefinition, text: str) -> Verified | None:  # noqa: ARG002
        """See :meth:`Source.stands`: it is of the revision that the hit names, which nothing changes."""
        return Verified(definition, None)

    def origin(self, definition: StoredDefinition) -> Origin | None:
        """See :meth:`Source.origin`."""
        found = self.found[definition.id]
        return Origin(found.repository, found.revision, found.code)


def words_of(counter: WordCounter, found: Sequence[TeamDefinition]) -> FunctionWords:
    """Count the words of what the team's index gave.

    Args:
        counter: Counts as the store's full-text index does.
        found: The definitions.
    """
    return counter.count_columns(
        [
            (
                index_terms(definition.qualified_name),
                index_terms(definition.path),
                index_terms(definition.doc),
                index_terms(definition.code or definition.signature),
            )
            for definition in found
        ]
    )


def _row(at: int, text_id: int, found: TeamDefinition) -> StoredDefinition:
    """A definition of the team's index as the ranking reads it; its id is its place in this answer."""
    return StoredDefinition(
        id=at,
        text_id=text_id,
        path=found.path,
        language=found.language,
        size=0,
        mtime_ns=0,
        name=found.name,
        qualified_name=found.qualified_name,
        kind=found.kind,
        signature=found.signature,
        start_line=found.start_line,
        end_line=found.end_line,
        name_line=found.name_line,
        name_column=found.name_column,
    )


def _text(found: TeamDefinition) -> str:
    """What the slow classifier reads of a definition."""
    code = found.code or found.signature
    return function_text(FunctionSource(found.qualified_name, code, found.doc, found.language))
