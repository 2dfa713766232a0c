"""BM25 over split identifiers: the lexical anchor of every table."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from cascode_indexer.lexical.terms import split_identifiers
from cascode_models.errors import ModelError
from cascode_models.types import FloatArray

#: The usual parameters (Robertson and Zaragoza, 2009, section 3.4).
K1, B = 1.2, 0.75


class Bm25:
    """An index of texts.

    Args:
        texts: What is looked for.

    Raises:
        ModelError: The library is not installed.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        try:
            import bm25s
        except ImportError as error:
            raise ModelError('BM25 needs the library bm25s: pip install "cascode[train]"') from error
        # The library announces every index at a level of its own.
        logging.getLogger(bm25s.__name__).setLevel(logging.WARNING)
        # Lucene's form: the logarithm's argument is at least 1, so that a frequent word never counts against a text.
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene")
        self._index.index([split_identifiers(text) for text in texts], show_progress=False)
        self._count = len(texts)

    def scores(self, query: str) -> FloatArray:
        """Score every text by the distinct words of the query, stop words included: ``[texts]``."""
        terms = [term for term in dict.fromkeys(split_identifiers(query)) if term in self._index.vocab_dict]
        if not terms:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._index.get_scores(terms), dtype=np.float32)


def bm25_scores(queries: Sequence[str], texts: Sequence[str]) -> FloatArray:
    """Score every text for every query: ``[queries, texts]``; see :class:`Bm25`."""
    index = Bm25(texts)
    return np.stack([index.scores(query) for query in queries])
