"""What the server can do, as ``initialize`` answers it; no framework is imported for it."""

from __future__ import annotations

from typing import Any

from cascode_server.lsp.client import Client
from cascode_server.schema import methods

#: ``TextDocumentSyncKind.Incremental``: edits, not whole texts.
_INCREMENTAL = 2


def initialize_result(client: Client, version: str) -> dict[str, Any]:
    """Return the ``InitializeResult`` for a client.

    Args:
        client: What it said of itself.
        version: Of this server.
    """
    abilities: dict[str, Any] = {
        "positionEncoding": client.encoding,
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL, "save": {"includeText": False}},
        # Asked of a client that can: every notebook of Jupyter with all its cells.
        "notebookDocumentSync": {"notebookSelector": [{"notebook": "jupyter-notebook"}], "save": True},
        "executeCommandProvider": {"commands": [command.name for command in methods.COMMANDS]},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    if not client.filters_symbols:
        abilities["workspaceSymbolProvider"] = True
    return {"capabilities": abilities, "serverInfo": {"name": "cascode", "version": version}}
