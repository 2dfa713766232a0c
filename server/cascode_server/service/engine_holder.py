"""Holds the engine for threads that use it, so that it can be replaced under them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cascode_server.service.types import ServiceUnavailableError

if TYPE_CHECKING:
    from cascode import Engine


class EngineHolder:
    """Lends the engine; a replaced one is closed when its last borrower has returned it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._engine: Engine | None = None
        self._borrowers: dict[int, int] = {}
        self._retired: dict[int, Engine] = {}
        self._failure: str | None = None
        self._closed = False

    @property
    def current(self) -> Engine | None:
        """The engine, for the thread that opens and closes it; None before it is open."""
        return self._engine

    def put(self, engine: Engine) -> None:
        """Lend this engine from now on."""
        with self._changed:
            before, self._engine, self._failure = self._engine, engine, None
            if before is not None:
                self._retired[id(before)] = before
            self._changed.notify_all()
        self._close_unused()

    def fail(self, reason: str) -> None:
        """Wake those who wait with the reason why there is no engine."""
        with self._changed:
            self._failure = reason
            self._changed.notify_all()

    def close(self) -> None:
        """Stop lending, and close what nobody uses."""
        with self._changed:
            self._closed = True
            if self._engine is not None:
                self._retired[id(self._engine)] = self._engine
            self._engine = None
            self._changed.notify_all()
        self._close_unused()

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Engine]:
        """Use the engine, waiting until it is open.

        Raises:
            ServiceUnavailableError: It cannot be opened, or the server is closing.
        """
        with self._changed:
            while self._engine is None:
                if self._closed or self._failure is not None:
                    raise ServiceUnavailableError(self._failure or "the server is closing")
                self._changed.wait()
            engine = self._engine
            self._borrowers[id(engine)] = self._borrowers.get(id(engine), 0) + 1
        try:
            yield engine
        finally:
            with self._changed:
                self._borrowers[id(engine)] -= 1
            self._close_unused()

    def _close_unused(self) -> None:
        """Close retired engines that nobody uses."""
        with self._changed:
            unused = [key for key in self._retired if not self._borrowers.get(key)]
            engines = [self._retired.pop(key) for key in unused]
            for key in unused:
                self._borrowers.pop(key, None)
        for engine in engines:
            engine.close()
