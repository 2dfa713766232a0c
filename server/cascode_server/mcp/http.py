"""Streamable HTTP on loopback: nobody without the token is answered, and no page of a browser with it."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn
from mcp.server.lowlevel import Server

from cascode import CascodeError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)

#: Holds the token that clients must send; a random one is made where it is not set. A variable, since every user of the
#: machine can read the arguments of a process.
TOKEN_VARIABLE = "CASCODE_MCP_TOKEN"  # noqa: S105  the name of a variable
#: Loopback only: whoever reaches the port and has the token can read the code of the workspaces.
_HOST = "127.0.0.1"
_PATH = "/mcp"
#: Shorter tokens can be guessed.
_SHORTEST_TOKEN = 16
#: A question with a long traceback has some tens of kilobytes.
_MOST_BODY_BYTES = 1024 * 1024
#: More than all agents of a person; each session costs memory until it ends or has been idle for half an hour.
_MOST_SESSIONS = 100
#: Patience with open streams at the end.
_CLOSE_SECONDS = 1


class TokenRequired:
    """Turns away requests without the token, before anything of them is read.

    Args:
        app: Who answers the others.
        token: The token.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) == 1 and hmac.compare_digest(given[0], self._expected):
            await self._app(scope, receive, send)
            return
        logger.warning("a client without the token is refused")
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"www-authenticate", b"Bearer")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        body = b"send the header 'Authorization: Bearer TOKEN' with the token of 'cascode mcp --http'\n"
        await send({"type": "http.response.body", "body": body})


def token_of_environment() -> str | None:
    """Return the token that the environment names; None where it names none.

    Raises:
        CascodeError: It is too short, or holds what a header cannot.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        return None
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise CascodeError(
            f"{TOKEN_VARIABLE} must be at least {_SHORTEST_TOKEN} printable ASCII characters without spaces: make one "
            "with 'openssl rand -hex 32', or unset it to have one made"
        )
    return token


async def serve_http(server: Server[Any], port: int) -> None:
    """Serve clients until interrupted.

    Args:
        server: Answers them.
        port: The port; 0 for any free one, which is printed on stderr.

    Raises:
        CascodeError: The port is taken, or the token unusable.
    """
    given = token_of_environment()
    token = given or secrets.token_urlsafe(32)
    app = server.streamable_http_app(
        streamable_http_path=_PATH, host=_HOST, max_request_body_size=_MOST_BODY_BYTES, max_sessions=_MOST_SESSIONS
    )
    listening = _listen(port)
    config = uvicorn.Config(
        TokenRequired(app, token),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        loop="asyncio",
        ws="none",
        timeout_graceful_shutdown=_CLOSE_SECONDS,
    )
    _say(f"listening on http://{_HOST}:{listening.getsockname()[1]}{_PATH}")
    if given is None:
        _say(f"the token of this run is {token}; {TOKEN_VARIABLE} sets another one")
    await uvicorn.Server(config).serve(sockets=[listening])


def _listen(port: int) -> socket.socket:
    """Take the port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # a port that was just left may be taken again; elsewhere this would share it
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen()  # who connects before the server accepts waits for it
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise CascodeError(f"port {port} of {_HOST} cannot be taken ({reason}): name another one, or 0") from None
    return listening


def _say(text: str) -> None:
    """Say something to the person who started the server."""
    print(f"cascode: {text}", file=sys.stderr, flush=True)  # noqa: T201  it is for them
