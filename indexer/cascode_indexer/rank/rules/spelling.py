"""A name that was typed from memory: cut short, or with a letter too few."""

from __future__ import annotations

import functools

from cascode_indexer.query import Query
from cascode_indexer.rank.rules.definition import SEPARATORS, letters_of
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: What two names share that have nothing to do with each other: an ending, a common word. Below it counts nothing.
_CHANCE = 0.4


def spelled_alike(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how alike the candidate's name and one of the names asked for are spelled.

    Returns:
        1 for the same letters whatever stands between them; from there down to 0 by the share of common trigrams
        (Dice's coefficient).
    """
    parts = candidate.definition.qualified_name.split(".")
    best = 0.0
    for name in query.names:
        asked = SEPARATORS.sub(".", name)
        best = max(best, _alike(asked, ".".join(parts[-1 - asked.count(".") :])))
    return max(0.0, (best - _CHANCE) / (1.0 - _CHANCE))


def _alike(asked: str, name: str) -> float:
    """Dice's coefficient of the trigrams of two names."""
    first, second = _trigrams(asked), _trigrams(name)
    return 2 * len(first & second) / (len(first) + len(second))


@functools.lru_cache(maxsize=4096)  # a query's names meet those of every candidate
def _trigrams(name: str) -> frozenset[str]:
    """Every three letters in a row; two blanks before the first letter, so that a name's beginning counts most."""
    letters = f"  {letters_of(name)} "
    return frozenset(letters[start : start + 3] for start in range(len(letters) - 2))


RULE = Rule("spelling", "spelled alike", "a name typed from memory is seldom letter for letter", spelled_alike)
