"""The data that flows from a repository's log to questions and training pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cascode_indexer.types import Definition


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a commit, against its first parent."""

    #: ``A``, ``M``, ``D`` or ``T``, as git prints them; renames are a ``D`` and an ``A``.
    status: str
    #: Path in the repository; bytes that are no UTF-8 are surrogates.
    path: str
    #: Object names of the content before and after, 40 or 64 hexadecimal digits.
    old_blob: str
    new_blob: str


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the log."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    #: Of the commit, in seconds since 1970.
    time: int
    message: str
    changes: tuple[FileChange, ...]

    @property
    def subject(self) -> str:
        """First line of the message."""
        return self.message.partition("\n")[0].strip()


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that a commit replaced, without context."""

    #: First line before the commit, 1-based; with ``old_count`` 0, the line that an insertion follows.
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the file that it stands in."""

    path: str
    definition: Definition

    @property
    def key(self) -> tuple[str, str]:
        """What finds it again at another revision."""
        return (self.path, self.definition.qualified_name)


@dataclass(frozen=True, slots=True)
class HistoryPair:
    """A commit's words and the definitions that it changed, as they stood before it."""

    query: str
    #: Rest of the message, cleaned; empty where there is none.
    body: str
    #: Whether the query names one of the answers.
    named: bool
    commit: Commit
    answers: tuple[Place, ...]
    #: Untouched definitions of the same files, the most alike first.
    neighbours: tuple[Place, ...]

    def row(self, repository: str) -> dict[str, Any]:
        """The pair as it is written."""
        return {
            "query": self.query,
            "body": self.body,
            "named": self.named,
            "repository": repository,
            "commit": self.commit.sha,
            "parent": self.commit.parents[0],
            "answers": [definition_row(place) for place in self.answers],
            "neighbours": [definition_row(place) for place in self.neighbours],
        }


def definition_row(place: Place) -> dict[str, Any]:
    """A definition as it is written, its documentation apart."""
    from cascode_indexer.extract import strip_doc

    definition = place.definition
    return {
        "path": place.path,
        "name": definition.qualified_name,
        "kind": definition.kind.value,
        "language": definition.language,
        "start_line": definition.start_line,
        "end_line": definition.end_line,
        # A function that is nothing but its documentation keeps it: empty code teaches nothing.
        "code": strip_doc(definition) or definition.code,
        "doc": definition.doc,
    }
