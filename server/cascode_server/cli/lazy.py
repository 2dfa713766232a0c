"""Commands that are imported when they are run: a language server must not wait for the trainer's options."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is, and what the list of commands says about it, which is printed without importing any.

    Attributes:
        place: ``module:attribute``.
        summary: The first sentence of its help, or a shorter one.
    """

    place: str
    summary: str


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name.

    Args:
        commands: By name, in the order of the help.
    """

    def __init__(self, commands: Mapping[str, LazyCommand]) -> None:
        self._known = dict(commands)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self._known[name].place.partition(":")
            command = getattr(importlib.import_module(module), attribute)
            assert isinstance(command, click.Command)
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._known[name] = LazyCommand("", command.get_short_help_str())
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __len__(self) -> int:
        return len(self._known)

    def summary(self, name: str) -> str:
        """What the list of commands says about one."""
        return self._known[name].summary
