"""Which definitions of a workspace can be asked for by their own documentation, and why others cannot."""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cascode_indexer.extract import strip_doc
from cascode_indexer.indexing.parse import encoded_text
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.types import FUNCTION_KINDS, Definition
from cascode_lab.corpus.code_filters import query_remains
from cascode_lab.corpus.duplicates import query_key
from cascode_lab.corpus.query_text import query_of
from cascode_lab.history.naming import names
from cascode_lab.own_code.wording import plain_doc, without_own_name


class Unusable(str, enum.Enum):
    """Why a definition gives no question."""

    NO_DOC = "without documentation"
    POOR_DOC = "documentation says too little, or not in English prose"
    NOTHING_ELSE = "nothing but documentation"
    REPEATED = "same documentation as another definition"
    GIVEN_AWAY = "documentation repeated in the code"
    NESTED = "inside another definition"


@dataclass(frozen=True, slots=True)
class Question:
    """A definition and the first paragraph of its documentation, which asks for it, without the name before it."""

    query: str
    path: str
    name: str
    start_line: int
    #: What is encoded of it: its text without the documentation.
    text: str
    #: Whether the query names the definition.
    named: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that answer."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a workspace can be asked."""

    questions: tuple[Question, ...]
    unusable: Counter[Unusable]


def without_docs(parsed: ParsedFile) -> ParsedFile:
    """Take the documentation out of a file's definitions: what is searched must not hold the question.

    A definition of which nothing else is left goes with it.
    """
    stripped = [
        dataclasses.replace(definition, code=strip_doc(definition), doc="") if definition.doc else definition
        for definition in parsed.definitions
    ]
    kept = tuple(definition for definition in stripped if definition.code.strip())
    return dataclasses.replace(parsed, definitions=kept, texts=tuple(encoded_text(definition) for definition in kept))


def questions_of(files: Sequence[ParsedFile]) -> Questions:
    """Find the questions of a workspace.

    Args:
        files: Its files as parsed, documentation included.

    Returns:
        The questions, in the order of files and lines, and how many definitions give none, by reason.
    """
    unusable: Counter[Unusable] = Counter()
    found: list[Question] = []
    for file in files:
        for definition in file.definitions:
            question = _question(file.source.path, definition, file.definitions)
            if isinstance(question, Unusable):
                unusable[question] += 1
            else:
                found.append(question)
    times = Counter(query_key(question.query) for question in found)
    kept = tuple(question for question in found if times[query_key(question.query)] == 1)
    unusable[Unusable.REPEATED] += len(found) - len(kept)
    return Questions(kept, +unusable)


def _question(path: str, definition: Definition, neighbours: Sequence[Definition]) -> Question | Unusable:
    """A definition's question, or why there is none."""
    if not definition.doc.strip():
        return Unusable.NO_DOC
    if any(other is not definition and _holds(other, definition) for other in neighbours):
        # The outer one's code holds the inner one's documentation: it would answer as well.
        return Unusable.NESTED
    query, reason = query_of(plain_doc(definition))
    query = without_own_name(query, definition)
    if reason or not query:
        return Unusable.POOR_DOC
    bare = dataclasses.replace(definition, code=strip_doc(definition), doc="")
    if not bare.code.strip():
        return Unusable.NOTHING_ELSE
    if query_remains(query, bare.code):
        return Unusable.GIVEN_AWAY
    return Question(
        query, path, definition.qualified_name, definition.start_line, encoded_text(bare), names(query, definition)
    )


def _holds(outer: Definition, inner: Definition) -> bool:
    """Whether the code of a definition repeats one inside it; a type's outline holds nothing of its members' docs."""
    if outer.kind not in FUNCTION_KINDS:
        return False
    return outer.start_line <= inner.start_line and inner.end_line <= outer.end_line and outer.code != inner.code
