"""What BM25 needs to know of a whole full-text index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from cascode_indexer.lexical.terms import match_expression


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """How common words are in an index."""

    rows: int
    #: Tokens in a row, over all columns.
    average_length: float
    #: Rows that hold each term.
    holding: Mapping[str, int]


def token_count(columns: Iterable[str]) -> int:
    """Return how many tokens FTS5 finds in the columns of a row.

    Args:
        columns: As :func:`cascode_indexer.lexical.terms.index_terms` makes them: terms of letters and digits alone,
            one blank in between, which ``unicode61`` cuts at the blanks and nowhere else.
    """
    joined = " ".join(filter(None, columns))
    return joined.count(" ") + 1 if joined else 0


def rows_holding(database: Connection, terms: Iterable[str]) -> dict[str, int]:
    """Count the functions that hold each term.

    Args:
        database: The store.
        terms: The terms asked about, as :func:`cascode_indexer.lexical.terms.query_terms` gives them.
    """
    count = "SELECT count(*) FROM functions_fts WHERE functions_fts MATCH ?"
    return {term: int(database.execute(count, (match_expression([term]),)).fetchone()[0]) for term in terms}
