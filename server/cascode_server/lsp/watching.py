"""Changed files: reported by the client where it offers that, otherwise noticed by our own watcher."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from cascode import WorkspaceError
from cascode_server.lsp.session import Session
from cascode_server.service.uris import to_path
from cascode_server.service.watchers import Watchers
from cascode_server.settings import WORKSPACE_FILE

if TYPE_CHECKING:
    from cascode import ChangeBatch, IgnoreRules, Notices, NoticeSource

logger = logging.getLogger(__name__)

_REGISTRATION = "cascode-files"
#: A client that has not answered the registration by now is not relied on.
_ANSWER_SECONDS = 10.0
#: Clients miss changes: those in new folders, those of other programs, those while they were busy. A scan that finds
#: nothing costs about 20 ms per 1,000 files, so this often is cheap.
_CHECK_SECONDS = 300.0
#: Git's own files change with each of its commands, and hold no functions.
_GIT = ".git"


class _ClientSource:
    """The client as a source of notices: debouncing and ignore rules are the watcher's."""

    def __init__(self, notices: Notices) -> None:
        self.notices = notices

    def sync(self, root: Path, rules: IgnoreRules) -> None:
        """Do nothing: the client watches whole folders."""

    def close(self) -> None:
        """Do nothing: the client keeps sending events, which are ignored."""


class Watching:
    """Watches the workspaces of a session.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watchers = Watchers()
        #: Guards the sources.
        self._lock = threading.Lock()
        self._sources: dict[Path, _ClientSource] = {}
        self._reliable = True
        #: Whether the client takes requests by now, and whether it was asked to watch.
        self._begun = False
        self._registered = False
        self._timer: asyncio.TimerHandle | None = None

        @session.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
        def changed(params: Any) -> None:
            """Take up what the client noticed, on a thread: a branch switch brings thousands of events."""
            session.workers.submit(self._take, params)

    def register(self) -> None:
        """Ask the client to watch, where it offers that; call it once the settings are known."""
        self._begun = True
        self._rely()

    def reconsider(self) -> None:
        """Watch all workspaces again, after the setting changed."""
        self._rely()
        self._session.workers.submit(self._rewatch)

    def _rely(self) -> None:
        """Have the client watch where it is to, and look now and then for what it misses."""
        if not self._begun or not self._client_watches:
            return
        if self._timer is None:
            self._timer = self._session.workers.loop.call_later(_CHECK_SECONDS, self._check)
        if self._registered:
            return
        self._registered = True
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob_pattern="**/*")])
        registration = types.Registration(_REGISTRATION, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        answer = self._session.client_register_capability(types.RegistrationParams([registration]))
        answer.add_done_callback(self._on_registration)
        self._session.workers.loop.call_later(_ANSWER_SECONDS, self._expect, answer)

    def watch(self, root: Path) -> None:
        """Watch a workspace from now on; walks it, so it is for worker threads."""
        from cascode import Watcher

        def source(notices: Notices) -> NoticeSource:
            with self._lock:
                self._sources[root] = _ClientSource(notices)
                return self._sources[root]

        self.unwatch(root)
        try:
            watcher = Watcher([root], self._submit, source=source if self._client_watches else None)
            self._watchers.start(root, watcher)
        except (WorkspaceError, OSError) as error:
            self._session.show_problem(f"changes in {root} will be missed: {error}")

    def unwatch(self, root: Path) -> None:
        """Watch a workspace no longer."""
        with self._lock:
            self._sources.pop(root, None)
        self._watchers.stop(root)

    def close(self) -> None:
        """Watch nothing any more."""
        self._watchers.close()

    @property
    def _client_watches(self) -> bool:
        """Whether the client's events are relied on."""
        client = self._session.client
        return client is not None and client.can_watch and self._reliable and self._session.settings.watcher != "server"

    def _submit(self, batch: ChangeBatch) -> None:
        """Have changes indexed, and the settings read again that may be among them."""
        self._session.indexing.submit(batch)
        if batch.rescan or WORKSPACE_FILE in batch.changed | batch.deleted:
            self._session.written(batch.root / WORKSPACE_FILE)

    def _on_registration(self, answer: Future[None]) -> None:
        """Watch here if the client refuses after all."""
        if not answer.cancelled() and (error := answer.exception()) is not None:
            self._give_up(f"the client refused to watch files ({error})")

    def _expect(self, answer: Future[None]) -> None:
        """Watch here if the client has not answered."""
        if not answer.done():
            self._give_up("the client did not answer whether it watches files")

    def _give_up(self, reason: str) -> None:
        """Rely on the client no more."""
        if self._reliable and not self._session.ended:
            logger.warning("%s: the server watches them", reason)
            self._reliable = False
            self.reconsider()

    def _rewatch(self) -> None:
        """Begin again with whoever watches now."""
        for root in self._watchers.roots:
            self.watch(root)
        self._session.indexing.rescan(full=False)  # nobody announced what changed meanwhile

    def _check(self) -> None:
        """Look for changes that the client did not announce."""
        self._timer = None
        if self._session.ended or not self._client_watches:
            return
        self._session.indexing.rescan(full=False)
        self._rely()

    def _take(self, params: Any) -> None:
        """Hand the client's events to the watchers of their workspaces."""
        changes = params.get("changes") if isinstance(params, Mapping) else None
        if not isinstance(changes, list):
            logger.warning("ignoring a notification of changed files: it has no list of changes")
            return
        with self._lock:
            sources = dict(self._sources)
        roots = sorted(sources, key=lambda root: -len(root.parts))
        for change in changes:
            uri = change.get("uri") if isinstance(change, Mapping) else None
            path = to_path(uri) if isinstance(uri, str) else None
            if path is None:
                continue
            if path.name == WORKSPACE_FILE:  # its workspace may be one that nobody watches
                self._session.written(path)
            place = self._session.disk.place(roots, path)
            if place is not None and place[1]:
                _tell(sources[place[0]].notices, place[0], Path(place[1]), change.get("type"))


def _tell(notices: Notices, root: Path, path: Path, kind: object) -> None:
    """Turn one event into notices."""
    from cascode import language_of

    if _GIT in path.parts:
        return
    posix = path.as_posix()
    created = kind == types.FileChangeType.Created
    try:
        is_folder = stat.S_ISDIR(os.lstat(root / path).st_mode)
    except (OSError, ValueError):
        # Gone. Clients report a deleted folder only, not the files in it.
        if language_of(posix) is None:
            notices.touch_folder(root, posix)
        notices.touch(root, posix)
        return
    if not is_folder:
        notices.touch(root, posix, created=created)
    elif created:
        notices.touch_folder(root, posix)
