"""The seam between the way of a query and where candidates come from.

A source gives candidates, the dense top N and the lexical top N, each with both pieces of evidence; and it answers for
them: what text they have, and where they stand in their file now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate
from cascode_indexer.types import StoredDefinition
from cascode_indexer.vectors.types import Vectors


@dataclass(frozen=True, slots=True)
class Verified:
    """A candidate as it stands in the file now."""

    definition: StoredDefinition
    #: Text for the slow classifier where the code changed since it was indexed; None where it did not.
    new_text: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a candidate comes from that does not lie in a workspace."""

    #: Name of its repository in the team's index, and the revision that was read.
    repository: str
    revision: str
    #: Its source; empty where the team's index holds none.
    code: str


class Source(Protocol):
    """Gives candidates and answers for them."""

    @property
    def root(self) -> Path:
        """The workspace."""

    def candidates(self, query: Query, vector: Vectors | None) -> list[Candidate]:
        """Gather what may answer.

        Args:
            query: What was asked.
            vector: ``[dimension]``; None while there is no model.
        """

    def texts(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, str]:
        """Return texts by the definitions' ids; those that are gone are missing."""

    def states(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, bytes]:
        """Return packed token states by the definitions' ids; those that have none are missing."""

    def stands(self, definition: StoredDefinition, text: str) -> Verified | None:
        """Return a definition where it stands now, None where its file no longer holds it."""

    def origin(self, definition: StoredDefinition) -> Origin | None:
        """Return where a definition comes from; None for one of a workspace."""
