"""Clauses of a function that were read apart, each behind an error, are one function again."""

from __future__ import annotations

import dataclasses

from cascode_indexer.types import FUNCTION_KINDS, Definition

from .layout import Layout


def join_clauses(found: list[Definition], layout: Layout) -> list[Definition]:
    """Make one definition of functions with the same name that nothing but comments lie between.

    Args:
        found: The definitions, in any order.
        layout: Of the source.

    Returns:
        The definitions in the order of their lines.
    """
    kept: list[Definition] = []
    last: dict[str, int] = {}
    for item in sorted(found, key=lambda item: (item.start_line, -item.end_line)):
        if item.kind in FUNCTION_KINDS:
            place = last.get(item.qualified_name)
            joined = None if place is None else _joined(kept[place], item, layout)
            if place is not None and joined is not None:
                kept[place] = joined
                continue
            last[item.qualified_name] = len(kept)
        kept.append(item)
    return kept


def _joined(before: Definition, after: Definition, layout: Layout) -> Definition | None:
    """Both as one; None where something else lies between."""
    if before.end_line >= after.start_line or not layout.says_nothing(before.end_line, after.start_line - 2):
        return None
    # As it stands there, whatever ends the lines between.
    whole = layout.text(before.start_line - 1, after.end_line - 1).decode("utf-8", "surrogatepass")
    start, clause = whole.find(before.code), whole.rfind(after.code)
    if not 0 <= start < clause:
        return None
    return dataclasses.replace(before, end_line=after.end_line, code=whole[start : clause + len(after.code)])
