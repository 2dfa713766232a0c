"""What BM25 needs to know of a whole full-text index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from cascode_indexer.lexical.terms import match_expression

#: Row of FTS5's own table that holds the number of rows and the tokens of each column (its file format).
_AVERAGES = 1


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """How common words are in an index."""

    rows: int
    #: Tokens in a row, over all columns.
    average_length: float
    #: Rows that hold each term.
    holding: Mapping[str, int]


def word_statistics(database: Database, terms: Iterable[str]) -> WordStatistics:
    """Read the statistics of the full-text index over functions.

    Args:
        database: The store.
        terms: The terms asked about, as :func:`cascode_indexer.lexical.terms.query_terms` gives them.
    """
    found = database.execute("SELECT block FROM functions_fts_data WHERE id = ?", (_AVERAGES,)).fetchone()
    rows, *tokens = _varints(found[0]) if found and found[0] else [0]
    count = "SELECT count(*) FROM functions_fts WHERE functions_fts MATCH ?"
    holding = {term: int(database.execute(count, (match_expression([term]),)).fetchone()[0]) for term in terms}
    return WordStatistics(rows, sum(tokens) / rows if rows else 0.0, holding)


def _varints(data: bytes) -> list[int]:
    """Decode SQLite's variable-length integers: seven bits a byte, high ones first."""
    numbers, number = [], 0
    for byte in data:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    return numbers
