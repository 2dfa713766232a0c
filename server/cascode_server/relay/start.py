"""Starts the resident server where none is: one of those who want it at once does, the others wait."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from cascode_server.relay.greeting import call
from cascode_server.relay.lock import FileLock
from cascode_server.relay.place import RUNTIME_DIR_VARIABLE, Place

#: A busy machine takes seconds to import what a server needs.
_START_SECONDS = 30.0
_LAUNCH = "from cascode_server.resident.main import main; main()"
#: What a server prints on stdout once it can be reached.
READY = b"ready"


class StartError(Exception):
    """There is no resident server, and none could be started; the message says why."""


def reach(place: Place, wanted: str, process_id: int | None) -> socket.socket:
    """Reach the resident server, which is started where it is missing.

    Args:
        place: Where it is.
        wanted: See :func:`call`.
        process_id: See :func:`call`.

    Raises:
        RefusedError: It does not serve this client.
        StartError: It cannot be started.
    """
    try:
        return call(place, wanted, process_id=process_id)
    except ConnectionError:
        pass
    lock = FileLock(place.starting)
    try:
        if not lock.acquire(_START_SECONDS):
            raise StartError("another process has been starting the shared server for too long")
    except OSError as error:
        raise StartError(f"{place.starting} cannot be locked: {error.strerror or error}") from error
    try:
        try:
            return call(place, wanted, process_id=process_id)  # another one has started it meanwhile
        except ConnectionError:
            _start(place)
        try:
            return call(place, wanted, process_id=process_id)
        except ConnectionError as error:
            raise StartError("the shared server ended right after its start; its log says why") from error
    finally:
        lock.release()


def child_options() -> dict[str, Any]:
    """Return what every process of ours is started with: nothing is imported from the current folder."""
    # Python looks for modules in the current folder first, and an editor's is a workspace.
    return {"cwd": str(Path(sys.executable).parent)}


def leave_behind(place: Place, question: Mapping[str, Any]) -> None:
    """Start a server for the next command without waiting until it serves. Of several that are started one stays.

    Args:
        place: Where it will be.
        question: Roots and settings of a command, whose index and model the server loads.

    Raises:
        StartError: It cannot be started.
    """
    process = _launch(place, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    # It may have ended already, where another one was there.
    with contextlib.suppress(OSError), process.stdin:
        process.stdin.write(json.dumps(question).encode())
    # It outlives this process, which must not complain of that.
    process.returncode = 0


def _launch(place: Place, *, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """Start the process of a server, which outlives this one."""
    options = child_options()
    options |= {"creationflags": 0x00000008 | 0x00000200} if os.name == "nt" else {"start_new_session": True}
    try:
        return subprocess.Popen(  # noqa: S603  this very program
            [sys.executable, "-c", _LAUNCH],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            # It starts in another folder, where a relative path would name another place.
            env={**os.environ, **place.environment, RUNTIME_DIR_VARIABLE: str(place.directory)},
            **options,
        )
    except OSError as error:
        raise StartError(f"{sys.executable} cannot be started: {error.strerror or error}") from error


def _start(place: Place) -> None:
    """Start the server and wait until it can be reached."""
    process = _launch(place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said: list[bytes] = []
    reading = threading.Thread(target=_read_line, args=(process.stdout, said), daemon=True)
    reading.start()
    reading.join(_START_SECONDS)
    # Whoever ends while this process lives would stay in the system's table.
    threading.Thread(target=process.wait, daemon=True).start()
    if not said or not said[0].startswith(READY):
        raise StartError("the shared server did not start; its log says why")


def _read_line(stream: IO[bytes], said: list[bytes]) -> None:
    """Read what the server prints; a thread, since pipes of Windows know no patience."""
    with stream:
        said.append(stream.readline())
