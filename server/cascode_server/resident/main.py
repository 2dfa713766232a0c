"""Entry point of the resident server, which the first relay that wants it starts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from cascode_server.relay.greeting import ANSWER_SECONDS
from cascode_server.relay.lock import FileLock
from cascode_server.relay.place import find_place
from cascode_server.relay.start import READY
from cascode_server.resident.listening import listen
from cascode_server.resident.server import ResidentServer
from cascode_server.service.process import log_to_file, settle

logger = logging.getLogger(__name__)


def main() -> None:
    """Serve until nobody has needed the server for a while."""
    place = find_place()  # before the folder changes: variables may name relative paths
    expected = _expected_question()
    settle()
    log_to_file()
    # Relays hold this lock while they start a server. One that a command left behind takes it itself, so that relays
    # wait for it; where somebody else has it there will be a server anyway.
    turn = FileLock(place.starting)
    lock = FileLock(place.lock)
    # Where the one before is about to leave, its end is waited for.
    if (expected is not None and not turn.acquire(0)) or not lock.acquire(ANSWER_SECONDS if expected is None else 0):
        logger.info("another resident server is there")
        os._exit(1)
    lock.sign()
    logger.info("resident server of %s in %s", place.name, place.directory)
    try:
        asyncio.run(_serve(ResidentServer(place, expected), turn))
        status = 0
    except Exception as error:  # there is no terminal to show it
        logger.error("the resident server failed: %s", error, exc_info=error)
        status = 1
    logging.shutdown()
    # As for every server: threads inside torch cannot be stopped. The lock goes with the process.
    os._exit(status)


def _expected_question() -> Mapping[str, Any] | None:
    """Read what the next command will ask about, where one started this process and left that on stdin; else None."""
    said = sys.stdin.buffer.read()
    try:
        question = json.loads(said) if said else None
    except ValueError:  # whoever wrote it was killed
        return None
    return question if isinstance(question, dict) else None


async def _serve(server: ResidentServer, turn: FileLock) -> None:
    """Listen, say so, and serve."""
    async with listen(server.place, server.accept) as listening:
        server.token = listening.token
        _say_ready()
        turn.release()
        await server.run()
        # From here on nobody comes in any more.


def _say_ready() -> None:
    """Let whoever started this process connect; it reads nothing after that line."""
    os.write(1, READY + b"\n")
    sys.stdout.flush()
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123  a descriptor is wanted
        os.dup2(nothing.fileno(), 1)
