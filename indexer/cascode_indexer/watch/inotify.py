"""Notices from Linux: one inotify watch for each folder that the walk looks into, and none for the others.

watchdog's own observer watches whole trees. Measured on 1,000 folders beside a ``node_modules`` of 30,000: it
takes 32,000 of the user's watches (8,192 in all on older systems) and 0.6 s to start, this module 1,000 and
0.03 s; and it drops in silence the folders it gets no watch for. Watching single folders through its observer
costs a thread a folder. So this module uses the layer below: watchdog's ``InotifyFD``, one descriptor and one
thread for all folders, which also reports when notices were lost.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from pathlib import Path

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from ..walk import IgnoreRules, walk_folders
from .types import Notices, WatchLimitError

log = logging.getLogger(__name__)

#: Content is complete when its writer closes it: the many notices while it writes are not asked for, nor
#: those of readers (we are one).
_MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)


class InotifySource:
    """Watches single folders.

    Args:
        notices: Where to put what is learnt.

    Raises:
        WatchLimitError: The user has too many programs that watch.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._roots: dict[Path, _RootWatch] = {}
        try:
            self._inotify = InotifyFD()
        except OSError as error:
            raise WatchLimitError(f"{error.strerror} (fs.inotify.max_user_instances)") from error
        self._inotify.start()

    def sync(self, root: Path, rules: IgnoreRules) -> None:
        """See :meth:`NoticeSource.sync`."""
        watch = self._roots.get(root)
        if watch is None:
            watch = self._roots[root] = _RootWatch(root, self._inotify, self._notices)
        watch.sync(set(walk_folders(root, rules)) if root.is_dir() else set())

    def close(self) -> None:
        """See :meth:`NoticeSource.close`."""
        self._inotify.stop()
        self._inotify.join()


class _RootWatch:
    """The watched folders of one workspace; called back on the descriptor's thread."""

    def __init__(self, root: Path, inotify: InotifyFD, notices: Notices) -> None:
        self._root = root
        self._inotify = inotify
        self._notices = notices
        self._id = CallbackId(id(self))
        self._lock = threading.Lock()
        self._folders: dict[WatchDescriptor, str] = {}
        self._descriptors: dict[str, WatchDescriptor] = {}
        #: Watches of folders that moved: they report the old place.
        self._stale: list[WatchDescriptor] = []

    def sync(self, folders: set[str]) -> None:
        """Watch exactly these folders."""
        with self._lock:
            gone = [folder for folder in self._descriptors if folder not in folders]
            for folder in gone:
                self._set_aside(folder)
            self._inotify.remove_callbacks([(descriptor, self._id) for descriptor in self._stale])
            self._stale.clear()
            for folder in sorted(folders - self._descriptors.keys()):
                self._watch(folder)

    def _watch(self, folder: str) -> None:
        """Watch one more folder; one that vanished meanwhile is reported by the watch on the folder around it."""
        path = os.fsencode(os.path.realpath(self._root / folder))
        try:
            descriptor = self._inotify.add_callback(path, _MASK, self, self._id)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise WatchLimitError(f"{error.strerror} (fs.inotify.max_user_watches)") from error
            log.debug("not watched: %s (%s)", folder or self._root, error)
            return
        if descriptor < 0:  # how watchdog reports a missing right
            log.info("not watched, it cannot be read: %s", folder or self._root)
            return
        self._folders[descriptor] = folder
        self._descriptors[folder] = descriptor

    def _set_aside(self, folder: str) -> None:
        """Forget a folder's watch; it is removed at the next sync."""
        descriptor = self._descriptors.pop(folder, None)
        if descriptor is not None:
            self._folders.pop(descriptor, None)
            self._stale.append(descriptor)

    def on_event(self, event: InotifyEvent) -> None:
        """Pass an event on."""
        with self._lock:
            folder = self._folders.get(event.wd)
            if folder is None:
                return
            if event.is_delete_self or event.is_move_self:
                if not folder:
                    self._set_aside(folder)
                    self._notices.ask_rescan(self._root, "its root was moved or deleted")
                return
            name = os.fsdecode(event.name)
            path = f"{folder}/{name}" if folder else name
            if not event.mask & InotifyConstants.IN_ISDIR:
                self._notices.touch(self._root, path, created=event.is_create)
                return
            if event.is_moved_from:
                below = path + "/"
                for known in [known for known in self._descriptors if known == path or known.startswith(below)]:
                    self._set_aside(known)
            self._notices.touch_folder(self._root, path)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The system dropped a watch with its folder."""
        with self._lock:
            folder = self._folders.pop(wd, None)
            if folder is not None:
                del self._descriptors[folder]
            elif wd in self._stale:
                self._stale.remove(wd)

    def on_queue_overflow(self) -> None:
        """More happened than the system's queue holds."""
        self._notices.ask_rescan(self._root, "notices were lost (fs.inotify.max_queued_events)")
