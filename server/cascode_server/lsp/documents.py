"""Open documents: what is typed and not saved stands in for the file, so that lines are right before a save."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types

from cascode import CascodeError, ModelError
from cascode_server.lsp.buffer import Buffer
from cascode_server.lsp.params import UnusableParamsError, edits_at, string_at
from cascode_server.lsp.session import Session
from cascode_server.service.uris import to_path

if TYPE_CHECKING:
    from cascode import Engine

logger = logging.getLogger(__name__)

#: Long enough to leave a fast typist's keystrokes together, short enough to be found within a second.
_DEBOUNCE_SECONDS = 0.15


class Typed(Protocol):
    """An open document."""

    def frozen(self) -> Callable[[], str]:
        """Return what makes the text of this moment, for a thread."""


class Documents:
    """Keeps the engine's overlays those of the client's open documents.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[Path, Typed] = {}
        #: Open documents with edits that were not saved.
        self._edited: set[Path] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing = False
        self._outbox = Outbox(lambda: session.workers.later(self._touch_all))
        session.on_indexed.append(self._on_indexed)

        for method, handle in (
            (types.TEXT_DOCUMENT_DID_OPEN, self._on_open),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._on_change),
            (types.TEXT_DOCUMENT_DID_SAVE, self._on_save),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._on_close),
        ):
            # pygls marks its handlers, which a method does not let it do.
            session.feature(method)(functools.partial(handle))

    def push(self, engine: Engine) -> bool:
        """Hand to the engine what it does not know yet; for worker threads, before each search.

        Returns:
            Whether there was anything.
        """
        return self._outbox.push(engine)

    @staticmethod
    def path_of(uri: str) -> Path | None:
        """Return the path of a document as the client spells it; None for one that is no file.

        Which workspace holds it is found where its text is taken up: workspaces come and go while it is open.
        """
        path = to_path(uri)
        return None if path is None else Path(os.path.normpath(path))

    @property
    def are_open(self) -> bool:
        """Whether any file is open."""
        return bool(self._open)

    def typed(self, path: Path, document: Typed, *, edited: bool) -> None:
        """Let an open document stand in for its file from now on.

        Args:
            path: The file as the client spells it.
            document: The document.
            edited: Whether somebody typed into it since it was opened or saved.
        """
        self._open[path] = document
        if edited:
            self._edited.add(path)
        else:
            self._edited.discard(path)
        self._touch(path)

    def saved(self, path: Path) -> None:
        """Index a document's file."""
        self._edited.discard(path)
        self._session.workers.submit(self._submit, path)

    def closed(self, path: Path) -> None:
        """Let a file count as it is on the disk."""
        if self._open.pop(path, None) is not None:
            self._edited.discard(path)
            self._touch(path)

    def _submit(self, path: Path) -> None:
        """Have a file indexed that was written; asks the disk for its spelling, so it is for threads."""
        from cascode import ChangeBatch

        self._session.written(path)
        place = self._session.place_of(path)
        if place is not None:
            root, relative = place
            self._session.indexing.submit(ChangeBatch(root, frozenset({relative}), frozenset(), rescan=False))

    def _on_open(self, params: Any) -> None:
        """Take the text of a document that was opened."""
        path = self._path(params, types.TEXT_DOCUMENT_DID_OPEN)
        if path is not None and self._session.client is not None:
            text = string_at(params, types.TEXT_DOCUMENT_DID_OPEN, "textDocument", "text")
            self.typed(path, Buffer(text, self._session.client.encoding), edited=False)

    def _on_change(self, params: Any) -> None:
        """Apply edits; a document whose edits cannot be applied is closed, since its text would be a wrong one."""
        path = self._path(params, types.TEXT_DOCUMENT_DID_CHANGE)
        if path is None:
            return
        buffer = self._open.get(path)
        if not isinstance(buffer, Buffer):
            logger.warning("ignoring edits to a document that is not open: %s", path)
            return
        try:
            buffer.apply(edits_at(params, types.TEXT_DOCUMENT_DID_CHANGE))
        except UnusableParamsError as error:
            logger.warning("%s is searched as it is on disk until it is opened again: %s", path, error)
            self.closed(path)
        else:
            self.typed(path, buffer, edited=True)

    def _on_save(self, params: Any) -> None:
        """Index a saved file without waiting for a watcher to notice it."""
        path = self._path(params, types.TEXT_DOCUMENT_DID_SAVE)
        if path is not None:
            self.saved(path)

    def _on_close(self, params: Any) -> None:
        """Let the file on disk count again."""
        path = self._path(params, types.TEXT_DOCUMENT_DID_CLOSE)
        if path is not None:
            self.closed(path)

    def _path(self, params: Any, method: str) -> Path | None:
        """Return the path of a message's document; None for one that is no file."""
        return self.path_of(string_at(params, method, "textDocument", "uri"))

    def _touch(self, path: Path) -> None:
        """Hand a document's text over, soon."""
        buffer = self._open.get(path)
        self._outbox.put(path, None if buffer is None else Draft(buffer.frozen(), path in self._edited))
        if self._timer is None:
            self._timer = self._session.workers.loop.call_later(_DEBOUNCE_SECONDS, self._flush)

    def _touch_all(self) -> None:
        """Hand all documents over: the engine is a new one."""
        for path in self._open:
            self._touch(path)

    def _flush(self) -> None:
        """Have what was typed parsed and encoded, on a thread."""
        self._timer = None
        if self._session.ended:
            return
        # What comes while it works goes with the next one. Before indexing begins there is no engine: waiting for it
        # would hold the thread that settings are worked out on, and those are what it begins with.
        if self._flushing or not self._session.started:
            self._timer = self._session.workers.loop.call_later(_DEBOUNCE_SECONDS, self._flush)
            return
        self._flushing = True
        self._session.workers.spawn(self._refresh())

    async def _refresh(self) -> None:
        """Hand over and refresh."""

        def work() -> None:
            with self._session.indexing.holder.borrowed() as engine:
                self.push(engine)
                engine.refresh_overlays()

        try:
            await self._session.workers.side(work)
        except (CascodeError, ModelError) as error:
            logger.warning("unsaved edits are found by a later search: %s", error)
        except Exception as error:
            if self._session.ended:
                return  # the threads and the engine are gone, and nobody asks any more
            logger.error("cannot search unsaved edits: %s", error, exc_info=error)
        finally:
            self._flushing = False

    def _on_indexed(self, _root: Path, paths: frozenset[str] | None) -> None:
        """Look again at documents whose files were indexed: saved ones need no overlay any more."""
        # By their names: the client may spell the folders above in another way.
        names = None if paths is None else {PurePosixPath(path).name.casefold() for path in paths}

        def look() -> None:
            for path in self._open:
                if names is None or path.name.casefold() in names:
                    self._touch(path)

        self._session.workers.later(look)


class Draft:
    """The text of a document at a moment.

    Args:
        text: Makes all of it, on a thread.
        edited: Whether somebody typed into it since it was opened or saved.
    """

    __slots__ = ("edited", "text")

    def __init__(self, text: Callable[[], str], edited: bool) -> None:
        self.text = text
        self.edited = edited


class Outbox:
    """What the engine does not know yet of open documents; filled on the event loop, emptied on threads.

    Args:
        on_new_engine: Called when texts go to an engine for the first time: it knows none of the others.
    """

    def __init__(self, on_new_engine: Callable[[], None]) -> None:
        self._on_new_engine = on_new_engine
        self._engine: Engine | None = None
        #: None for closed documents.
        self._waiting: dict[Path, Draft | None] = {}
        self._lock = threading.Lock()
        #: Keeps the order: an older text must not be handed over after a newer one.
        self._push_lock = threading.Lock()
        #: Documents whose file was there when they were handed over.
        self._stored: set[Path] = set()
        #: Why documents could not be handed over, as it was logged: they are tried with every search.
        self._failed: dict[Path, str] = {}

    def put(self, path: Path, draft: Draft | None) -> None:
        """Queue a document's text in place of an older one."""
        with self._lock:
            self._waiting[path] = draft

    def push(self, engine: Engine) -> bool:
        """Hand over what waits; return whether anything was taken."""
        with self._push_lock:
            if engine is not self._engine:
                self._engine = engine
                self._on_new_engine()
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            left = dict(waiting)
            try:
                for path, draft in waiting.items():
                    try:
                        self._hand_over(engine, path, draft)
                    except CascodeError:  # of the store, which is busy, for instance
                        raise
                    except Exception as error:  # of this document: the others are searched all the same
                        if self._failed.get(path) != repr(error):
                            self._failed[path] = repr(error)
                            logger.error("cannot search the unsaved edits of %s: %s", path, error, exc_info=error)
                        continue
                    self._failed.pop(path, None)
                    del left[path]
            finally:
                with self._lock:  # they are handed over with the next search
                    self._waiting = {**left, **self._waiting}
            return len(left) < len(waiting)

    def _hand_over(self, engine: Engine, path: Path, draft: Draft | None) -> None:
        """Let the engine search a document as it is typed; one that was closed or saved as it is on the disk."""
        text = None if draft is None or self._is_orphan(path, draft) else draft.text()
        if text is None or engine.holds(path, text):
            engine.clear_overlay(path)
        else:
            engine.set_overlay(path, text)
        if draft is None:
            self._stored.discard(path)

    def _is_orphan(self, path: Path, draft: Draft) -> bool:
        """Whether a document's file was deleted.

        Editors keep documents open for minutes after their tab is closed: one that nobody typed into does not outlive
        its file.
        """
        if os.path.exists(path):  # noqa: PTH110  that of Path raises where it may not look
            self._stored.add(path)
            return False
        return path in self._stored and not draft.edited
