"""What clients see of the log of the process that they share."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types

from cascode_server.lsp.client_log import OWN_LOGGERS, ClientLogHandler


@dataclass(eq=False)
class FakeSession:
    """A client that leaves at its first message, or stays."""

    leaves: bool
    received: list[str] = field(default_factory=list)
    handler: Any = None

    def window_log_message(self, message: types.LogMessageParams) -> None:
        """Note a message."""
        self.received.append(message.message)
        if self.leaves:
            self.handler.detach()


def test_a_client_that_leaves_costs_another_no_message() -> None:
    """A record that is on its way reaches everybody else, though one leaves before it has come round."""
    logger = logging.getLogger(OWN_LOGGERS[0])
    sessions = [FakeSession(leaves=True), FakeSession(leaves=False)]
    for session in sessions:
        session.handler = ClientLogHandler(session)  # type: ignore[arg-type]
        session.handler.filter = lambda _record: True
        session.handler.attach()
        session.handler.let_through()
    try:
        logger.warning("the disk is full")
        logger.warning("there is room again")
    finally:
        for session in sessions:
            session.handler.detach()
    assert [session.received for session in sessions] == [
        ["the disk is full"],
        ["the disk is full", "there is room again"],
    ]
    assert not any(isinstance(handler, ClientLogHandler) for handler in logger.handlers)
