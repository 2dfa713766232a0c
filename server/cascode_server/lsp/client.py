"""What a client says of itself in ``initialize``, read from plain JSON: unknown abilities are ignored."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_server.lsp.params import UnusableParamsError, at
from cascode_server.lsp.positions import Encoding, choose_encoding
from cascode_server.service.types import Folder
from cascode_server.service.uris import from_path, to_path

#: The largest process id of any system that we run on; psutil fails on larger numbers.
_MOST_PROCESS = 2**31
#: Editors built on VS Code's workbench, by the names that they give themselves. Their symbol list drops symbols whose
#: names do not match what was typed, so that answers to a question in plain words would never be shown.
_VSCODE = re.compile(r"visual studio code|vscod|code - oss|code-server|cursor|windsurf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Client:
    """A client's abilities and wishes."""

    name: str
    #: What our own editor plugins call themselves; empty for other clients.
    plugin: str
    process_id: int | None
    folders: tuple[Folder, ...]
    encoding: Encoding
    #: Sends the settings when asked, and takes a registration for their changes.
    can_configure: bool
    can_register_configuration: bool
    #: Watches files for us.
    can_watch: bool
    #: Shows progress that we begin.
    can_show_progress: bool
    #: The tree of settings that came along; None for none.
    settings: object
    #: Whether a workspace's file may name a model to load.
    trusted: bool

    @property
    def filters_symbols(self) -> bool:
        """Whether it drops symbols whose names do not match the query's letters."""
        return self.plugin == "vscode" or bool(_VSCODE.search(self.name))


def read_client(params: object) -> Client:
    """Read the params of ``initialize``.

    Raises:
        UnusableParamsError: They are not an object, or lack the client's capabilities.
    """
    if not isinstance(params, Mapping):
        raise UnusableParamsError("the params of initialize must be an object")
    if not isinstance(params.get("capabilities"), Mapping):
        raise UnusableParamsError("the params of initialize must hold the client's capabilities, an object")
    options = params.get("initializationOptions")
    options = options if isinstance(options, Mapping) else {}
    process_id = params.get("processId")
    return Client(
        name=str(at(params, "clientInfo", "name") or ""),
        plugin=str(options.get("client") or ""),
        process_id=process_id if isinstance(process_id, int) and 0 < process_id < _MOST_PROCESS else None,
        folders=_folders(params),
        encoding=choose_encoding(at(params, "capabilities", "general", "positionEncodings")),
        can_configure=at(params, "capabilities", "workspace", "configuration") is True,
        can_register_configuration=at(
            params, "capabilities", "workspace", "didChangeConfiguration", "dynamicRegistration"
        )
        is True,
        can_watch=at(params, "capabilities", "workspace", "didChangeWatchedFiles", "dynamicRegistration") is True,
        can_show_progress=at(params, "capabilities", "window", "workDoneProgress") is True,
        settings=options.get("settings"),
        trusted=options.get("trusted") is True,
    )


def read_folder(folder: object) -> Folder | None:
    """Read one workspace folder; None where it is not a folder of this machine."""
    if not isinstance(folder, Mapping):
        return None
    uri = folder.get("uri")
    path = to_path(uri) if isinstance(uri, str) else None
    if path is None:
        return None
    absolute = Path(os.path.normpath(path))  # as the indexer names its workspaces: no "..", links are kept
    return Folder(str(uri), str(folder.get("name") or absolute.name), absolute)


def distinct(folders: Sequence[Folder]) -> tuple[Folder, ...]:
    """Return the folders without those that name a workspace again."""
    return tuple({folder.path: folder for folder in reversed(folders)}.values())[::-1]


def _folders(params: Mapping[str, Any]) -> tuple[Folder, ...]:
    """Read the workspace folders, in the newest of the three ways in which a client may name them."""
    listed = params.get("workspaceFolders")
    if isinstance(listed, list) and listed:
        return distinct([folder for item in listed if (folder := read_folder(item)) is not None])
    root = params.get("rootUri")
    if isinstance(root, str):
        folder = read_folder({"uri": root})
        return () if folder is None else (folder,)
    path = params.get("rootPath")
    if isinstance(path, str) and path and Path(path).is_absolute():
        with contextlib.suppress(UnicodeError):  # half a character, which is in no name
            return (Folder(from_path(Path(path)), Path(path).name, Path(path)),)
    return ()
