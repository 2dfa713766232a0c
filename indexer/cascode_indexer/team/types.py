"""What crosses the seam to a team's shared index.

The engine knows nothing of the database behind it. It is given a :class:`Team` where a person has named one, and none
otherwise: then nothing here runs, and nothing leaves the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cascode_indexer.errors import CascodeError
from cascode_models.types import FloatArray


class TeamUnavailableError(CascodeError):
    """The team's index cannot be reached, refuses, or is too slow; the message never holds a password."""


@dataclass(frozen=True, slots=True)
class TeamQuestion:
    """What leaves the machine with a search: no words, but what the model made of them, and what was filtered by."""

    #: Of the model that made the vector.
    fingerprint: str
    #: ``[dimension]``, a unit vector.
    vector: FloatArray
    #: Language ids and kinds; empty for all.
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    #: Most definitions that come back.
    limit: int = 100
    #: Whether token states come with them.
    with_states: bool = False


@dataclass(frozen=True, slots=True)
class TeamDefinition:
    """A definition of the team's index."""

    #: 16 bytes: the address of its text, see :func:`cascode_indexer.store.vector_cache.text_key`.
    key: bytes
    #: Name of its repository there, and the revision that was read.
    repository: str
    revision: str
    #: Relative to the repository, posix separators.
    path: str
    language: str
    name: str
    qualified_name: str
    kind: str
    signature: str
    doc: str
    start_line: int
    end_line: int
    name_line: int
    name_column: int
    #: Its source; empty where the team's index was loaded without sources.
    code: str
    #: Cosine of the question's vector and its own.
    similarity: float
    #: Packed token states of its text; empty where they were not asked for or the team's index has none.
    states: bytes = b""
    #: Host and path that its repository was cloned from; empty where the team's index does not know it.
    origin: str = ""


class Team(Protocol):
    """A team's shared index; safe to call from several threads."""

    @property
    def label(self) -> str:
        """What messages call it: host and database, never a password."""

    @property
    def seconds(self) -> float:
        """How long a search waits for it."""

    def vectors(
        self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool
    ) -> tuple[list[int], FloatArray, tuple[bytes, ...] | None]:
        """Look vectors up by the addresses of their texts.

        Args:
            fingerprint: Of the model that made them.
            keys: The addresses.
            with_states: Whether the model keeps token states: then a text without any counts as missing.

        Returns:
            Positions in ``keys`` that were found, ascending; their unit vectors ``[found, dimension]``; and their
            packed token states, None where those were not asked for.

        Raises:
            TeamUnavailableError: It cannot be asked.
        """

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """Return the definitions nearest to a vector, among those that this user may read, the nearest first.

        Raises:
            TeamUnavailableError: It cannot be asked.
        """

    def close(self) -> None:
        """Close connections."""
