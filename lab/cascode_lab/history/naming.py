"""Whether a query names a definition: such questions are easy, and are counted apart from those that describe it."""

from __future__ import annotations

import re

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.types import Definition, Kind


def names(query: str, definition: Definition) -> bool:
    """Return whether a query names a definition.

    A name of several parts may be written as one word or apart (``parse_header``, ``parseHeader``, "parse header").
    A name of one part is often an everyday word ("add", "update"): it counts where it is written as the code has it,
    letter case included, and does not begin the sentence as its verb, or where it is marked as code (``add()``,
    ``List.add``, ``#add``).

    Args:
        query: The question.
        definition: A definition.

    Returns:
        Whether its own name stands in the query; for a constructor, its class's name.
    """
    name = own_name(definition)
    parts = split_identifiers(name)
    if len(parts) > 1:
        return _holds(split_identifiers(query), parts)
    if not name:
        return False
    word = re.escape(name)
    if re.search(rf"(?:[#.]|::|->){word}\b(?!\.\w)|\b{word}(?:\(|::|\s*\{{)", query):
        return True
    return any(match.start() > 0 for match in re.finditer(rf"(?<![\w-]){word}(?![\w-])", query))


def own_name(definition: Definition) -> str:
    """Last part of the name; a constructor goes by its class."""
    if definition.kind is Kind.CONSTRUCTOR:
        container = definition.qualified_name.split(".")[:-1]
        if container:
            return container[-1]
    return definition.name.strip("_$~?!=*&")


def _holds(words: list[str], parts: list[str]) -> bool:
    """Whether ``parts`` stand in ``words``, one after another."""
    return any(words[at : at + len(parts)] == parts for at in range(len(words) - len(parts) + 1))
