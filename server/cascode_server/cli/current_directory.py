"""The directory that the program was started in, which may have been deleted since.

Libraries abort the process where there is none, even if every path they are given is absolute. So a deleted one is
left at once, and whatever would count from it is an error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

_left: list[Path] = []


def leave_if_deleted() -> None:
    """Move to the root of the file system if the current directory is gone."""
    try:
        Path.cwd()
    except OSError:
        _left.append(Path(os.environ.get("PWD", "")))
        os.chdir(Path(sys.executable).anchor)


def current_directory() -> Path:
    """Return the current directory, as a relative path.

    Raises:
        click.ClickException: It was deleted.
    """
    if _left:
        raise click.ClickException(
            "the current directory no longer exists: change to one that does, or use absolute paths"
        )
    return Path()


class FolderType(click.Path):
    """A folder; relative ones count from the current directory."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        path = super().convert(value, param, ctx)
        assert isinstance(path, Path)
        return path if path.expanduser().is_absolute() else current_directory() / path
