"""Questions of the command line, answered by engines that stay warm."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascode import CascodeError, ModelError
from cascode_server.service.portable import answer_to_json, progress_to_json, settings_from_json
from cascode_server.service.process import SharedParts
from cascode_server.settings import Settings, Shared

if TYPE_CHECKING:
    from cascode import Answer, Engine

logger = logging.getLogger(__name__)

#: Engines that are kept: each has its workspaces' vectors in memory.
_MOST_ENGINES = 4
#: Nobody shows progress of what is over sooner.
_SILENT_SECONDS = 0.3


class Commands:
    """Answers one question a connection.

    Args:
        parts: Shared with the editors' sessions: a workspace that an editor has open is open already.
    """

    def __init__(self, parts: SharedParts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._engines: dict[tuple[Any, ...], Engine] = {}
        self._used: dict[tuple[Any, ...], float] = {}
        self._busy: dict[tuple[Any, ...], int] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Shared | None:
        """Read a question and answer it.

        Returns:
            How long its settings let the server wait; None where there was no question.
        """
        line = await reader.readline()
        if not line:
            return None
        question = json.loads(line)
        settings = settings_from_json(question["settings"])
        loop = asyncio.get_running_loop()
        begun = time.monotonic()
        gone = threading.Event()

        def send(message: Mapping[str, Any]) -> None:
            if time.monotonic() - begun < _SILENT_SECONDS:
                return
            data = json.dumps(message).encode() + b"\n"
            loop.call_soon_threadsafe(lambda: None if writer.is_closing() else writer.write(data))

        async def watch() -> None:
            await reader.read(1)  # nothing more is said: this is the end
            gone.set()

        watching = asyncio.ensure_future(watch())
        try:
            last = await asyncio.to_thread(self._answer, question, settings, send, gone.is_set)
            writer.write(json.dumps(last).encode() + b"\n")
            await writer.drain()
        finally:
            watching.cancel()
        return settings.shared

    def prepare(self, question: Mapping[str, Any]) -> Shared:
        """Load what answers to questions with the same roots and settings need, by asking one.

        What fails will fail again, and be reported, where a person asks.

        Returns:
            How long the settings let the server wait.
        """
        settings = settings_from_json(question["settings"])
        # The command has just looked for changes.
        asked = {**question, "request": {"query": "warm up"}, "update": False, "sources": False}
        said = self._answer(asked, settings, lambda _message: None, lambda: False)
        if "answer" in said:
            logger.info("ready for commands about %s", ", ".join(question["roots"]))
        else:
            logger.info("not ready for commands: %s", said.get("error") or said.get("unavailable"))
        return settings.shared

    def close(self, seconds: float) -> None:
        """Close engines that nobody used in so many seconds."""
        with self._lock:
            old = [key for key, at in self._used.items() if not self._busy[key] and time.monotonic() - at >= seconds]
            engines = [self._forget(key) for key in old]
        for engine in engines:
            engine.close()

    def _forget(self, key: tuple[Any, ...]) -> Engine:
        """Take an engine out; the caller holds the lock."""
        del self._used[key], self._busy[key]
        return self._engines.pop(key)

    def _answer(
        self,
        question: Mapping[str, Any],
        settings: Settings,
        send: Callable[[Mapping[str, Any]], None],
        cancelled: Callable[[], bool],
    ) -> Mapping[str, Any]:
        """Answer on a worker thread; return the last message."""
        try:
            roots = tuple(Path(root) for root in question["roots"])
            key = (roots, settings.model.path, settings.device, settings.indexing, settings.team)
            engine = self._borrow(key, settings)
            try:
                if not engine.is_indexed():
                    return {"unavailable": "not indexed yet"}
                if question["update"]:
                    engine.update(
                        on_progress=lambda progress: send({"progress": progress_to_json(progress)}),
                        cancelled=cancelled,
                    )
                if not any(workspace.counts and workspace.counts.functions for workspace in engine.status()):
                    return {"unavailable": "no definitions"}
                answer = _ask(engine, question["request"], cancelled)
                sources = [engine.snippet(hit) for hit in answer.hits] if question["sources"] else []
                return {"answer": answer_to_json(answer), "sources": sources}
            finally:
                self._give_back(key)
        except (CascodeError, ModelError) as error:
            return {"error": str(error)}

    def _borrow(self, key: tuple[Any, ...], settings: Settings) -> Engine:
        """Return the engine of some workspaces, which is kept open while it is borrowed."""
        unused: list[Engine] = []
        with self._lock:
            engine = self._engines.get(key)
            if engine is None:
                engine = self._parts.open_engine(settings)
                try:
                    for root in key[0]:
                        engine.add_root(root)
                except BaseException:
                    engine.close()
                    raise
                for old in sorted(self._used, key=lambda other: self._used[other]):
                    if len(self._engines) >= _MOST_ENGINES and not self._busy[old]:
                        unused.append(self._forget(old))
                self._engines[key] = engine
            self._busy[key] = self._busy.get(key, 0) + 1
            self._used[key] = time.monotonic()
        for other in unused:
            other.close()
        return engine

    def _give_back(self, key: tuple[Any, ...]) -> None:
        """Let an engine be closed again."""
        with self._lock:
            self._busy[key] -= 1
            self._used[key] = time.monotonic()


def _ask(engine: Engine, request: Mapping[str, Any], cancelled: Callable[[], bool]) -> Answer:
    """Ask what was asked."""
    from cascode import SearchRequest

    if "line" in request:
        return engine.similar(Path(request["path"]), request["line"], limit=request["limit"])
    known = {field.name for field in dataclasses.fields(SearchRequest)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in request.items()
    }
    return engine.search(
        SearchRequest(**{name: value for name, value in values.items() if name in known}), cancelled=cancelled
    )
