"""The beginning and the end of a session."""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types

from cascode_server.lsp.client import read_client
from cascode_server.lsp.commands import COMMANDS
from cascode_server.lsp.configuration import Configuration
from cascode_server.lsp.notebooks import SYNC
from cascode_server.lsp.parent import watch_process
from cascode_server.lsp.session import Session

logger = logging.getLogger(__name__)


def add_lifecycle(session: Session, configuration: Configuration) -> None:
    """Answer ``initialize``, ``initialized``, ``shutdown`` and ``exit``."""

    @session.feature(types.INITIALIZE)
    def initialize(params: Any) -> types.InitializeResult:
        """Say what this server can do; nothing is read, opened or loaded for it."""
        client = session.client = read_client(params)
        session.protocol.open()
        session.folders = list(client.folders)
        configuration.take_initial(client.settings)
        logger.info(
            "client %s, %d folders, columns in %s", client.name or "?", len(client.folders), client.encoding.value
        )
        if client.process_id is not None:
            watch_process(client.process_id, lambda: session.workers.later(session.end, 1))
        return types.InitializeResult(
            capabilities=types.ServerCapabilities(
                position_encoding=client.encoding,
                text_document_sync=types.TextDocumentSyncOptions(
                    open_close=True,
                    change=types.TextDocumentSyncKind.Incremental,
                    save=types.SaveOptions(include_text=False),
                ),
                notebook_document_sync=SYNC,
                workspace_symbol_provider=None if client.filters_symbols else True,
                execute_command_provider=types.ExecuteCommandOptions(commands=list(COMMANDS)),
                workspace=types.WorkspaceOptions(
                    workspace_folders=types.WorkspaceFoldersServerCapabilities(
                        supported=True, change_notifications=True
                    )
                ),
            ),
            server_info=types.ServerInfo(name=session.name, version=session.version),
        )

    @session.feature(types.INITIALIZED)
    async def initialized(_params: Any) -> None:
        """Ask for the settings, then begin to index."""
        session.log.let_through()
        await configuration.begin()
        if session.watching is not None:
            session.watching.register()
        session.start_indexing()

    @session.feature(types.SHUTDOWN)
    def shutdown(_params: Any) -> None:
        """Stop working; the client says ``exit`` when it has read the answer."""
        session.protocol.begin_shutdown()
        session.indexing.close()

    @session.feature(types.EXIT)
    def leave(_params: Any) -> None:
        """End the session: in good order only after ``shutdown``."""
        session.end(0 if session.protocol.is_shut_down else 1)

    @session.feature(types.SET_TRACE)
    def set_trace(_params: Any) -> None:
        """Accept a trace level; everything goes to the log."""
