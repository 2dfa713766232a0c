"""The state of the indexes, for a status bar: on demand and as it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascode_server.logs import log_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cascode_indexer.indexing.types import WorkspaceStatus
    from cascode_server.lsp.session import Session

STATUS_METHOD = "cascode/status"
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
        self._last: dict[str, Any] | None = None
        self._waiting = False
        self._ready_at = 0.0
        session.on_state.append(self._changed)

    def _changed(self) -> None:
        """Send now, or as soon as the last one is old enough."""
        client = self._session.client
        if self._waiting or client is None or not client.plugin:
            return
        self._waiting = True
        delay = max(0.0, self._ready_at - self._session.loop.time())
        self._session.loop.call_later(delay, self._send)

    def _send(self) -> None:
        """Send the state unless it is the one that was sent last."""
        self._waiting = False
        self._ready_at = self._session.loop.time() + _INTERVAL_SECONDS
        now = status_json(self._session)
        if now != self._last and not self._session.protocol.is_shut_down:
            self._last = now
            self._session.protocol.notify(STATUS_METHOD, now)


def status_json(session: Session) -> dict[str, Any]:
    """Return the state of a session's indexes; asks neither disk nor model."""
    from cascode_indexer.location import index_root

    state = session.indexing.state
    skipped: dict[str, int] = {}
    for one in state.workspaces:
        for reason, count in one.skipped.as_dict().items():
            skipped[reason] = skipped.get(reason, 0) + count
    reading = state.progress is not None and state.progress.phase == "scan"
    files_done = state.progress.files_done if reading and state.progress else state.files
    files_total = (state.progress.files_total or files_done) if reading and state.progress else state.files
    model = session.model
    return {
        "state": state.state,
        "message": state.message,
        "functions": state.functions,
        "pending": state.pending,
        "files": {"done": files_done, "total": files_total},
        "rate": round(state.progress.rate, 1) if state.progress and state.progress.rate else None,
        "skipped": skipped,
        "model": {"label": model.label, "loaded": model.loaded, "device": model.device},
        "workspaces": [
            {
                "uri": folder.uri,
                "name": folder.name,
                "functions": known.counts.functions if known and known.counts else 0,
                "files": known.counts.files if known and known.counts else 0,
                "pending": known.counts.pending if known and known.counts else 0,
                "read_only": folder.path in state.read_only,
                "skipped": dict(known.skipped.as_dict()) if known else {},
            }
            for folder in session.folders
            for known in (_holder(state.workspaces, folder.path),)
        ],
        "version": session.version,
        "log_file": str(log_file()),
        "index_directory": str(index_root()),
    }


def _holder(workspaces: Sequence[WorkspaceStatus], root: Path) -> WorkspaceStatus | None:
    """Return the index that covers a workspace: its own, or that of one around it."""
    return next((one for one in workspaces if root.is_relative_to(one.root)), None)
