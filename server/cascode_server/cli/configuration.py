"""The settings of a command: the user's file and that of the workspace; options come on top of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cascode import DEFAULT_LIMIT
from cascode_server.cli.current_directory import current_directory
from cascode_server.settings import MODEL_VARIABLE, Search, Settings
from cascode_server.settings.resolve import Resolution, resolution

#: A terminal shows fewer hits than an editor's list: each comes with lines of its source.
_DEFAULTS = Settings(search=Search(limit=DEFAULT_LIMIT))


def read_settings(workspaces: Sequence[Path]) -> Resolution:
    """Read the settings of a command.

    Args:
        workspaces: The workspaces that it is about; the first one's file counts. None is the current directory.
    """
    root = workspaces[0].expanduser() if workspaces else current_directory()
    # Nobody says here that a workspace is trusted, and a cloned one must not choose what is loaded: whoever wants its
    # model names it with --model.
    return resolution(None, root, False, defaults=_DEFAULTS)


def model_name(settings: Settings) -> str | None:
    """Return the model that the files name; None for the default model, which a variable may name.

    The variable is a person's own word in this shell, and wins: a file was written before.
    """
    return None if os.environ.get(MODEL_VARIABLE) else settings.model.path or None
