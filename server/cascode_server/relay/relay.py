"""Carries a client's messages to the resident server and back, and past the death of that server."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from cascode_server.relay.backend import CHUNK_BYTES, Backend, Child, Resident
from cascode_server.relay.frames import Frames
from cascode_server.relay.greeting import RefusedError
from cascode_server.relay.journal import Journal, log_message
from cascode_server.relay.place import PlaceError, find_place
from cascode_server.relay.start import StartError, reach

#: A shared server that dies so often within a minute dies of something that a new one would die of too.
_MOST_LOSSES = 3
_LOSS_SECONDS = 60.0
#: Patience with a server's last words after the client has left.
_LEAVE_SECONDS = 5.0
#: 128 plus the number of SIGINT, as a shell has it.
_INTERRUPTED = 130


class Relay:
    """Stands between one client and the server behind it.

    Two threads: one reads the client and writes to the server, the other one the other way round.

    Args:
        source: Descriptor that the client writes to.
        sink: Descriptor that the client reads.
        process_id: The client's process as the command line names it; None where it does not.
    """

    def __init__(self, source: int, sink: int, process_id: int | None) -> None:
        self._source = source
        self._sink = sink
        self._process_id = process_id
        self._journal = Journal()
        #: Guards the journal and which server is behind.
        self._lock = threading.Lock()
        self._losses: list[float] = []
        self._warnings: list[str] = []
        self._leaving = False
        self._lost = False
        self._backend = self._open()

    def run(self) -> int:
        """Serve the client until it leaves.

        Returns:
            The exit status: 0 after ``shutdown``, else 1.
        """
        receiving = threading.Thread(target=self._receive, daemon=True)
        receiving.start()
        self._send()
        with self._lock:
            self._leaving = True
            self._backend.finish()
        receiving.join(_LEAVE_SECONDS)
        with self._lock:
            if self._backend.own:
                self._backend.close()
        return 0 if self._journal.shut_down else 1

    def _send(self) -> None:
        """Carry messages to the server until the client has nothing more to say."""
        frames = Frames()
        while not self._journal.left:
            try:
                data = os.read(self._source, CHUNK_BYTES)
            except OSError:
                data = b""
            if not data:
                return
            for message, body in frames.feed(data):
                with self._lock:
                    self._lost = self._lost or body is None
                    if body is not None:
                        self._journal.from_client(message, body)
                    self._backend.send(message)

    def _receive(self) -> None:
        """Carry messages to the client; where the server is lost, find another one."""
        frames = Frames()
        while True:
            data = self._backend.receive()
            if not data:
                if not self._recover():
                    break
                frames = Frames()
                continue
            for message, body in frames.feed(data):
                self._hand_on(message, body or b"")
        if not self._leaving:
            # The other thread waits for a client that may never say a word again.
            os._exit(self._journal.over if self._journal.over is not None else 1)

    def _hand_on(self, message: bytes, body: bytes) -> None:
        """Give a message to the client, unless it is not meant for it."""
        with self._lock:
            if self._losses and self._journal.is_repeated_start(body):
                return
            answer = self._journal.from_server(body)
            if answer is not None:
                self._backend.send(answer)
                return
            warnings: list[str] = []
            if self._journal.begun and self._warnings:
                warnings, self._warnings = self._warnings, []
        self._write(message)
        for text in warnings:
            self._write(log_message(text))

    def _recover(self) -> bool:
        """Put another server in the place of one that is lost; return whether there is one."""
        with self._lock:
            if self._leaving or self._journal.left or self._journal.over is not None:
                return False
            if self._backend.own or self._lost:
                self._say("the server ended unexpectedly")
                return False
            now = time.monotonic()
            self._losses = [*(at for at in self._losses if now - at < _LOSS_SECONDS), now]
            for message in (*self._journal.close_progress(), *self._journal.give_up_requests()):
                self._write(message)
            self._backend.close()
            if len(self._losses) < _MOST_LOSSES:
                self._warn("the shared server ended unexpectedly; another one takes its place")
                self._backend = self._open()
            else:
                self._warn("the shared server keeps ending unexpectedly; this editor gets a server of its own")
                self._backend = Child(self._process_id)
            for message in self._journal.replay():
                self._backend.send(message)
            return True

    def _open(self) -> Backend:
        """Reach the resident server; where there is none to be reached, start one for this client alone."""
        try:
            return Resident(reach(find_place(), "editor", self._process_id))
        except (RefusedError, StartError, PlaceError) as error:
            self._warn(f"this editor gets a server of its own: {error}")
            return Child(self._process_id)

    def _warn(self, text: str) -> None:
        """Say something on stderr, and in the client's log as soon as it takes messages."""
        self._say(text)
        self._warnings.append(text)

    def _say(self, text: str) -> None:
        """Say something on stderr."""
        print(f"cascode: {text}", file=sys.stderr, flush=True)  # noqa: T201

    def _write(self, message: bytes) -> None:
        """Write to the client; what nobody reads is dropped."""
        view = memoryview(message)
        try:
            while view:
                view = view[os.write(self._sink, view) :]
        except OSError:
            return


def leave_with(serve: Callable[[], int]) -> NoReturn:
    """Serve, and end the process with the exit status: a thread may still wait for a server's last words."""
    try:
        status = serve()
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.stderr.flush()
    os._exit(status)


def relay(process_id: int | None) -> int:
    """Serve the client on standard streams from the resident server.

    Args:
        process_id: The client's process as the command line names it; None where it does not.

    Returns:
        The exit status: 0 after ``shutdown``, else 1.
    """
    return Relay(0, 1, process_id).run()
