"""The beginning and the end of a session."""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types

from cascode_server.lsp.abilities import initialize_result
from cascode_server.lsp.client import read_client
from cascode_server.lsp.configuration import Configuration
from cascode_server.lsp.session import Session

logger = logging.getLogger(__name__)


def add_lifecycle(session: Session, configuration: Configuration) -> None:
    """Answer ``initialize``, ``initialized``, ``shutdown`` and ``exit``."""

    @session.feature(types.INITIALIZE)
    def initialize(params: Any) -> dict[str, Any]:
        """Say what this server can do; nothing is read, opened or loaded for it."""
        client = session.client = read_client(params)
        session.protocol.open()
        session.folders = list(client.folders)
        configuration.take_initial(client.settings)
        logger.info("client %s, %d folders, columns in %s", client.name or "?", len(client.folders), client.encoding)
        if client.process_id is not None:
            session.end_with(client.process_id)
        return initialize_result(client, str(session.version))

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
