"""A function whose name is the name asked for answers better than one that mentions it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from cascode_indexer.lexical.terms import STOP_WORDS, split_identifiers
from cascode_indexer.search.types import Ranked

_SEPARATORS = re.compile(r"::|->|#|/")


def definition_match(candidate: Ranked, names: Sequence[str]) -> float:
    """Return how well a candidate defines one of the names asked for.

    Returns:
        1 for the qualified name or its end (``Session.send``), 0.8 for the bare name in another spelling
        (``retryUpload`` for ``retry_upload``), 0 else.
    """
    best = 0.0
    qualified = candidate.qualified_name
    for name in names:
        asked = _SEPARATORS.sub(".", name)
        if qualified == asked or qualified.endswith("." + asked):
            return 1.0
        if split_identifiers(asked) == split_identifiers(candidate.name if "." not in asked else qualified):
            best = 0.8
    return best


def name_coverage(candidate: Ranked, stems: Collection[str]) -> float:
    """Return the share of the function's own name that the query's words, as :func:`stem` cuts them, spell: 0 to 1."""
    parts = [part for part in split_identifiers(candidate.name) if part not in STOP_WORDS]
    return sum(stem(part) in stems for part in parts) / len(parts) if parts else 0.0


def stem(word: str) -> str:
    """Cut the commonest English endings: retries, retried and retrying meet in retr."""
    for ending in ("ing", "ies", "ied", "es", "ed", "er", "e", "s", "y"):
        # Three letters must stay, or unrelated short words meet.
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
