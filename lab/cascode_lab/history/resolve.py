"""Which definitions a commit changed, as they stood before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cascode_indexer.types import FUNCTION_KINDS, TYPE_KINDS, Kind
from cascode_lab.history.files import FileVersion
from cascode_lab.history.trivial import is_code
from cascode_lab.history.types import Hunk, Place


def changed_definitions(before: FileVersion, hunks: Sequence[Hunk], after: Callable[[], FileVersion | str]) -> set[int]:
    """Find the innermost definitions that hunks change.

    A line that was replaced or removed belongs to the innermost definition that holds it, an insertion to the
    innermost one around it. What is inserted as a definition of its own did not stand before, and does not change the
    type that it joins: only lines of the type itself do (its head, a field, a variant). Modules and namespaces are
    places and no answers.

    Args:
        before: The file before the commit.
        hunks: What the commit changed in it.
        after: Gives the file after the commit, or why it cannot be read; asked only where it decides.

    Returns:
        Indices of definitions of ``before``.
    """
    found: set[int] = set()
    for hunk in hunks:
        if hunk.old_count:
            for line, text in enumerate(hunk.removed, start=hunk.old_start):
                owner = before.owner(line)
                if owner >= 0 and (before.definitions[owner].kind not in TYPE_KINDS or is_code(text)):
                    found.add(owner)
            continue
        owner = before.enclosing(hunk.old_start)
        if owner >= 0 and (before.definitions[owner].kind not in TYPE_KINDS or _joins(before, owner, hunk, after())):
            found.add(owner)
    return {index for index in found if before.definitions[index].kind is not Kind.MODULE}


def without_containers(places: Sequence[Place]) -> tuple[Place, ...]:
    """Leave out types of which a member is there too: a field that comes with a method is not a question of its own."""
    members = [place.definition.qualified_name for place in places if place.definition.kind in FUNCTION_KINDS]
    return tuple(
        place
        for place in places
        if place.definition.kind not in TYPE_KINDS
        or not any(name.startswith(f"{place.definition.qualified_name}.") for name in members)
    )


def _joins(before: FileVersion, owner: int, hunk: Hunk, after: FileVersion | str) -> bool:
    """Whether inserted lines are a type's own, and not those of a definition inside of it."""
    if isinstance(after, str):
        return False
    name = before.definitions[owner].qualified_name
    owners = (after.owner(line) for line, text in enumerate(hunk.added, start=hunk.new_start) if is_code(text))
    return any(index >= 0 and after.definitions[index].qualified_name == name for index in owners)
