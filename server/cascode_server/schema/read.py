"""Reads what a client sends: as leniently as it can be used, and with a complete message where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast, is_typeddict

from cascode_server.schema.fields import Field, alternatives, fields_of, item_of

T = TypeVar("T")

#: A value longer than this in a message is cut.
_LONGEST_VALUE = 80


class ShapeError(ValueError):
    """A value that does not have the shape it should; the message names the field, the value and what is expected."""


def read_argument(shape: type[T], arguments: object, source: str) -> T:
    """Read the argument of a command.

    Clients differ in how they write nothing: no list, an empty one, a null in it, or, from Lua, an empty list in the
    place of an empty object.

    Args:
        shape: What it should be.
        arguments: The ``arguments`` of ``workspace/executeCommand``.
        source: What messages begin with: the name of the command.

    Raises:
        ShapeError: There is more than one argument, or it does not have the shape.
    """
    given = arguments if isinstance(arguments, list | tuple) else [arguments]
    given = [argument for argument in given if argument is not None and argument != []]
    if len(given) > 1 or (given and not isinstance(given[0], Mapping)):
        raise ShapeError(f"{source} takes one object as its argument")
    return read(shape, given[0] if given else {}, source)


def read(shape: type[T], value: object, source: str) -> T:
    """Read an object. Null in an optional field is the same as no field; unknown fields are passed over.

    Args:
        shape: What it should be.
        value: JSON as Python has it.
        source: What messages begin with.

    Raises:
        ShapeError: It does not have the shape.
    """
    assert isinstance(value, Mapping)
    result: dict[str, Any] = {}
    for field in fields_of(cast(type, shape)):
        given = value.get(field.name)
        if given is None and not field.required:
            continue
        if field.name not in value:
            raise ShapeError(f"{source}: {field.name} is missing; it must be {describe_type(field)}")
        try:
            result[field.name] = _convert(field, field.type, given)
        except _UnfitError:
            raise ShapeError(f"{source}: {field.name} must be {describe_type(field)}, not {_show(given)}") from None
    return cast(T, result)


def describe_type(field: Field) -> str:
    """Say what a field takes: ``a whole number from 1 to 1000``."""
    if field.bounds is not None:
        return f"a whole number from {field.bounds.lowest} to {field.bounds.highest}"
    return " or ".join(_describe(option) for option in alternatives(field.type))


class _UnfitError(Exception):
    """A value that does not fit."""


def _describe(hint: Any) -> str:
    """Say what a type takes."""
    if is_typeddict(hint):
        names = [f"{field.name!r}" for field in fields_of(hint) if field.required]
        return f"an object with {' and '.join(names)}"
    if item_of(hint, list) is str:
        return "a list of strings"
    return {str: "a string", bool: "true or false", int: "a whole number"}.get(hint, "an object")


def _convert(field: Field, hint: Any, value: object) -> object:
    """Return a value as a type has it.

    Raises:
        _UnfitError: It does not fit.
    """
    options = alternatives(hint)
    if len(options) > 1:
        for option in options:
            try:
                return _convert(field, option, value)
            except _UnfitError:
                continue
        raise _UnfitError
    if is_typeddict(hint):
        if not isinstance(value, Mapping):
            raise _UnfitError
        try:
            return read(hint, value, "")
        except ShapeError:
            raise _UnfitError from None
    item = item_of(hint, list)
    if item is not None:
        if value == {}:  # an empty table of Lua
            return []
        if not isinstance(value, list):
            raise _UnfitError
        return [_convert(field, item, member) for member in value]
    if hint is int:
        return _whole(field, value)
    if not isinstance(value, dict if item_of(hint, dict) else hint):
        raise _UnfitError
    return value


def _whole(field: Field, value: object) -> int:
    """Return a whole number, also of ``10.0``: some clients know one kind of number only."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise _UnfitError
    number = int(value)
    if field.bounds is not None and not field.bounds.lowest <= number <= field.bounds.highest:
        raise _UnfitError
    return number


def _show(value: object) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
