"""Open documents: what is typed and not saved stands in for the file, so that lines are right before a save."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from cascode_indexer.errors import CascodeError
from cascode_models.errors import ModelError
from cascode_server.lsp.buffer import Buffer
from cascode_server.lsp.session import Session
from cascode_server.lsp.uris import to_path

if TYPE_CHECKING:
    from cascode_indexer.engine import Engine

_log = logging.getLogger(__name__)

#: Long enough to leave a fast typist's keystrokes together, short enough to be found within a second.
_DEBOUNCE_SECONDS = 0.15


class Documents:
    """Keeps the engine's overlays those of the client's open documents.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[Path, Buffer] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushing = False
        #: Open documents with edits that were not saved.
        self._edited: set[Path] = set()
        #: Documents whose file was there when they were handed over.
        self._stored: set[Path] = set()
        #: What the engine does not know yet: texts in pieces and whether they were edited, None for closed ones.
        self._dirty: dict[Path, tuple[tuple[str, ...], bool] | None] = {}
        self._dirty_lock = threading.Lock()
        #: Keeps the order: an older text must not be handed over after a newer one.
        self._push_lock = threading.Lock()
        self._engine: Engine | None = None
        session.on_indexed.append(self._on_indexed)

        @session.feature(types.TEXT_DOCUMENT_DID_OPEN)
        def opened(params: types.DidOpenTextDocumentParams) -> None:
            """Take up a document."""
            path = self._path(params.text_document.uri)
            if path is not None and session.client is not None:
                self._open[path] = Buffer(params.text_document.text, session.client.encoding)
                self._edited.discard(path)
                self._touch(path)

        @session.feature(types.TEXT_DOCUMENT_DID_CHANGE)
        def changed(params: types.DidChangeTextDocumentParams) -> None:
            """Take up edits."""
            path = self._path(params.text_document.uri)
            if path is None:
                return
            buffer = self._open.get(path)
            if buffer is None:
                _log.warning("edits of a document that is not open are dropped: %s", params.text_document.uri)
                return
            buffer.apply(params.content_changes)
            self._edited.add(path)
            self._touch(path)

        @session.feature(types.TEXT_DOCUMENT_DID_SAVE)
        def saved(params: types.DidSaveTextDocumentParams) -> None:
            """Index a saved file without waiting for a watcher to notice it."""
            from cascode_indexer.watch import ChangeBatch

            path = self._path(params.text_document.uri)
            root = None if path is None else self._root(path)
            if path is not None and root is not None:
                self._edited.discard(path)
                changed_paths = frozenset({path.relative_to(root).as_posix()})
                session.indexing.submit(ChangeBatch(root, changed_paths, frozenset(), rescan=False))

        @session.feature(types.TEXT_DOCUMENT_DID_CLOSE)
        def closed(params: types.DidCloseTextDocumentParams) -> None:
            """Let the file speak for itself again."""
            path = self._path(params.text_document.uri)
            if path is not None and self._open.pop(path, None) is not None:
                self._touch(path)

    def push(self, engine: Engine) -> bool:
        """Hand to the engine what it does not know yet; for worker threads, before each search.

        Returns:
            Whether there was anything.
        """
        with self._push_lock:
            if engine is not self._engine:
                self._engine = engine
                self._session.later(self._touch_all)
            with self._dirty_lock:
                dirty, self._dirty = self._dirty, {}
            for path, document in dirty.items():
                pieces, edited = document or ((), False)
                text = "".join(pieces)
                stored = path.exists()
                if stored:
                    self._stored.add(path)
                # Editors keep documents open for minutes after their tab is closed: one that nobody typed into does
                # not outlive its file.
                gone = path in self._stored and not stored and not edited
                if document is None:
                    self._stored.discard(path)
                if document is None or gone or _is_on_disk(path, text):
                    engine.clear_overlay(path)
                else:
                    engine.set_overlay(path, text)
            return bool(dirty)

    def _path(self, uri: str) -> Path | None:
        """Return the path of a document in a workspace; None for any other one."""
        path = to_path(uri)
        return None if path is None or self._root(path) is None else path

    def _root(self, path: Path) -> Path | None:
        """Return the innermost workspace that holds a path."""
        holders = [folder.path for folder in self._session.folders if path.is_relative_to(folder.path)]
        return max(holders, key=lambda root: len(root.parts), default=None)

    def _touch(self, path: Path) -> None:
        """Hand a document's text over, soon."""
        buffer = self._open.get(path)
        with self._dirty_lock:
            self._dirty[path] = None if buffer is None else (buffer.snapshot(), path in self._edited)
        if self._timer is None:
            self._timer = self._session.loop.call_later(_DEBOUNCE_SECONDS, self._flush)

    def _touch_all(self) -> None:
        """Hand all documents over: the engine is a new one."""
        for path in self._open:
            self._touch(path)

    def _flush(self) -> None:
        """Have what was typed parsed and encoded, on a thread."""
        self._timer = None
        if self._session.ended:
            return
        if self._flushing:  # what comes meanwhile goes with the next one
            self._timer = self._session.loop.call_later(_DEBOUNCE_SECONDS, self._flush)
            return
        self._flushing = True
        self._session.spawn(self._refresh())

    async def _refresh(self) -> None:
        """Hand over and refresh."""

        def work() -> None:
            with self._session.indexing.holder.borrowed() as engine:
                self.push(engine)
                engine.refresh_overlays()

        try:
            await self._session.side_thread(work)
        except (CascodeError, ModelError) as error:
            _log.warning("what was typed is found by a later search: %s", error)
        except Exception as error:
            if self._session.ended:
                return  # the threads and the engine are gone, and nobody asks any more
            _log.error("what was typed is not searched: %s", error, exc_info=error)
        finally:
            self._flushing = False

    def _on_indexed(self, root: Path, paths: frozenset[str] | None) -> None:
        """Look again at documents whose files were taken up: saved ones speak for themselves now."""

        def look() -> None:
            for path in self._open:
                if path.is_relative_to(root) and (paths is None or path.relative_to(root).as_posix() in paths):
                    self._touch(path)

        self._session.later(look)


def _is_on_disk(path: Path, text: str) -> bool:
    """Whether a file holds just this text."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
