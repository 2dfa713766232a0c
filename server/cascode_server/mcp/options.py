"""What a server for agents is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    #: The workspaces that a person named, absolute; none where the client, or the current directory, names them.
    workspaces: tuple[Path, ...]
    #: The folder that the server was started in, absolute.
    started_in: Path
    #: A model folder or a name; empty for what the settings and the environment say.
    model: str
