"""Hypothesis strategies for the shapes of the wire format, and for what clients make of them by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, is_typeddict

from hypothesis import strategies as st

from cascode_server.schema.fields import Field, alternatives, choices, fields_of, item_of

#: What stands where something else should.
JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10.0,
        2**31,
        -(2**70),
        "",
        "text",
        "\0\ud800",
        "x" * 100_000,
        [],
        [[]],
        [None],
        {},
        {"": None},
        {"uri": "untitled:1"},
    ]
)


def shaped(hint: Any, known: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Values of a type.

    Args:
        hint: A shape, or the type of a field.
        known: Strategies for fields by name, where any value of the type would be of no use.
    """
    if is_typeddict(hint):
        fields = fields_of(hint)
        required = {field.name: _field(field, known) for field in fields if field.required}
        optional = {field.name: _field(field, known) for field in fields if not field.required}
        return st.fixed_dictionaries(required, optional=optional)
    if choices(hint):
        return st.sampled_from(choices(hint))
    if len(alternatives(hint)) > 1:
        return st.one_of(*(shaped(option, known) for option in alternatives(hint)))
    if (item := item_of(hint, list)) is not None:
        return st.lists(shaped(item, known), max_size=2)
    if item_of(hint, dict) is not None:
        return st.dictionaries(st.text(max_size=5), JUNK, max_size=2)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=20),
        int: st.integers(0, 50),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
    }
    return plain.get(hint, JUNK)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A value, in most cases with something missing, null, wrong or huge in it."""
    value = draw(whole)
    for _ in range(draw(st.integers(0, 2))):
        value = _damaged_once(draw, value)
    return value


def _damaged_once(draw: st.DrawFn, value: Any) -> Any:
    """A value with one change, at any depth."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        rest = {key: member for key, member in value.items() if key != name}
        return rest if draw(st.booleans()) else {**rest, name: _damaged_once(draw, value[name])}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [_damaged_once(draw, value[0]), *value[1:]]
    return draw(JUNK)


def _field(field: Field, known: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Values of a field."""
    return known[field.name] if field.name in known else shaped(field.type, known)
