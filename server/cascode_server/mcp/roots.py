"""Which workspaces are searched: those that a person named, else the client's roots, else where the server started."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from cascode import CascodeError, WorkspaceError, checked_root
from cascode_server.mcp.options import Options
from cascode_server.service.uris import to_path

logger = logging.getLogger(__name__)


class NoWorkspaceError(CascodeError):
    """Nobody named a workspace that may be searched."""


def roots_of_client(uris: Sequence[str]) -> list[Path]:
    """Return the folders among a client's roots that are fit to be a workspace; what is left out is logged.

    Args:
        uris: As the client spells them.
    """
    roots = []
    for uri in uris:
        path = to_path(uri)
        try:
            if path is None:
                raise WorkspaceError(f"{uri} is not a folder of this machine")
            root = checked_root(path)
            if is_too_wide(root):
                raise WorkspaceError(f"{root} holds more than a project; name it with --workspace if you mean it")
            roots.append(root)
        except WorkspaceError as error:
            logger.warning("a root of the client is left out: %s", error)
    return roots


def default_roots(options: Options) -> list[Path]:
    """Return the workspaces of a client that names none.

    Args:
        options: What the command line says.

    Raises:
        NoWorkspaceError: The server was started where no project is.
        WorkspaceError: A workspace that was named is missing or cannot be read.
    """
    if options.workspaces:
        return [checked_root(workspace) for workspace in options.workspaces]
    if is_too_wide(options.started_in):
        raise NoWorkspaceError(
            f"there is no workspace to search: the client names no root, and {options.started_in} holds more than a "
            "project; add --workspace DIR to the arguments of 'cascode mcp'"
        )
    return [checked_root(options.started_in)]


def is_too_wide(folder: Path) -> bool:
    """Whether a folder is a home, or holds one: nobody means to have all of that read because of where a program began.

    Args:
        folder: An absolute path.
    """
    try:
        home = Path.home().resolve()
        return home.is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # no home is known
        return folder == Path(folder.anchor)
