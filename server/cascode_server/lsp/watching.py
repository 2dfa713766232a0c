"""Changed files: told by the client where it offers that, else noticed by our own watcher."""

from __future__ import annotations

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
from cascode_server.lsp.uris import to_path

if TYPE_CHECKING:
    from cascode import IgnoreRules, Notices, NoticeSource, Watcher

logger = logging.getLogger(__name__)

_REGISTRATION = "cascode-files"
#: Git's own files change with each of its commands, and hold no functions.
_GIT = ".git"


class _ClientSource:
    """The client as a source of notices: debouncing and ignore rules are the watcher's."""

    def __init__(self, notices: Notices) -> None:
        self.notices = notices

    def sync(self, root: Path, rules: IgnoreRules) -> None:
        """Do nothing: the client watches whole folders."""

    def close(self) -> None:
        """Do nothing: the client goes on telling, and is not listened to."""


class Watching:
    """Watches the workspaces of a session.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._watchers: dict[Path, Watcher] = {}
        self._sources: dict[Path, _ClientSource] = {}
        self._refused = False
        self._closed = False

        @session.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
        def changed(params: Any) -> None:
            """Take up what the client noticed, on a thread: a branch switch brings thousands of events."""
            session.side_pool.submit(self._take, params)

    def register(self) -> None:
        """Ask the client to watch, where it offers that."""
        if self._client_watches:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob_pattern="**/*")])
            registration = types.Registration(_REGISTRATION, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            answer = self._session.client_register_capability(types.RegistrationParams([registration]))
            answer.add_done_callback(self._registered)

    def watch(self, root: Path) -> None:
        """Watch a workspace from now on; walks it, so it is for worker threads."""
        from cascode import Watcher

        def source(notices: Notices) -> NoticeSource:
            self._sources[root] = _ClientSource(notices)
            return self._sources[root]

        self.unwatch(root)
        try:
            watcher = Watcher([root], self._session.indexing.submit, source=source if self._client_watches else None)
            watcher.start()
        except (WorkspaceError, OSError) as error:
            self._session.show_problem(f"changes in {root} are not noticed: {error}")
            return
        with self._lock:
            if not self._closed:
                self._watchers[root] = watcher
                return
        watcher.close()

    def unwatch(self, root: Path) -> None:
        """Watch a workspace no longer."""
        with self._lock:
            watcher = self._watchers.pop(root, None)
            self._sources.pop(root, None)
        if watcher is not None:
            watcher.close()

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._closed = True
            roots = list(self._watchers)
        for root in roots:
            self.unwatch(root)

    @property
    def _client_watches(self) -> bool:
        """Whether the client tells of changes."""
        return self._session.client is not None and self._session.client.can_watch and not self._refused

    def _registered(self, answer: Future[None]) -> None:
        """Watch by ourselves where the client refuses after all."""
        if answer.cancelled() or (error := answer.exception()) is None:
            return
        logger.warning("the client does not watch files (%s): watching them here", error)
        self._refused = True

        def rewatch() -> None:
            for root in list(self._watchers):
                self.watch(root)
            self._session.indexing.rescan(full=False)  # what changed meanwhile was told by nobody

        self._session.side_pool.submit(rewatch)

    def _take(self, params: Any) -> None:
        """Hand the client's events to the watchers of their workspaces."""
        changes = params.get("changes") if isinstance(params, Mapping) else None
        if not isinstance(changes, list):
            logger.warning("a notification of changed files is dropped: it has no list of changes")
            return
        with self._lock:
            sources = sorted(self._sources.items(), key=lambda one: -len(one[0].parts))
        for change in changes:
            uri = change.get("uri") if isinstance(change, Mapping) else None
            path = to_path(uri) if isinstance(uri, str) else None
            if path is None:
                continue
            for root, source in sources:
                if path.is_relative_to(root) and path != root:
                    _tell(source.notices, root, path.relative_to(root), change.get("type"))
                    break


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
        # Gone. Clients tell of a deleted folder only, not of the files in it.
        if language_of(posix) is None:
            notices.touch_folder(root, posix)
        notices.touch(root, posix)
        return
    if not is_folder:
        notices.touch(root, posix, created=created)
    elif created:
        notices.touch_folder(root, posix)
