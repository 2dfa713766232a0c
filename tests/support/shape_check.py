"""Checks JSON against a shape of the wire format, strictly: nothing missing, nothing more, nothing of another type."""

from __future__ import annotations

from typing import Any, is_typeddict

from cascode_server.schema.fields import alternatives, choices, fields_of, item_of


def misfits(hint: Any, value: object, place: str = "answer") -> list[str]:
    """Return what does not fit, one line each.

    Args:
        hint: A shape, or the type of a field.
        value: JSON as Python has it.
        place: What lines begin with.
    """
    if hint is Any or any(not misfits(option, value) for option in alternatives(hint) if option is not hint):
        return []
    if is_typeddict(hint):
        return _misfits_of_object(hint, value, place)
    if choices(hint):
        return [] if value in choices(hint) else [f"{place} is {value!r}, none of {choices(hint)}"]
    for container, item in ((list, item_of(hint, list)), (dict, item_of(hint, dict))):
        if item is not None and isinstance(value, container):
            members = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
            return [line for key, member in members for line in misfits(item, member, f"{place}[{key!r}]")]
    plain = {float: (int, float)}.get(hint, hint)
    if isinstance(plain, type | tuple) and isinstance(value, plain) and (hint is bool or not isinstance(value, bool)):
        return []
    return [f"{place} is {value!r}, not {hint}"]


def _misfits_of_object(shape: type, value: object, place: str) -> list[str]:
    """Check an object."""
    if not isinstance(value, dict):
        return [f"{place} is {value!r}, not an object"]
    fields = {field.name: field for field in fields_of(shape)}
    lines = [f"{place}.{name} is missing" for name, field in fields.items() if field.required and name not in value]
    for name, member in value.items():
        if name in fields:
            lines += misfits(fields[name].type, member, f"{place}.{name}")
        else:
            lines.append(f"{place}.{name} is in no shape")
    return lines
