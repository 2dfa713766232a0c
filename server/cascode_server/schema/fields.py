"""Looks into shapes: their fields with type, documentation and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from cascode_server.schema import shapes
from cascode_server.schema.shapes import Bounds


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a shape."""

    name: str
    #: A plain type, a shape, ``list[...]``, ``dict[str, ...]``, a ``Literal`` or a union.
    type: Any
    description: str
    required: bool
    bounds: Bounds | None


def fields_of(shape: type) -> tuple[Field, ...]:
    """Return the fields of a shape, those it inherits first."""
    hints = get_type_hints(shape, include_extras=True)
    required: frozenset[str] = shape.__required_keys__  # type: ignore[attr-defined]
    return tuple(_field(name, hint, name in required) for name, hint in hints.items())


def all_shapes() -> tuple[type, ...]:
    """Return every public shape, each after those it is made of."""
    found = [shape for name, shape in vars(shapes).items() if is_typeddict(shape) and not name.startswith("_")]
    return tuple(found)


def shapes_in(hint: Any) -> Iterator[type]:
    """Yield the shapes that a type mentions."""
    if is_typeddict(hint):
        yield hint
    for argument in get_args(hint):
        yield from shapes_in(argument)


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union; the type itself where it is none."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def choices(hint: Any) -> tuple[str, ...]:
    """Return the values of a ``Literal``; empty for any other type."""
    return get_args(hint) if get_origin(hint) is Literal else ()


def item_of(hint: Any, container: type) -> Any:
    """Return what a ``list`` or a ``dict`` holds; None where the type is not that container."""
    return get_args(hint)[-1] if get_origin(hint) is container else None


def _field(name: str, hint: Any, required: bool) -> Field:
    """Take a field's annotation apart."""
    assert get_origin(hint) is Annotated, f"{name} has no documentation"
    kind, description, *others = get_args(hint)
    bounds = next((extra for extra in others if isinstance(extra, Bounds)), None)
    return Field(name, kind, description, required, bounds)
