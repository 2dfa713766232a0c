"""Searches on worker threads, with the policies for an index or a model that is not ready yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cascode_server.service.types import Cancelled

if TYPE_CHECKING:
    from cascode import Answer, Engine, Gist, GistModel, ModelHandle, SearchRequest
    from cascode_server.service.indexing import IndexingService

#: Loading takes a second or two; a cancelled search should not hold its thread for longer than this.
_MODEL_POLL_SECONDS = 0.01
#: A workspace of 10,000 definitions is read in about two seconds: a first question waits so long for all of it, and
#: longer only until anything at all is found.
_FIRST_SCAN_SECONDS = 2.0
_FIRST_HIT_SECONDS = 10.0
_FIRST_SCAN_POLL_SECONDS = 0.02
#: A search that found nothing in a part of the workspace is made again this much later.
_AGAIN_SECONDS = 0.5

T = TypeVar("T")
#: Turns an answer into what the front end shows, while the engine that gave it may be used.
Render = Callable[["Engine", "Answer"], T]


class Searching:
    """Answers questions from the engine of an indexing service; its methods block.

    Args:
        indexing: Holds the engine.
        before_search: Called with the engine before each search, to hand over open buffers.
    """

    def __init__(self, indexing: IndexingService, before_search: Callable[[Engine], object]) -> None:
        self._indexing = indexing
        self._before_search = before_search

    def search(
        self, request: SearchRequest, render: Render[T], *, on_partial: Callable[[T], None] | None, cancelled: Cancelled
    ) -> T:
        """Answer a question.

        While the model is loading, a front end that takes several answers gets one by words at once. Another one
        waits for the model where the index is complete, and otherwise is answered by words: most definitions have
        no vector yet anyway.

        Args:
            request: The question; it must not wait for the model.
            render: Turns an answer into the result.
            on_partial: Called with each result before the last one; None where those are not wanted.
            cancelled: Whether nobody waits any more.

        Raises:
            QueryError: The query or a filter is invalid.
            ServiceUnavailableError: The engine cannot be opened, or the server is closing.
        """
        with self._indexing.holder.borrowed() as engine:

            def on_fast(answer: Answer) -> None:
                if on_partial is not None and not cancelled():
                    on_partial(render(engine, answer))

            self._before_search(engine)
            answer = self._search_when_scanned(engine, request, on_fast, cancelled)
            complete = answer.state == "ready" or not answer.pending
            if not answer.model_ready and (on_partial is not None or complete):
                on_fast(answer)
                wait_for_model(engine.model, cancelled)
                answer = engine.search(request, on_fast=on_fast, cancelled=cancelled)
            return render(engine, answer)

    def similar(
        self, path: Path, line: int, render: Render[T], *, limit: int, cell: int | None = None, cancelled: Cancelled
    ) -> T:
        """Find definitions like the one at a line of a file.

        Args:
            path: The file.
            line: A line of the definition, 1-based.
            render: Turns the answer into the result.
            limit: At most this many hits.
            cell: Number of the cell of a notebook that the line counts in; None for a line of the file.
            cancelled: Whether nobody waits any more.

        Raises:
            CancelledError: Nobody waits any more.
            QueryError: The file is in no workspace and not open, or no definition is there.
            ServiceUnavailableError: The engine cannot be opened, or the server is closing.
        """
        with self._indexing.holder.borrowed() as engine:
            self._before_search(engine)
            wait_for_model(engine.model, cancelled)
            stop_if(cancelled)
            return render(engine, engine.similar(path, line, limit=limit, cell=cell, wait_for_model=False))

    def describe(self, model: GistModel, path: Path, line: int, *, cancelled: Cancelled) -> Gist:
        """Say what the definition at a line of a file does, of its open buffer where there is one.

        Args:
            model: Says it where no documentation does.
            path: The file.
            line: A line of the definition, 1-based.
            cancelled: Whether nobody waits any more.

        Raises:
            CancelledError: Nobody waits any more; the model was not asked.
            QueryError: The file is in no workspace and not open, is gone, or has no definition there.
            ModelError: The model cannot be used.
            ServiceUnavailableError: The engine cannot be opened, or the server is closing.
        """
        from cascode import QueryError

        with self._indexing.holder.borrowed() as engine:
            self._before_search(engine)
            source = engine.text(path)
        if source is None:
            raise QueryError(f"{path} cannot be read: it was deleted, or is no text")
        stop_if(cancelled)
        return model.gist(path, source, line)

    def _search_when_scanned(
        self, engine: Engine, request: SearchRequest, on_fast: Callable[[Answer], None], cancelled: Cancelled
    ) -> Answer:
        """Search, and again while a first scan may bring what was not found."""
        patience = time.monotonic() + _FIRST_HIT_SECONDS
        self._wait_for_first_scan(engine, _FIRST_SCAN_SECONDS, cancelled)
        while True:
            # Asked before the search: what is read after it would be missing from an answer taken for complete.
            reading = self._is_first_scan(engine)
            answer = engine.search(request, on_fast=on_fast, cancelled=cancelled)
            if answer.hits or not reading or cancelled() or time.monotonic() > patience:
                return answer
            self._wait_for_first_scan(engine, _AGAIN_SECONDS, cancelled)

    def _is_first_scan(self, engine: Engine) -> bool:
        """Whether a workspace is being read for the first time: an empty answer would help nobody."""
        return self._indexing.state.state in ("starting", "indexing") and not engine.is_indexed()

    def _wait_for_first_scan(self, engine: Engine, seconds: float, cancelled: Cancelled) -> None:
        """Wait for the end of the first scan, without searches: those would go before it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not cancelled() and self._is_first_scan(engine):
            time.sleep(_FIRST_SCAN_POLL_SECONDS)


def stop_if(cancelled: Cancelled) -> None:
    """Raise ``CancelledError`` where nobody waits for a result any more, so that nothing is computed for it."""
    if cancelled():
        raise CancelledError


def wait_for_model(model: ModelHandle, cancelled: Cancelled) -> None:
    """Wait until the model is loaded, cannot be loaded, or nobody waits for it any more."""
    model.start()
    while not (model.loaded or model.error or cancelled()):
        time.sleep(_MODEL_POLL_SECONDS)
