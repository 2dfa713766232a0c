"""Flat view of the tree of settings: one entry a setting, in the order of the tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cascode_server.settings.tree import About, Settings

#: The section of editors' settings, and the prefix of their names there.
SECTION = "cascode"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting."""

    #: Names on the wire, joined by dots: ``search.rerankTop``.
    key: str
    #: Names of the dataclass fields that lead to it.
    path: tuple[str, ...]
    default: bool | int | str
    about: About
    #: Meant for the editor, which alone reads it.
    editor_only: bool = False


def _of(node: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Give the settings below a node of the tree."""
    for field in dataclasses.fields(node):
        value, here = getattr(node, field.name), (*path, field.name)
        if dataclasses.is_dataclass(value):
            yield from _of(value, here)
        else:
            yield Leaf(".".join(map(_wire, here)), here, value, field.metadata["about"])


def _wire(name: str) -> str:
    """A field's name in camelCase."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


#: Settings of the server and the command line by key.
LEAVES: Mapping[str, Leaf] = MappingProxyType({leaf.key: leaf for leaf in _of(Settings())})
#: Settings that the editor reads itself, before there is a server.
EDITOR_LEAVES: Mapping[str, Leaf] = MappingProxyType(
    {
        leaf.key: leaf
        for leaf in (
            Leaf(
                "path",
                (),
                "",
                About(
                    "The `cascode` program to start as the server. Empty: the one in the selected Python environment, "
                    "else the one that the extension installs for itself. `~`, `${userHome}`, `${workspaceFolder}` "
                    "and `${env:NAME}` are replaced.",
                    restricted=True,
                ),
                editor_only=True,
            ),
            Leaf(
                "statusBar",
                (),
                True,
                About("Show the state of the index in the status bar; a click opens the details."),
                editor_only=True,
            ),
            Leaf(
                "trace.server",
                (),
                "off",
                About(
                    "Write the messages between the editor and the language server to the editor's log.",
                    choices=(("off", "nothing"), ("messages", "their names"), ("verbose", "all of them")),
                ),
                editor_only=True,
            ),
        )
    }
)
#: The tables around settings: every proper beginning of a key.
TABLES = frozenset(key.rpartition(".")[0] for key in (*LEAVES, *EDITOR_LEAVES) if "." in key)


def value_of(settings: Settings, leaf: Leaf) -> bool | int | str:
    """Return the value that a setting has."""
    node: Any = settings
    for name in leaf.path:
        node = getattr(node, name)
    assert isinstance(node, bool | int | str)
    return node


def with_values(base: Settings, values: Mapping[str, bool | int | str]) -> Settings:
    """Return settings with some values replaced.

    Args:
        base: The settings to begin with.
        values: Checked values by key.
    """
    for key, value in values.items():
        base = _replace(base, LEAVES[key].path, value)
    return base


def _replace(node: Any, path: tuple[str, ...], value: bool | int | str) -> Any:
    """A node with the value at the end of a path replaced."""
    first, *others = path
    below = _replace(getattr(node, first), tuple(others), value) if others else value
    return dataclasses.replace(node, **{first: below})
