"""The query as every later step reads it."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_indexer.lexical.terms import query_terms, stem
from cascode_indexer.query.filters import NO_FILTERS, Filters
from cascode_indexer.query.shape import QueryKind, kind_of, names_in

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
    #: Distinct terms that can tell definitions apart, in order.
    terms: tuple[str, ...]
    #: The terms as :func:`cascode_indexer.lexical.terms.stem` cuts them.
    stems: frozenset[str]
    filters: Filters = NO_FILTERS

    @classmethod
    def of(cls, text: str, filters: Filters = NO_FILTERS) -> Query:
        """Recognise a query in words."""
        terms = tuple(query_terms(text))
        return cls(text, kind_of(text), tuple(names_in(text)), terms, frozenset(map(stem, terms)), filters)

    @classmethod
    def of_code(cls, text: str) -> Query:
        """Ask for code like ``text``, a definition's text as the encoder reads it.

        The words of code are looked up, but ask for nothing: a test that is compared with others is no request for
        tests.
        """
        return cls(text, QueryKind.CODE, (), tuple(query_terms(text)), frozenset())

    @property
    def asked_words(self) -> frozenset[str]:
        """The terms, where they say what is wanted: words of code do not."""
        return frozenset() if self.kind is QueryKind.CODE else frozenset(self.terms)

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The terms that the full-text index is asked for."""
        return self.terms[:_MOST_TERMS]
