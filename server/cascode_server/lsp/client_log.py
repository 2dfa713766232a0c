"""Log records in the client's log channel, as they come from any thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from cascode_server.logs import OWN_LOGGERS

if TYPE_CHECKING:
    from cascode_server.lsp.session import Session

#: Records from before ``initialize`` was answered are held: a client takes nothing earlier.
_HELD = 100
_LEVELS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
    (logging.NOTSET, types.MessageType.Log),
)


class ClientLogHandler(logging.Handler):
    """Sends records as ``window/logMessage``; tracebacks stay in the file.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._held: list[types.LogMessageParams] | None = []

    def attach(self) -> None:
        """Begin to take records."""
        for name in OWN_LOGGERS:
            logging.getLogger(name).addHandler(self)

    def detach(self) -> None:
        """Take no more records."""
        for name in OWN_LOGGERS:
            logging.getLogger(name).removeHandler(self)

    def let_through(self) -> None:
        """Send what was held, and from now on at once."""
        self.acquire()
        try:
            held, self._held = self._held or [], None
            for message in held:
                self._session.window_log_message(message)
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        """Send or hold one record."""
        try:
            kind = next(kind for level, kind in _LEVELS if record.levelno >= level)
            message = types.LogMessageParams(kind, record.getMessage())
            if self._held is None:
                self._session.window_log_message(message)
            elif len(self._held) < _HELD:
                self._held.append(message)
        except Exception:
            self.handleError(record)
