"""Puts a session together from its abilities."""

from __future__ import annotations

from collections.abc import Callable

from cascode_server.lsp.commands import add_commands
from cascode_server.lsp.configuration import Configuration
from cascode_server.lsp.documents import Documents
from cascode_server.lsp.folders import add_folders
from cascode_server.lsp.lifecycle import add_lifecycle
from cascode_server.lsp.notebooks import Notebooks
from cascode_server.lsp.progress import IndexingProgress
from cascode_server.lsp.session import Session
from cascode_server.lsp.status import StatusNotifier
from cascode_server.lsp.symbols import add_symbols
from cascode_server.lsp.watching import Watching
from cascode_server.service.process import SharedParts


def build_session(parts: SharedParts, on_exit: Callable[[int], None]) -> Session:
    """Return a session that is ready for its first message; call it on the event loop.

    Args:
        parts: What the sessions of one process share.
        on_exit: Called once with the exit status when the session is over.
    """
    session = Session(parts, on_exit)
    add_lifecycle(session, Configuration(session))
    add_commands(session)
    add_symbols(session)
    add_folders(session)
    session.documents = Documents(session)
    session.notebooks = Notebooks(session, session.documents)
    session.watching = Watching(session)
    StatusNotifier(session)
    IndexingProgress(session)
    return session
