"""The query as every later step reads it."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_indexer.lexical.terms import query_terms, split_identifiers, stem
from cascode_indexer.query.filters import NO_FILTERS, Filters
from cascode_indexer.query.frames import Frame, frames_in
from cascode_indexer.query.pieces import pieces_of
from cascode_indexer.query.shape import QueryKind, kind_of, names_in

#: What a bare word is judged as: it names a topic as often as a definition.
WORD = "word"
#: Terms of a query that are looked up; a pasted page of text has its subject in the first ones.
_MOST_TERMS = 32


@dataclass(frozen=True, slots=True)
class Query:
    """A query, recognised once: nothing after it looks at the text to guess what was meant."""

    #: As it was asked; for code, the text of the definition.
    text: str
    kind: QueryKind
    #: Names of definitions that stand in it, without their call brackets.
    names: tuple[str, ...]
    #: Distinct terms that can distinguish definitions, in order.
    terms: tuple[str, ...]
    #: The terms as :func:`cascode_indexer.lexical.terms.stem` cuts them.
    stems: frozenset[str]
    #: Every word, common ones too, in lower case: they say what sort of definition is wanted. None for code.
    asked_words: frozenset[str] = frozenset()
    #: Places that a traceback in it names, the innermost first.
    frames: tuple[Frame, ...] = ()
    #: What the encoder reads, each short enough to be read whole; one for all but long texts.
    pieces: tuple[str, ...] = ()
    filters: Filters = NO_FILTERS

    @classmethod
    def of(cls, text: str, filters: Filters = NO_FILTERS) -> Query:
        """Recognise a query in words."""
        frames = frames_in(text)
        pieces = pieces_of(text)
        terms = tuple(query_terms(" ".join(pieces)))
        return cls(
            text,
            kind_of(text, frames=bool(frames), pieces=len(pieces)),
            tuple(names_in(text)),
            terms,
            frozenset(map(stem, terms)),
            frozenset(split_identifiers(text)),
            frames,
            pieces,
            filters,
        )

    @classmethod
    def of_code(cls, text: str) -> Query:
        """Ask for code like ``text``, a definition's text as the encoder reads it.

        The words of code are looked up, but ask for nothing: a test that is compared with others is not a request for
        tests.
        """
        return cls(text, QueryKind.CODE, (), tuple(query_terms(text)), frozenset(), pieces=(text,))

    @property
    def judged_as(self) -> str:
        """What the scores of its answers are calibrated as: its kind, but for bare words, which are :data:`WORD`."""
        bare = self.kind is QueryKind.IDENTIFIER and len(split_identifiers(self.text)) == 1
        return WORD if bare else self.kind.value

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The terms that the full-text index is asked for."""
        return self.terms[:_MOST_TERMS]
