"""A definition whose name is the name asked for answers better than one that mentions it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule
from cascode_indexer.types import StoredDefinition

#: What languages write between a container's name and its member's.
_SEPARATORS = re.compile(r"::|->|#|/|\\")
#: What the same letters in another spelling count beside the name as it was asked for.
_OTHER_SPELLING = 0.8
#: What a name counts beside that which the definition has in full: another one may have it.
_LONGER = 0.9
#: What the rest counts of that where two parts or more agree and the path says nothing of what stands before them.
_ENDS_ALIKE = 0.5
#: Of what a path can say for the parts before, how much it says that the last of them is in it.
_NEAREST = 0.8
#: Characters of a name that are taken apart: what is longer is data.
_LONGEST = 400

#: Type arguments, the arguments of a test, and calls within a name.
_ARGUMENTS = re.compile(r"(?<=[\w>])<[^<>]*>|(?<=\w)\[[^\[\]]*\]|\(\)")
#: The file in the name of a test, whose ending is no part of it: tests/test_cart.py::TestCart::test_add.
_ENDING = re.compile(r"(?<=\w)\.py(?=::)")
#: First parts that stand for whatever the code stands in.
_HERE = frozenset({"self", "this", "$this", "cls", "super", "crate", "global", "static", "parent"})
#: Between a class and its member in JavaScript.
_PROTOTYPE = "prototype"


def defines(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how well a candidate defines one of the names asked for.

    Returns:
        1 for the qualified name or its end (``Session.send``); up to 0.9 where more stands before it, as modules and
        packages do, by what the path says of them (``requests.sessions.Session.send``); 0.8 of that for the same in
        another spelling (``retryUpload`` or ``retryupload`` for ``retry_upload``); 0 else.
    """
    best = 0.0
    definition = candidate.definition
    qualified = definition.qualified_name
    asked = _by_last_part(query.names)
    # The name of a definition may hold a dot.
    for last in {letters_of(definition.name), letters_of(qualified.rpartition(".")[2])}:
        for name, parts in asked.get(last, ()):
            if qualified == name or qualified.endswith("." + name):
                return 1.0
            best = max(best, _agreement(parts, definition))
    return best


@functools.lru_cache(maxsize=4)  # a report holds hundreds of names, and every candidate is asked about them
def _by_last_part(names: tuple[str, ...]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Names with dots between their parts, and the parts, by the letters of the last one."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name in names:
        parts = parts_of(name)
        found.setdefault(letters_of(parts[-1]), []).append((_SEPARATORS.sub(".", name), parts))
    return found


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name between separators, without what says nothing of which definition is meant."""
    if len(name) <= _LONGEST:
        name = _ENDING.sub("", name)
        while (plain := _ARGUMENTS.sub("", name)) != name:
            name = plain
    parts = _SEPARATORS.sub(".", name).split(".")
    first = next((at for at, part in enumerate(parts[:-1]) if part and part not in _HERE), len(parts) - 1)
    return *(part for part in parts[first:-1] if part != _PROTOTYPE), parts[-1]


def _agreement(asked: Sequence[str], definition: StoredDefinition) -> float:
    """How well the parts of a name agree with a definition's; all of the shorter of the two must."""
    known = 1 if definition.qualified_name == definition.name else definition.qualified_name.count(".") + 1
    before, end = asked[: max(0, len(asked) - known)], asked[-min(len(asked), known) :]
    own = last_parts(definition, len(end))
    wanted = [letters_of(part) for part in end]
    if not all(wanted) or wanted != [letters_of(part) for part in own]:
        return 0.0
    spelled = 1.0 if list(end) == own else _OTHER_SPELLING
    if not before:
        return spelled
    support = _support(before, definition.path)
    return spelled * _LONGER * (support if len(end) == 1 else _ENDS_ALIKE + (1.0 - _ENDS_ALIKE) * support)


def _support(before: Sequence[str], path: str) -> float:
    """How much of what stands before a definition's own name is in its path, the last part most: 0 to 1."""
    folders = {letters_of(part) for part in (path.rpartition(".")[0] or path).split("/")} - {""}
    found = [letters_of(part) in folders for part in before]
    return _NEAREST * found[-1] + (1.0 - _NEAREST) * sum(found) / len(found)


def letters_of(name: str) -> str:
    """Return the letters and digits of a name in lower case, without what a convention puts between its words."""
    return "".join(split_identifiers(name))


def last_parts(definition: StoredDefinition, count: int) -> list[str]:
    """Return the end of a qualified name, in so many parts; its own name, which may hold a dot, where one is wanted."""
    return [definition.name] if count == 1 else definition.qualified_name.split(".")[-count:]


RULE = Rule(
    "definition", "defines the name asked for", "a name is asked for to see what it names, not who mentions it", defines
)
