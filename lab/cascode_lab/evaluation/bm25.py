"""BM25 over split identifiers: the lexical anchor of every table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascode_indexer.lexical.terms import split_identifiers
from cascode_models.errors import ModelError
from cascode_models.types import FloatArray

#: The usual parameters (Robertson and Zaragoza, 2009, section 3.4).
K1, B = 1.2, 0.75


def bm25_scores(queries: Sequence[str], texts: Sequence[str]) -> FloatArray:
    """Score every text for every query by the distinct words of the query, stop words included.

    Returns:
        ``[queries, texts]`` scores.

    Raises:
        ModelError: The library is not installed.
    """
    try:
        import bm25s
    except ImportError as error:
        raise ModelError("BM25 needs the library bm25s: pip install 'cascode[train]'") from error
    # Lucene's form: the logarithm's argument is at least 1, so that a frequent word never counts against a text.
    index = bm25s.BM25(k1=K1, b=B, method="lucene")
    index.index([split_identifiers(text) for text in texts], show_progress=False)
    scores = np.zeros((len(queries), len(texts)), dtype=np.float32)
    for row, query in enumerate(queries):
        terms = [term for term in dict.fromkeys(split_identifiers(query)) if term in index.vocab_dict]
        if terms:
            scores[row] = index.get_scores(terms)
    return scores
