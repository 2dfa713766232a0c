"""Checks values one by one: what is wrong becomes one line, and the rest is used.

A structuring library takes or refuses a whole tree. Here each value stands alone, since a typing mistake in one
setting must not switch the others off.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_server.settings.files import user_file
from cascode_server.settings.leaves import EDITOR_LEAVES, LEAVES, TABLES, Leaf

#: A shown value is cut here, so that a problem stays one line that can be read.
_SHOWN_CHARACTERS = 60
#: A name this unlike (difflib's ratio) is not a typing mistake; its default of 0.6 guesses wildly on short names.
_LIKENESS = 0.7


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from, and what they may do."""

    #: What a problem calls it: a file's path, or the editor.
    label: str
    values: Mapping[str, Any]
    #: Folder that relative paths count from; None where there is none.
    base: Path | None = None
    #: Whether it may set what names a program or a file to load.
    trusted: bool = True
    #: Written before a key, as people see it there.
    prefix: str = ""
    #: Whether settings that only the editor reads may stand there.
    editor: bool = False
    #: Whether it is the user's own, and no workspace has a say in it.
    personal: bool = False


def check_settings(source: Source) -> tuple[dict[str, bool | int | str], list[str]]:
    """Check all values of a source.

    Args:
        source: Where they come from.

    Returns:
        The good values by key, and a line for each problem.
    """
    values: dict[str, bool | int | str] = {}
    problems: list[str] = []
    for key, value in _flat(source.values):
        problem = _take(source, key, value, values)
        if problem is not None:
            problems.append(f"{source.label}: {source.prefix}{_printable(key)} {problem}")
    return values, problems


def _take(source: Source, key: str, value: Any, values: dict[str, bool | int | str]) -> str | None:
    """Take a value where it is good; else say what is wrong with it."""
    leaf = LEAVES.get(key)
    if leaf is None:
        return _not_a_setting(source, key, value)
    if value is None:  # how editors say that nothing is set
        return None
    if leaf.about.personal and not source.personal:
        return f"is ignored: nothing but your own settings may say where something is sent; set it in {user_file()}"
    if leaf.about.restricted and not source.trusted:
        return (
            f"{_given(key, value)}is ignored: a workspace's file may not name what is loaded unless the editor "
            f"trusts the workspace; set it in your own settings"
        )
    good = _value(leaf, value)
    if good is None:
        return f"{_given(key, value)}is ignored: use {describe_values(leaf)}"
    values[key] = _anchor(good, source.base) if leaf.about.restricted and isinstance(good, str) else good
    return None


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Give values by their whole key: editors send ``{"search.limit": 5}`` or ``{"search": {"limit": 5}}``."""
    for name, value in values.items():
        key = f"{before}{name}"
        # An empty table sets nothing: Lua sends it as a list, which has no names either.
        if key in TABLES and value in ({}, [], None):
            continue
        if key in TABLES and isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _not_a_setting(source: Source, key: str, value: Any) -> str | None:
    """Say why a key holds no setting, and which one may be meant."""
    if key in EDITOR_LEAVES:
        return None if source.editor else "is ignored: the editor reads it; set it in the editor's settings"
    if key in TABLES:
        inside = ", ".join(leaf for leaf in LEAVES if leaf.startswith(f"{key}."))
        return f"{_given(key, value)}is ignored: it is a table that holds {inside or 'settings of the editor'}"
    settable = [name for name, leaf in LEAVES.items() if source.personal or not leaf.about.personal]
    known = [*settable, *(EDITOR_LEAVES if source.editor else ())]
    meant = _like(key, sorted(TABLES) if isinstance(value, Mapping) else known)
    if meant:
        return f"is unknown: did you mean {source.prefix}{meant}?"
    return "is unknown: 'cascode settings' shows those there are"


def _like(key: str, known: Sequence[str]) -> str | None:
    """The known key that a slip of the fingers, or a table left out, made another one of."""
    whole = {_letters(name): name for name in known}
    ends = {_letters(name.rpartition(".")[2]): name for name in known}
    for names, wanted in ((whole, key), (ends, key.rpartition(".")[2])):
        near = difflib.get_close_matches(_letters(wanted), names, n=1, cutoff=_LIKENESS)
        if near:
            return names[near[0]]
    return None


def _letters(key: str) -> str:
    """A key without the marks that people mix up: ``max_file_size`` for ``maxFileSize``."""
    return key.replace("_", "").replace("-", "").lower()


def _value(leaf: Leaf, value: Any) -> bool | int | str | None:
    """The value of a setting, or None where it takes no such value."""
    if isinstance(leaf.default, bool):
        return value if isinstance(value, bool) else None
    if isinstance(leaf.default, int):
        if isinstance(value, float) and value.is_integer():  # Lua and JavaScript know one kind of number
            value = int(value)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and leaf.about.minimum <= value <= leaf.about.maximum else None
    if not isinstance(value, str):
        return None
    names = [name for name, _ in leaf.about.choices]
    if names:
        return value if value in names else None
    return value if "\0" not in value else None


def describe_values(leaf: Leaf) -> str:
    """Say what a setting takes.

    Args:
        leaf: The setting.

    Returns:
        Words that fit after "give".
    """
    if isinstance(leaf.default, bool):
        return "true or false"
    if isinstance(leaf.default, int):
        return f"a whole number from {leaf.about.minimum:,} to {leaf.about.maximum:,}"
    if leaf.about.choices:
        *others, last = (f'"{name}"' for name, _ in leaf.about.choices)
        return f"{', '.join(others)} or {last}"
    return "text in quotes"


def _given(key: str, value: Any) -> str:
    """``= value`` with a space behind it; nothing where it may hold a password, as text in place of a table may."""
    secret = any(leaf.about.secret and f"{name}.".startswith(f"{key}.") for name, leaf in LEAVES.items())
    return "" if secret else f"= {_shown(value)} "


def _shown(value: Any) -> str:
    """A value as people write it in settings, on one short line."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return _printable(text)


def _printable(text: str) -> str:
    """Text cut to a length, without line breaks and what a terminal would obey."""
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _anchor(path: str, base: Path | None) -> str:
    """A path that says where it counts from, made whole; a name stays a name."""
    if path.startswith("~"):
        try:
            return str(Path(path).expanduser())
        except RuntimeError:  # no such user
            return path
    if base is not None and path.replace("\\", "/").startswith(("./", "../")):
        return str((base / path).resolve())
    return path
