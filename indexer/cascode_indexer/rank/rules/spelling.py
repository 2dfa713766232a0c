"""A name that was typed from memory: cut short, or with a letter too few."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from cascode_indexer.query import Query
from cascode_indexer.rank.rules.definition import last_parts, letters_of, parts_of
from cascode_indexer.rank.types import Candidate, Pool, Rule
from cascode_indexer.types import StoredDefinition

#: What two names share that have nothing to do with each other: an ending, a common word. Below it counts nothing.
_CHANCE = 0.4
#: Characters of a name that are compared: what is longer is data.
_LONGEST = 200


def spelled_alike(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how alike the candidate's name and one of the names asked for are spelled.

    Returns:
        1 for the same trigrams of letters, whatever stands between the words; from there down to 0 by the share of
        common ones (Dice's coefficient).
    """
    alike = max((_alike(name, candidate.definition) for name in query.names), default=0.0)
    return max(0.0, (alike - _CHANCE) / (1.0 - _CHANCE))


def _alike(name: str, definition: StoredDefinition) -> float:
    """Dice's coefficient of the trigrams of a name and of a definition's; 0 where that is below chance."""
    parts, asked = _asked(name)
    letters = _padded(last_parts(definition, parts))
    common = sum(trigram in letters for trigram in asked)
    # Whatever else the other name holds, it holds what is common: with less than a quarter it is below chance.
    return 2 * common / (len(asked) + len(_trigrams(letters))) if 4 * common > len(asked) else 0.0


@functools.lru_cache(maxsize=16)  # the names of one query, asked of every candidate
def _asked(name: str) -> tuple[int, frozenset[str]]:
    """The parts of a name that is asked for, as many as stand between separators, and its trigrams."""
    parts = parts_of(name[:_LONGEST])
    return len(parts), _trigrams(_padded(parts)) if any(map(letters_of, parts)) else frozenset()


def _padded(parts: Iterable[str]) -> str:
    """The letters of a name's parts, each after two blanks, so that beginnings count most."""
    return f"{''.join(f'  {letters_of(part[:_LONGEST])}' for part in parts)} "


def _trigrams(letters: str) -> frozenset[str]:
    """Every three characters in a row."""
    return frozenset(letters[start : start + 3] for start in range(len(letters) - 2))


RULE = Rule("spelling", "spelled alike", "a name typed from memory is seldom letter for letter", spelled_alike)
