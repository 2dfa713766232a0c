"""BM25 over split identifiers: the lexical anchor of every table."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from cascode_models.text import split_identifiers
from cascode_models.types import FloatArray

#: The usual parameters (Robertson and Zaragoza, 2009, 3.4).
K1, B = 1.2, 0.75

_WORD = re.compile(r"[a-z]+|\d+")


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, identifiers split at case changes, underscores and digits."""
    return _WORD.findall(split_identifiers(text).lower())


def bm25_scores(queries: Sequence[str], texts: Sequence[str]) -> FloatArray:
    """Score every text for every query.

    Returns:
        ``[queries, texts]`` scores.
    """
    postings: dict[str, list[tuple[int, int]]] = {}
    lengths = np.zeros(len(texts), dtype=np.float64)
    for position, text in enumerate(texts):
        counts = Counter(words_of(text))
        lengths[position] = sum(counts.values())
        for word, count in counts.items():
            postings.setdefault(word, []).append((position, count))
    norm = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
    scores = np.zeros((len(queries), len(texts)), dtype=np.float32)
    for row, query in enumerate(queries):
        for word in set(words_of(query)):
            found = postings.get(word)
            if not found:
                continue
            where = np.fromiter((position for position, _ in found), dtype=np.int64, count=len(found))
            counts_there = np.fromiter((count for _, count in found), dtype=np.float64, count=len(found))
            idf = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            scores[row, where] += idf * counts_there * (K1 + 1) / (counts_there + norm[where])
    return scores
