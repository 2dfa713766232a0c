"""Which value wins.

From weak to strong: the defaults, the user's file, the workspace's file, what the editor sends (on the command line:
the options). The workspace's file is stronger than the user's, since it knows the project: its size limit fits its
files. The editor is stronger than both, since it speaks for one person about one workspace at this moment, and a
switch that a person flips must do something. An editor therefore sends what its user has set, not its defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cascode_server.settings.check import Source, check_settings
from cascode_server.settings.files import TEAM_VARIABLE, WORKSPACE_FILE, read_file, user_file
from cascode_server.settings.leaves import SECTION, with_values
from cascode_server.settings.tree import Settings

#: What a problem in the editor's settings is said to come from.
_EDITOR = "editor settings"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Settings, and how they came to be."""

    settings: Settings
    #: One line for each bad value.
    problems: tuple[str, ...]
    #: What set a value, by its key; nothing for those that have their default.
    origins: Mapping[str, str]


def resolve(
    client: object, workspace: Path | None, trusted: bool, *, defaults: Settings | None = None
) -> tuple[Settings, list[str]]:
    """Join the settings of all sources; a bad value is reported and the next weaker one is used.

    Args:
        client: What the editor sent: the tree of its settings, with or without the section around it; None for none.
        workspace: The workspace whose file is read; None for none.
        trusted: Whether that file may name a model to load.
        defaults: Where to begin; None for the defaults of the tree.

    Returns:
        The settings, and one line for each problem.
    """
    found = resolution(client, workspace, trusted, defaults=defaults)
    return found.settings, list(found.problems)


def resolution(
    client: object, workspace: Path | None, trusted: bool, *, defaults: Settings | None = None
) -> Resolution:
    """Join the settings of all sources as :func:`resolve` does, and keep what set which value."""
    problems: list[str] = []
    origins: dict[str, str] = {}
    settings = defaults or Settings()
    for source in _sources(client, workspace, trusted, problems):
        good, found = check_settings(source)
        problems += found
        settings = with_values(settings, good)
        origins |= dict.fromkeys(good, source.label)
    return Resolution(settings, tuple(problems), origins)


def _sources(client: object, workspace: Path | None, trusted: bool, problems: list[str]) -> Iterator[Source]:
    """Read the sources, the weakest first; what cannot be read is added to the problems."""
    own = user_file()
    values, found = read_file(own)
    problems += found
    yield Source(str(own), values, own.parent, personal=True)
    if os.environ.get(TEAM_VARIABLE):
        yield Source(TEAM_VARIABLE, {"team.url": os.environ[TEAM_VARIABLE]}, personal=True)
    if workspace is not None:
        path = workspace.absolute() / WORKSPACE_FILE
        values, found = read_file(path)
        problems += found
        yield Source(str(path), values, path.parent, trusted=trusted)
    sent = _tree(client)
    if isinstance(sent, Mapping):
        yield Source(_EDITOR, sent, workspace, prefix=f"{SECTION}.", editor=True)
    elif sent:  # nothing set comes as null, and from Lua as an empty list; what did come may hold a password
        problems.append(f"{_EDITOR}: {SECTION} is ignored: it is a table of settings")


def _tree(client: object) -> object:
    """What an editor sent, without the section that some put around it."""
    if not isinstance(client, Mapping):
        return client
    if SECTION in client:
        return client[SECTION]
    prefix = f"{SECTION}."
    return {str(key).removeprefix(prefix): value for key, value in client.items()}
