"""A definition whose name is the name asked for answers better than one that mentions it."""

from __future__ import annotations

import re

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule
from cascode_indexer.types import StoredDefinition

#: What languages write between a container's name and its member's.
SEPARATORS = re.compile(r"::|->|#|/")
#: What the same letters in another spelling count beside the name as it was asked for.
_OTHER_SPELLING = 0.8


def defines(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how well a candidate defines one of the names asked for.

    Returns:
        1 for the qualified name or its end (``Session.send``), 0.8 for the same in another spelling (``retryUpload`` or
        ``retryupload`` for ``retry_upload``), 0 else.
    """
    best = 0.0
    qualified = candidate.definition.qualified_name
    for name in query.names:
        asked = SEPARATORS.sub(".", name)
        if qualified == asked or qualified.endswith("." + asked):
            return 1.0
        wanted = [letters_of(part) for part in asked.split(".")]
        if all(wanted) and wanted == [letters_of(part) for part in last_parts(candidate.definition, len(wanted))]:
            best = _OTHER_SPELLING
    return best


def letters_of(name: str) -> str:
    """Return the letters and digits of a name in lower case, without what a convention puts between its words."""
    return "".join(split_identifiers(name))


def last_parts(definition: StoredDefinition, count: int) -> list[str]:
    """Return the end of a qualified name, in so many parts; its own name, which may hold a dot, where one is wanted."""
    return [definition.name] if count == 1 else definition.qualified_name.split(".")[-count:]


RULE = Rule(
    "definition", "defines the name asked for", "a name is asked for to see what it names, not who mentions it", defines
)
