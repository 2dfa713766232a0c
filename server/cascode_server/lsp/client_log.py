"""Log records in the client's log channel, as they come from any thread."""

from __future__ import annotations

import functools
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from cascode_server.logs import OWN_LOGGERS, debugging, set_level

if TYPE_CHECKING:
    from cascode_server.lsp.session import Session

#: The session that a thread or a task works for. Several clients of one process must not read each other's paths.
_owner: ContextVar[Session | None] = ContextVar("cascode_session", default=None)
#: Records from before ``initialize`` was answered are held: a client takes nothing earlier.
_HELD = 100
#: The handlers of all sessions.
_attached: set[ClientLogHandler] = set()
_LEVELS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
    (logging.NOTSET, types.MessageType.Log),
)


def work_for(session: Session) -> None:
    """Note that this thread, or this task and those it begins, work for a session."""
    _owner.set(session)


class ClientLogHandler(logging.Handler):
    """Sends records as ``window/logMessage``; tracebacks stay in the file.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(_level_of_process())
        self._session = session
        self._held: list[types.LogMessageParams] | None = []

    def filter(self, record: logging.LogRecord) -> Any:
        """Take records of this session; those of nobody in particular where it is the only one."""
        owner = _owner.get()
        if owner is not self._session and (owner is not None or len(_attached) > 1):
            return False
        return super().filter(record)

    def attach(self) -> None:
        """Begin to take records."""
        _attached.add(self)
        for name in OWN_LOGGERS:
            logging.getLogger(name).addHandler(self)

    def detach(self) -> None:
        """Take no more records."""
        _attached.discard(self)
        for name in OWN_LOGGERS:
            logger = logging.getLogger(name)
            # A list of its own: a record that is being handed on would skip whoever stands behind one that is removed.
            logger.handlers = [handler for handler in logger.handlers if handler is not self]
        _apply_levels()

    def use_level(self, level: str) -> None:
        """Take records from a level on; of several clients the most curious one says what is logged at all.

        A process that was started with ``--debug`` logs everything, whatever the settings say.

        Args:
            level: ``error``, ``warning``, ``info`` or ``debug``.
        """
        self.setLevel(logging.DEBUG if _level_of_process() == logging.DEBUG else level.upper())
        _apply_levels()

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


def _apply_levels() -> None:
    """Log what any client wants to see."""
    if _attached:
        set_level(logging.getLevelName(min(handler.level for handler in _attached)))


@functools.cache
def _level_of_process() -> int:
    """Return the level that the process was started with, as it is before any client's settings are known."""
    return logging.DEBUG if debugging() else logging.INFO
