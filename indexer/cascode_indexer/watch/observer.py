"""Notices from watchdog's observers: the system's own on macOS and Windows, else polling."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from ..walk import IgnoreRules, relative_path, walk_folders
from .types import Notices, WatchLimitError

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver, ObservedWatch

log = logging.getLogger(__name__)

#: Seconds between two looks at a workspace: a look at 20,000 files takes about a third of one.
POLLING_SECONDS = 3.0

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]


class ObserverSource:
    """Watches whole trees; what the rules leave out is dropped when it is reported.

    Args:
        notices: Where to put what is learnt.
        observer: Not started yet; the system's own where none is given.
    """

    def __init__(self, notices: Notices, observer: BaseObserver | None = None) -> None:
        if observer is None:
            from watchdog.observers import Observer

            observer = Observer()
        self._notices = notices
        self._observer = observer
        self._watches: dict[Path, ObservedWatch] = {}
        observer.start()

    def sync(self, root: Path, rules: IgnoreRules) -> None:  # noqa: ARG002  whole trees, whatever the rules
        """See :meth:`NoticeSource.sync`."""
        watch = self._watches.pop(root, None)
        alive = watch is not None and any(
            emitter.watch == watch and emitter.is_alive() for emitter in self._observer.emitters
        )
        if watch is not None and (not alive or not root.is_dir()):
            self._observer.unschedule(watch)
            watch = None
        if watch is None and root.is_dir():
            watch = self._schedule(root)
        if watch is not None:
            self._watches[root] = watch

    def _schedule(self, root: Path) -> ObservedWatch | None:
        """Watch a tree; None where it vanished meanwhile."""
        handler = _Handler(root, self._notices)
        try:
            return self._observer.schedule(handler, handler.real_root, recursive=True, event_filter=_EVENTS)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EMFILE):
                raise WatchLimitError(f"{error.strerror} (watches of this system)") from error
            log.warning("workspace %s is not watched: %s", root, error)
            return None

    def close(self) -> None:
        """See :meth:`NoticeSource.close`."""
        self._observer.stop()
        self._observer.join()


class PollingSource(ObserverSource):
    """Looks at the folders that the rules let in, again and again.

    Args:
        notices: Where to put what is learnt.
        seconds: Between two looks; :data:`POLLING_SECONDS` where none is given.
    """

    def __init__(self, notices: Notices, seconds: float | None = None) -> None:
        from watchdog.observers.polling import PollingObserverVFS

        self._listed: dict[Path, frozenset[str]] = {}
        super().__init__(notices, PollingObserverVFS(os.lstat, self._list, polling_interval=seconds or POLLING_SECONDS))

    def sync(self, root: Path, rules: IgnoreRules) -> None:
        """See :meth:`NoticeSource.sync`."""
        real = os.path.realpath(root)
        folders = walk_folders(root, rules) if root.is_dir() else iter(())
        self._listed[root] = frozenset(os.path.normpath(os.path.join(real, folder)) for folder in folders)  # noqa: PTH118
        super().sync(root, rules)

    def _list(self, folder: str | None) -> Iterator[os.DirEntry[str]]:
        """Entries of a folder that is looked into; called on the observer's thread."""
        if any(folder in listed for listed in self._listed.values()):
            with os.scandir(folder) as entries:
                yield from entries


class _Handler(FileSystemEventHandler):
    """Translates watchdog's events of one workspace."""

    def __init__(self, root: Path, notices: Notices) -> None:
        self._root = root
        self._notices = notices
        #: The system may report the real path where the workspace was named through a link.
        self.real_root = os.path.realpath(root)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass an event on."""
        for reported in (event.src_path, event.dest_path):
            path = relative_path(Path(self.real_root), os.fsdecode(reported)) if reported else None
            if path is None:
                continue
            if not path:
                if isinstance(event, (DirDeletedEvent, DirMovedEvent)):
                    self._notices.ask_rescan(self._root, "its root was moved or deleted")
            elif event.is_directory:
                self._notices.touch_folder(self._root, path)
            else:
                self._notices.touch(self._root, path)
