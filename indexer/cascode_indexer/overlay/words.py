"""BM25 of definitions that are not in the store, on the store's own scale.

FTS5 scores a row by its words and by how common they are in the whole index. The words of a buffer's definitions are
cut and stemmed by FTS5 itself, in memory; how common they are is asked of the store. So a definition scores in the
buffer what it will score once it is saved.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.store.word_statistics import WordStatistics
from cascode_indexer.types import Definition

#: FTS5's constants of BM25 (Robertson and Zaragoza, 2009, section 3.3.2), and its least weight of a word.
_K1 = 1.2
_B = 0.75
_LEAST_IDF = 1e-6

_COLUMNS = ("name", "path", "doc", "body")


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """The words of a buffer's definitions, named by their position in it."""

    #: Stem to the definitions that hold it, each with its count in every column.
    holders: Mapping[str, Mapping[int, tuple[int, ...]]]
    #: Tokens of each definition.
    lengths: Sequence[int]

    def scores(
        self, stems: Mapping[str, str], statistics: WordStatistics, weights: Sequence[float]
    ) -> dict[int, float]:
        """Return BM25 of the definitions that hold any of the terms, by position.

        Args:
            stems: Each term of the query with its stem.
            statistics: Of the store that the definitions are ranked with.
            weights: Of the columns name, path, doc, body.
        """
        scores: dict[int, float] = {}
        for term, stem in stems.items():
            # Rows and words are counted one after the other, and another process stores in between.
            held = min(statistics.holding.get(term, 0), statistics.rows)
            idf = max(math.log((statistics.rows - held + 0.5) / (held + 0.5)), _LEAST_IDF)
            for definition, counts in self.holders.get(stem, {}).items():
                frequency = sum(weight * count for weight, count in zip(weights, counts, strict=True))
                # In an empty store every definition has the average length.
                share = self.lengths[definition] / statistics.average_length if statistics.average_length else 1.0
                score = idf * frequency * (_K1 + 1) / (frequency + _K1 * (1 - _B + _B * share))
                scores[definition] = scores.get(definition, 0.0) + score
        return scores


def statistics_of(words: Sequence[FunctionWords], stems: Mapping[str, str]) -> WordStatistics:
    """Count the words of buffers that no store stands beside.

    Args:
        words: Of the buffers.
        stems: Each term of the query with its stem.
    """
    lengths = [length for some in words for length in some.lengths]
    holding = {term: sum(len(some.holders.get(stem, ())) for some in words) for term, stem in stems.items()}
    return WordStatistics(len(lengths), sum(lengths) / len(lengths) if lengths else 0.0, holding)


class WordCounter:
    """Counts words as the store's full-text index would; safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        # The tokenizer is that of the store's functions_fts.
        self._database.execute(
            f"CREATE VIRTUAL TABLE words USING fts5 ({', '.join(_COLUMNS)}, tokenize = 'porter unicode61')"
        )
        self._database.execute("CREATE VIRTUAL TABLE instances USING fts5vocab (words, instance)")

    def count(self, path: str, definitions: Sequence[Definition]) -> FunctionWords:
        """Count the words of a file's definitions."""
        path_terms = index_terms(path)
        return self.count_columns(
            [
                (
                    index_terms(definition.qualified_name),
                    path_terms,
                    index_terms(definition.doc),
                    index_terms(definition.code),
                )
                for definition in definitions
            ]
        )

    def count_columns(self, columns: Sequence[tuple[str, str, str, str]]) -> FunctionWords:
        """Count the words of definitions by their columns, each as ``index_terms`` makes it.

        Args:
            columns: Name, path, doc and body of each definition.
        """
        rows = [(at, *texts) for at, texts in enumerate(columns)]
        holders: dict[str, dict[int, list[int]]] = {}
        lengths = [0] * len(columns)
        for at, column, stem, count in self._instances(rows):
            counts = holders.setdefault(stem, {}).setdefault(at, [0] * len(_COLUMNS))
            counts[_COLUMNS.index(column)] = count
            lengths[at] += count
        frozen = {stem: {at: tuple(counts) for at, counts in held.items()} for stem, held in holders.items()}
        return FunctionWords(frozen, lengths)

    def stems(self, terms: Sequence[str]) -> dict[str, str]:
        """Return each term with its stem; a term that is not a single word is left out."""
        found: dict[int, list[str]] = {}
        for at, _, stem, _ in self._instances([(at, term, "", "", "") for at, term in enumerate(terms)]):
            found.setdefault(at, []).append(stem)
        return {terms[at]: stems[0] for at, stems in found.items() if len(stems) == 1}

    def close(self) -> None:
        """Free the memory."""
        with self._lock:
            self._database.close()

    def _instances(self, rows: Iterable[tuple[int, str, str, str, str]]) -> list[tuple[int, str, str, int]]:
        """Return (row, column, stem, count) of the words in some rows."""
        with self._lock:
            self._database.execute("BEGIN")
            try:
                self._database.executemany(
                    "INSERT INTO words (rowid, name, path, doc, body) VALUES (?, ?, ?, ?, ?)", rows
                )
                return self._database.execute(
                    "SELECT doc, col, term, count(*) FROM instances GROUP BY doc, col, term"
                ).fetchall()
            finally:
                self._database.execute("ROLLBACK")
