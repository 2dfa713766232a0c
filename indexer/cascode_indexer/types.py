"""The data that flows through the indexer, in the words of the field."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Files above are data, dumps, bundles or generated code, which nobody reads function by function; the same cap as most
#: code search tools. Every cap on a file's size is this one, or the one that an engine was given in its place.
DEFAULT_MAX_FILE_BYTES = 1024 * 1024


class Kind(str, enum.Enum):
    """What sort of definition a retrieval unit is."""

    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    LAMBDA = "lambda"
    CLASS = "class"
    INTERFACE = "interface"
    TRAIT = "trait"
    PROTOCOL = "protocol"
    STRUCT = "struct"
    RECORD = "record"
    ENUM = "enum"
    #: An alias, or a type that is named and nothing else (a delegate, Go's ``type Level int``).
    TYPE = "type"
    #: A module, package or namespace with documentation, and Ruby's mixins.
    MODULE = "module"
    #: A named value of several lines: a table, a regular expression, a configuration.
    CONSTANT = "constant"


FUNCTION_KINDS = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR, Kind.LAMBDA})
TYPE_KINDS = frozenset(
    {
        Kind.CLASS, Kind.INTERFACE, Kind.TRAIT, Kind.PROTOCOL, Kind.STRUCT, Kind.RECORD, Kind.ENUM, Kind.TYPE,
        Kind.MODULE,
    }
)  # fmt: skip
#: Words that mean several kinds in a filter; each is a kind as well.
KIND_GROUPS: Mapping[str, frozenset[Kind]] = {"function": FUNCTION_KINDS, "type": TYPE_KINDS}
_KIND_OF_WORD = {kind.value: kind for kind in Kind}


def kinds_of(word: str) -> frozenset[Kind]:
    """The kinds that a word of a filter means: all that are like functions for ``function``, one for ``method``.

    Args:
        word: A kind's value, in any case.

    Returns:
        The kinds; none where the word is unknown.
    """
    lowered = word.strip().lower()
    if lowered in KIND_GROUPS:
        return KIND_GROUPS[lowered]
    return frozenset({_KIND_OF_WORD[lowered]}) if lowered in _KIND_OF_WORD else frozenset()


class SkipReason(str, enum.Enum):
    """Why a path met while walking gave no definitions. Each one is counted and shown by ``status``."""

    IGNORED = "ignored"
    VENDORED = "vendored"
    GENERATED = "generated"
    TOO_LARGE = "too_large"
    BINARY = "binary"
    NOT_TEXT = "not_text"
    UNREADABLE = "unreadable"
    OUTSIDE_WORKSPACE = "outside_workspace"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    LINE_TOO_LONG = "line_too_long"
    PARSE_FAILURE = "parse_failure"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a workspace that will be read for definitions."""

    #: Relative to the workspace root, posix separators.
    path: str
    #: Where it lies.
    absolute: Path
    #: Language id.
    language: str
    #: Bytes.
    size: int
    #: ``st_mtime_ns``.
    mtime_ns: int
    #: Whether a ``!`` line takes it in, or it is in the index already: what looks generated is read all the same.
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """The unit of retrieval: a function, a type, or a named constant of several lines."""

    #: Last part of the qualified name.
    name: str
    #: Name with its containers, parts joined by dots: ``Session.send``.
    qualified_name: str
    #: What it is.
    kind: Kind
    #: Language id.
    language: str
    #: Declaration on one line, without the body.
    signature: str
    #: Doc comment without its markers; empty where there is none.
    doc: str
    #: First and last line, 1-based, inclusive; decorators and annotations belong to the span, a doc
    #: comment above the function does not.
    start_line: int
    end_line: int
    #: Line that carries the name, 1-based, and the name's first column there, 0-based, in code points.
    name_line: int
    name_column: int
    #: What is encoded and searched for words. Of a function the source text of its span, the first line's
    #: indentation included so that the lines stay aligned; of a type its outline: head, documentation, fields and
    #: the signatures of its members.
    code: str


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition as an index holds it: the code is left to its text."""

    #: Names it, and the text that copies of it share, inside the index or buffer that holds it.
    id: int
    text_id: int
    #: Relative to the workspace, posix separators.
    path: str
    language: str
    #: Of the file when it was read; 0 in an open buffer.
    size: int
    mtime_ns: int
    name: str
    qualified_name: str
    kind: str
    signature: str
    start_line: int
    end_line: int
    name_line: int
    name_column: int


#: What brings in what was skipped for some reasons; for the others nothing does.
_REMEDIES: tuple[tuple[str, frozenset[SkipReason]], ...] = (
    ("make files readable", frozenset({SkipReason.UNREADABLE})),
    ("raise --max-file-bytes", frozenset({SkipReason.TOO_LARGE})),
    (
        "force files in with '!' lines in .cascodeignore",
        frozenset({SkipReason.IGNORED, SkipReason.VENDORED, SkipReason.GENERATED, SkipReason.LINE_TOO_LONG}),
    ),
)


@dataclass(slots=True)
class SkipCounts:
    """How many paths were skipped, by reason."""

    by_reason: dict[SkipReason, int] = field(default_factory=dict)

    def add(self, reason: SkipReason, count: int = 1) -> None:
        """Count ``count`` more paths skipped for ``reason``."""
        self.by_reason[reason] = self.by_reason.get(reason, 0) + count

    def add_path(self, path: str, reason: SkipReason) -> None:  # noqa: ARG002
        """Count a path; a subclass may want to know which one."""
        self.add(reason)

    @property
    def total(self) -> int:
        """All paths skipped."""
        return sum(self.by_reason.values())

    def as_dict(self) -> Mapping[str, int]:
        """Reason to count, most frequent first."""
        ordered = sorted(self.by_reason.items(), key=lambda item: (-item[1], item[0].value))
        return {reason.value: count for reason, count in ordered}

    def advice(self) -> str:
        """What to do where all was skipped: ``name another folder, or raise --max-file-bytes``."""
        found = {reason for reason, count in self.by_reason.items() if count}
        steps = ["name another folder", *(remedy for remedy, reasons in _REMEDIES if reasons & found)]
        return ", ".join(steps[:-1]) + ", or " + steps[-1] if len(steps) > 1 else steps[0]


@dataclass(slots=True)
class SkipList(SkipCounts):
    """Which paths were skipped, folders with a slash at their end."""

    paths: list[tuple[str, SkipReason]] = field(default_factory=list)

    def add_path(self, path: str, reason: SkipReason) -> None:
        """Count a path and keep it."""
        self.add(reason)
        self.paths.append((path, reason))
