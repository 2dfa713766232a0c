"""What a watcher reports, and the seam between it and the system's notices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..walk import IgnoreRules


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """What happened in one workspace since the last batch."""

    #: The workspace, as it was given to the watcher.
    root: Path
    #: Files that are new or may have another content, relative to the root, posix separators.
    changed: frozenset[str]
    #: Paths where no file is any more; some may never have been indexed.
    deleted: frozenset[str]
    #: Whether the workspace has to be walked again: a folder came, went or moved, an ignore file changed,
    #: notices were lost, or the root itself vanished or came back.
    rescan: bool


class Notices(Protocol):
    """Where a source of notices puts them; safe to call from any thread."""

    def touch(self, root: Path, path: str, *, created: bool = False) -> None:
        """Something happened to the file ``path`` (relative); ``created``: it was not there before."""

    def touch_folder(self, root: Path, path: str) -> None:
        """The folder ``path`` (relative) came, went or moved."""

    def ask_rescan(self, root: Path, reason: str) -> None:
        """What happened is unknown: the workspace has to be walked again."""


class NoticeSource(Protocol):
    """A way to learn of changes below some folders."""

    def sync(self, root: Path, rules: IgnoreRules) -> None:
        """Watch what the rules let in, and nothing else, from now on.

        Args:
            root: A workspace. One that does not exist is no longer watched.
            rules: Its rules; not used after this call by a source with threads of its own.

        Raises:
            WatchLimitError: The system has no more watches to give.
        """

    def close(self) -> None:
        """Stop, and end all threads."""


#: Makes a source that puts what it learns into the given notices.
SourceFactory = Callable[[Notices], NoticeSource]


class WatchLimitError(Exception):
    """The system has no more watches to give; the message says which limit."""
