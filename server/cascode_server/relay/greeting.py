"""What a client says to the resident server before its session or its command, and how it reaches it."""

from __future__ import annotations

import contextlib
import json
import socket

from cascode_server.relay.lock import is_held
from cascode_server.relay.place import PROTOCOL, Place

#: A server that has not answered by now hangs: whoever waits is better served by a server of its own.
ANSWER_SECONDS = 5.0
#: Longer than any answer.
_LONGEST_ANSWER = 4096
HOST = "127.0.0.1"


class RefusedError(Exception):
    """A server is there and does not serve this client; the message says why."""


def call(place: Place, wanted: str, *, process_id: int | None = None, seconds: float = ANSWER_SECONDS) -> socket.socket:
    """Reach the server and be let in.

    Args:
        place: Where it is.
        wanted: ``editor`` for a session of the language server, ``command`` for a question of the command line.
        process_id: The client's process, whose end ends its session.
        seconds: Patience with each step.

    Returns:
        The connection; what the client wants follows on it.

    Raises:
        ConnectionError: Nobody is there.
        RefusedError: The server does not serve this client, or does not answer.
    """
    try:
        connection, token = _connect(place, seconds)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no server at {place.directory}: {error}") from error
    try:
        connection.settimeout(seconds)
        hello = {
            "cascode": PROTOCOL,
            "identity": place.identity,
            "token": token,
            "wanted": wanted,
            "process_id": process_id,
        }
        connection.sendall(json.dumps(hello).encode() + b"\n")
        answer = json.loads(_line(connection))
        if answer.get("welcome") is not True:
            raise RefusedError(str(answer.get("reason") or "the shared server gave no reason"))
        connection.settimeout(None)
    except TimeoutError as error:
        connection.close()
        raise RefusedError(f"the shared server did not answer within {seconds:.0f} s") from error
    except OSError as error:  # it went away in this moment
        connection.close()
        raise ConnectionError(f"the server at {place.directory} is gone: {error}") from error
    except (ValueError, AttributeError) as error:
        connection.close()
        raise RefusedError("what answers is no shared server of this version") from error
    except RefusedError:
        connection.close()
        raise
    return connection


def _connect(place: Place, seconds: float) -> tuple[socket.socket, str]:
    """Open a connection; return it with the token that the server asks for."""
    if place.by_socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(seconds)
            connection.connect(str(place.socket))
        except OSError:
            connection.close()
            raise
        return connection, ""
    # A server that was killed leaves its file behind, and another user's program may have its port by now: the token,
    # and the code after it, goes to a living server of this user alone.
    if not is_held(place.lock):
        raise ConnectionError("it has ended")
    found = json.loads(place.port.read_text(encoding="ascii"))
    connection = socket.create_connection((HOST, int(found["port"])), timeout=seconds)
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection, str(found["token"])


def _line(connection: socket.socket) -> bytes:
    """Read one line and not a byte more: what follows is the session's."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte or len(line) > _LONGEST_ANSWER:
            raise ConnectionError("it closed the connection")
        line += byte
    return bytes(line)
