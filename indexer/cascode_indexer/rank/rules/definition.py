"""A definition whose name is the name asked for answers better than one that mentions it."""

from __future__ import annotations

import functools
import re

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: What languages write between a container's name and its member's.
SEPARATORS = re.compile(r"::|->|#|/")
#: What the bare name in another spelling counts beside the name as it was asked for.
_OTHER_SPELLING = 0.8


def defines(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how well a candidate defines one of the names asked for.

    Returns:
        1 for the qualified name or its end (``Session.send``), 0.8 for the bare name in another spelling
        (``retryUpload`` or ``retryupload`` for ``retry_upload``), 0 else.
    """
    best = 0.0
    qualified = candidate.definition.qualified_name
    for name in query.names:
        asked = SEPARATORS.sub(".", name)
        if qualified == asked or qualified.endswith("." + asked):
            return 1.0
        own = candidate.definition.name if "." not in asked else qualified
        if letters_of(asked) == letters_of(own):
            best = _OTHER_SPELLING
    return best


@functools.lru_cache(maxsize=4096)  # a query's names meet those of every candidate
def letters_of(name: str) -> str:
    """Return the letters and digits of a name in lower case, without what a convention puts between its words."""
    return "".join(split_identifiers(name))


RULE = Rule(
    "definition", "defines the name asked for", "a name is asked for to see what it names, not who mentions it", defines
)
