"""Progress of indexing in the client's own progress display, with a cancel button that pauses."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

from lsprotocol import types

from cascode_server.lsp.params import at
from cascode_server.lsp.session import Session
from cascode_server.schema.methods import RESUME
from cascode_server.service.types import IndexState

logger = logging.getLogger(__name__)

#: What is done sooner than this is not worth a display that flashes up.
_PATIENCE_SECONDS = 0.5
#: Four a second are read by nobody, and drawn by everybody.
_INTERVAL_SECONDS = 0.25
_TITLE = "CasCode: indexing"


class IndexingProgress:
    """Shows how far indexing has come.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        #: Of the display that is open; None where none is.
        self._token: str | None = None
        self._opening = False
        self._refused = False
        self._reported_at = 0.0
        session.on_state.append(self._on_state)

        @session.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
        def cancel(params: Any) -> None:
            """Pause: what is done is kept, and a command resumes."""
            if self._token is not None and at(params, "token") == self._token:
                session.indexing.pause()

    @property
    def _state(self) -> IndexState:
        """The state of the indexes."""
        return self._session.indexing.state

    def _on_state(self) -> None:
        """Open, update or close the display."""
        client = self._session.client
        if client is None or not client.can_show_progress or self._session.protocol.is_shut_down:
            return
        working = self._state.state == "indexing"
        if self._token is not None:
            if working:
                self._report(self._token)
            else:
                self._end(self._token)
        elif working and not self._opening and not self._refused:
            self._opening = True
            self._session.workers.spawn(self._open())

    async def _open(self) -> None:
        """Open a display if indexing takes longer than a moment."""
        try:
            await asyncio.sleep(_PATIENCE_SECONDS)
            if self._state.state != "indexing":
                return
            token = f"cascode-{uuid.uuid4()}"
            try:
                await self._session.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))
            except Exception as error:  # the client's right; it is not asked again in this session
                self._refused = True
                logger.info("the client shows no progress: %s", error)
                return
            if self._state.state != "indexing" or self._session.protocol.is_shut_down:
                return  # a token that was never begun needs no end
            message, percentage = _words(self._state)
            self._token = token
            self._send(
                token, types.WorkDoneProgressBegin(_TITLE, cancellable=True, message=message, percentage=percentage)
            )
        finally:
            self._opening = False

    def _report(self, token: str) -> None:
        """Report how far it has come, not too often."""
        now = self._session.workers.loop.time()
        if now - self._reported_at < _INTERVAL_SECONDS:
            return
        self._reported_at = now
        message, percentage = _words(self._state)
        self._send(token, types.WorkDoneProgressReport(cancellable=True, message=message, percentage=percentage))

    def _end(self, token: str) -> None:
        """Close the display."""
        self._token = None
        state = self._state
        if state.state == "paused":
            message = f"paused; the command {RESUME.name} resumes it"
        else:
            message = state.message or f"{state.functions:,} definitions in {state.files:,} files"
        self._send(token, types.WorkDoneProgressEnd(message=message))

    def _send(
        self,
        token: str,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        """Send a step of the display."""
        self._session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))


def _words(state: IndexState) -> tuple[str, int]:
    """Return what is said of the state, and how much of the current phase is done in percent."""
    progress = state.progress
    if progress is None:
        return "looking for changed files", 0
    if progress.phase == "scan":
        if progress.files_total is None:
            return "looking for changed files", 0
        done, total = progress.files_done, progress.files_total
        text = f"read {done:,} of {total:,} files"
    else:
        done, total = progress.functions_done, progress.functions_total
        text = f"encoded {done:,} of {total:,} definitions"
        if progress.rate:
            text += f", {progress.rate:,.0f} a second"
    return text, min(100, 100 * done // total) if total else 100
