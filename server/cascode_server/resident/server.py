"""The resident server: lets clients in, serves each as it wants, and leaves when nobody needs it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

from cascode_server.lsp.serve import serve_session
from cascode_server.lsp.session import Session
from cascode_server.lsp.writing import LoopWriter
from cascode_server.relay.frames import frame
from cascode_server.relay.greeting import ANSWER_SECONDS
from cascode_server.relay.journal import OVER
from cascode_server.relay.place import PROTOCOL, Place
from cascode_server.resident.commands import Commands
from cascode_server.service.process import SharedParts
from cascode_server.settings import Shared

logger = logging.getLogger(__name__)

#: Between two looks at whether anybody is there.
_LOOK_SECONDS = 1.0
_MINUTE = 60.0
#: Indexes that only the command line asked, and nobody asked for this long, are closed.
_ENGINE_SECONDS = 600.0


class ResidentServer:
    """Serves the clients of one user.

    Args:
        place: Where clients find it.
        expected: What a command will ask soon; None where an editor is about to come.
    """

    def __init__(self, place: Place, expected: Mapping[str, Any] | None = None) -> None:
        self.place = place
        self._expected = expected
        #: What a client has to say to be let in.
        self.token = ""
        self._parts = SharedParts()
        self._commands = Commands(self._parts)
        self._sessions: set[Session] = set()
        self._connections = 0
        #: When the last client left, on the loop's clock.
        self._empty_since = 0.0
        #: How long it waits: as the clients say that are there, or those that were there last.
        self._patience = Shared()
        self._leaving = False

    async def run(self) -> None:
        """Look now and then whether anything is needed; return when the server should leave."""
        loop = asyncio.get_running_loop()
        self._empty_since = loop.time()
        if self._expected is not None:
            await self._prepare(self._expected)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            patience = self._current_patience()
            if not self._connections and loop.time() - self._empty_since >= patience.exit_after * _MINUTE:
                self._leaving = True
                logger.info("leaving: nobody has been here for %d minutes", patience.exit_after)
                self._commands.close(0)
                return
            await asyncio.to_thread(self._commands.close, _ENGINE_SECONDS)

    async def _prepare(self, expected: Mapping[str, Any]) -> None:
        """Load what the next command needs, while others may come in already."""
        try:
            self._patience = await asyncio.to_thread(self._commands.prepare, expected)
        except Exception as error:  # the command will meet it again, and say it
            logger.error("what the next command needs was not loaded: %s", error, exc_info=error)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until it ends."""
        if self._leaving:  # who sees it closed without a word starts another server
            writer.close()
            return
        self._connections += 1
        try:
            hello = await self._let_in(reader, writer)
            if hello is None:
                return
            if hello.get("wanted") == "command":
                patience = await self._commands.serve(reader, writer)
                if patience is not None and not self._sessions:
                    self._patience = patience
            else:
                await self._serve_editor(reader, writer, hello.get("process_id"))
        except (OSError, asyncio.CancelledError) as error:
            logger.info("a connection ended: %s", error or type(error).__name__)
        except Exception as error:  # a fault of ours in one client's connection is not the others'
            logger.error("a connection failed: %s", error, exc_info=error)
        finally:
            self._connections -= 1
            self._empty_since = asyncio.get_running_loop().time()
            writer.close()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Mapping[str, Any] | None:
        """Read what a client says first, and answer; None where it is not let in."""
        try:
            line = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
            hello = json.loads(line)
        except (ValueError, RecursionError, asyncio.TimeoutError):
            logger.warning("rejected a client that did not greet")
            return None
        reason = self._reason_to_refuse(hello)
        if reason is not None:
            logger.info("rejected a client: %s", reason)
        answer = {"welcome": True, "pid": os.getpid()} if reason is None else {"welcome": False, "reason": reason}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        return hello if reason is None else None

    def _reason_to_refuse(self, hello: object) -> str | None:
        """Return why a client is not let in; None where it is."""
        if not isinstance(hello, Mapping):
            return "a greeting is an object"
        if not hmac.compare_digest(str(hello.get("token", "")).encode(), self.token.encode()):
            return "the token is wrong"
        if hello.get("cascode") != PROTOCOL or hello.get("identity") != self.place.identity:
            return "the shared server is another version, or has another model or other folders"
        return None

    async def _serve_editor(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: object) -> None:
        """Run the session of an editor."""
        out = LoopWriter(asyncio.get_running_loop(), writer)
        begun: list[Session] = []

        def begin(session: Session) -> None:
            begun.append(session)
            self._sessions.add(session)

        def end(status: int) -> None:
            # Without this word the relay takes the end of the connection for the death of the server.
            content = {"jsonrpc": "2.0", "method": OVER, "params": {"status": status}}
            out.write(frame(json.dumps(content).encode()))

        process_id = process if isinstance(process, int) and not isinstance(process, bool) else None
        try:
            # A context of its own: what is logged for one client must not reach another.
            task = asyncio.ensure_future(
                serve_session(reader, out, self._parts, process_id, on_begin=begin, on_end=end)
            )
            await task
        finally:
            self._current_patience()
            self._sessions.difference_update(begun)

    def _current_patience(self) -> Shared:
        """Return how long to wait: of several clients the most patient one counts."""
        wanted = [session.settings.shared for session in self._sessions]
        if wanted:
            self._patience = Shared(exit_after=max(shared.exit_after for shared in wanted))
        return self._patience
