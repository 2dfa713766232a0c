"""The state of the indexes, for a status bar: on demand and as it changes."""

from __future__ import annotations

from cascode_server.lsp.session import Session
from cascode_server.schema.methods import STATUS_NOTIFICATION
from cascode_server.schema.shapes import ServerStatus

#: Four a second: smoother than a status bar is read, cheaper than it is drawn.
_INTERVAL_SECONDS = 0.25


class StatusNotifier:
    """Sends ``cascode/status`` when the state changed.

    Only clients that name themselves in the initialization options get it: others show a warning for each
    notification that they do not know.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: ServerStatus | None = None
        self._waiting = False
        self._ready_at = 0.0
        session.on_state.append(self._on_state)

    def _on_state(self) -> None:
        """Send now, or as soon as the last one is old enough."""
        client = self._session.client
        if self._waiting or client is None or not client.plugin:
            return
        self._waiting = True
        delay = max(0.0, self._ready_at - self._session.workers.loop.time())
        self._session.workers.loop.call_later(delay, self._send)

    def _send(self) -> None:
        """Send the state unless it is the one that was sent last."""
        self._waiting = False
        self._ready_at = self._session.workers.loop.time() + _INTERVAL_SECONDS
        now = self._session.status()
        if now != self._last and not self._session.protocol.is_shut_down:
            self._last = now
            self._session.protocol.notify(STATUS_NOTIFICATION.name, now)
