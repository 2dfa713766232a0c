"""The client's process, which is watched as long as its session lives."""

from __future__ import annotations

import asyncio
import json
import os
import threading

from cascode_server.lsp.serve import serve_session
from cascode_server.relay.frames import frame
from cascode_server.service.process import SharedParts

from .conftest import eventually


class Nobody:
    """Takes what a server writes, for nobody."""

    def write(self, data: bytes) -> None:
        """Drop a message."""

    def close(self) -> None:
        """Do nothing."""

    async def finish(self, seconds: float) -> None:
        """Do nothing."""


def watchers() -> int:
    """How many threads watch a process."""
    return sum(thread.name == "cascode-parent" for thread in threading.enumerate())


def test_a_session_that_has_ended_watches_no_process() -> None:
    """The client's process lives on with other sessions: no thread stays behind, which would keep this one."""
    counted: list[int] = []
    params = {"processId": os.getpid(), "capabilities": {}}

    async def serve() -> int:
        reader = asyncio.StreamReader()
        for message in ({"id": 1, "method": "initialize", "params": params}, {"method": "exit"}):
            reader.feed_data(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))
        return await serve_session(
            reader, Nobody(), SharedParts(), os.getpid(), on_end=lambda _status: counted.append(watchers())
        )

    assert asyncio.run(serve()) == 1
    assert counted == [2], "the process of the command line, and that of the client"
    eventually(lambda: watchers() == 0, 10.0)
