"""The walk: a workspace's source files, in a fixed order, one at a time."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ..errors import WorkspaceError
from ..extract import head_bytes, most_bytes
from ..types import DEFAULT_MAX_FILE_BYTES, SkipCounts, SkipReason, SourceFile
from .rules import IgnoreRules, Level

log = logging.getLogger(__name__)

#: To open a file of a workspace: no link in its last part, no waiting on a pipe put in its place. Each flag
#: is absent on some system.
OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

#: Name and first bytes to language id; None where functions are not looked for.
LanguageOf = Callable[[str, bytes], "str | None"]


def walk(
    root: Path,
    *,
    language_of: LanguageOf,
    skipped: SkipCounts,
    max_bytes: int = DEFAULT_MAX_FILE_BYTES,
    known: Mapping[str, KnownFile] | None = None,
    rules: IgnoreRules | None = None,
) -> Iterator[SourceFile]:
    """Find the source files of a workspace.

    Files are not opened, except those whose name does not give the language. Links are never followed: what
    they lead to inside the workspace is found where it lies, what lies outside is not the workspace's.

    Args:
        root: The workspace.
        language_of: Detects the language from a path and the first bytes (empty where the name is enough).
        skipped: Counts what is left out, by reason. A folder that is left out counts as one.
        max_bytes: Larger files are left out.
        known: Files of an earlier walk by path. One that did not change is not opened to detect its language.
        rules: The workspace's rules where the caller has them already.

    Yields:
        The files of a folder by name, then those of its folders by name.

    Raises:
        WorkspaceError: The root is missing, is not a folder, or cannot be listed.
    """
    root = checked_root(root)
    rules = rules or IgnoreRules(root)
    return _Walk(root, rules, language_of, skipped, max_bytes, known or {}).files()


def walk_folders(root: Path, rules: IgnoreRules) -> Iterator[str]:
    """Name the folders that the walk looks into: those a watcher has to watch.

    Args:
        root: The workspace.
        rules: Its rules.

    Yields:
        Paths relative to the root, posix separators; the root itself as an empty path.
    """
    for level, _ in _Walk(root, rules, lambda _path, _head: None, SkipCounts(), 0, {}).folders():
        yield level.prefix.rstrip("/")


def checked_root(root: Path) -> Path:
    """The absolute path of a workspace.

    Raises:
        WorkspaceError: It is missing, is not a folder, or cannot be listed.
    """
    absolute = _absolute(root.expanduser())
    try:
        with os.scandir(absolute):
            return absolute
    except FileNotFoundError:
        raise WorkspaceError(f"workspace {absolute} does not exist: name an existing folder") from None
    except NotADirectoryError:
        raise WorkspaceError(f"workspace {absolute} is a file: name the folder that holds it") from None
    except PermissionError:
        raise WorkspaceError(f"workspace {absolute} cannot be read: give yourself read access to it") from None
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"workspace {absolute} cannot be read ({error}): name another folder") from None


def explain(root: Path, path: Path | str, *, rules: IgnoreRules | None = None) -> SkipReason | None:
    """Return why a path of a workspace is left out by name and place, without walking or opening it.

    Args:
        root: The workspace.
        path: The path, absolute or relative to the root.
        rules: The workspace's rules where the caller has them already.

    Returns:
        The reason, None where the rules take it in (size, language and content are not looked at).
    """
    relative = relative_path(root, path)
    if relative is None:
        return SkipReason.OUTSIDE_WORKSPACE
    rules = rules or IgnoreRules(root)
    absolute = _absolute(root) / relative
    return rules.reason(relative, is_folder=absolute.is_dir() and not absolute.is_symlink())


def relative_path(root: Path, path: Path | str) -> str | None:
    """A path as the index names it: relative to the root, posix separators; None where it lies outside."""
    absolute_root = str(_absolute(root))
    absolute = os.path.normpath(os.path.join(absolute_root, path))  # noqa: PTH118  the watcher asks this per event
    if absolute == absolute_root:
        return ""
    prefix = absolute_root if absolute_root.endswith(os.sep) else absolute_root + os.sep
    if not absolute.startswith(prefix):
        return None
    relative = absolute[len(prefix) :]
    return relative if os.sep == "/" else relative.replace(os.sep, "/")


def _absolute(path: Path) -> Path:
    """The absolute path, with links as they are: the caller knows the workspace by this name."""
    return Path(os.path.abspath(path))  # noqa: PTH100


class KnownFile(Protocol):
    """What is remembered of a file from an earlier walk."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def mtime_ns(self) -> int:
        """``st_mtime_ns``."""

    @property
    def language(self) -> str:
        """Language id."""


class _Walk:
    """One walk over one workspace."""

    def __init__(
        self,
        root: Path,
        rules: IgnoreRules,
        language_of: LanguageOf,
        skipped: SkipCounts,
        max_bytes: int,
        known: Mapping[str, KnownFile],
    ) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._rules = rules
        self._language_of = language_of
        self._skipped = skipped
        self._max_bytes = max_bytes
        self._known = known

    def files(self) -> Iterator[SourceFile]:
        """The files of each folder, in the order of the folders."""
        for level, entries in self.folders():
            for entry in entries:
                source = self._source_file(level, entry)
                if source is not None:
                    yield source

    def folders(self) -> Iterator[tuple[Level, list[os.DirEntry[str]]]]:
        """Go through the folders depth first, by name, each with what is not a folder in it."""
        top = self._list(str(self._root), "")
        stack = [(self._rules.top({entry.name for entry in top}), top)]
        while stack:
            level, entries = stack.pop()
            files: list[os.DirEntry[str]] = []
            folders: list[tuple[Level, list[os.DirEntry[str]]]] = []
            for entry in entries:
                if not is_encodable(entry.name):
                    log.warning("left out, its name is not valid UTF-8: %r in %r", entry.name, level.prefix or ".")
                    self._skip(level, ascii(entry.name)[1:-1], SkipReason.UNREADABLE)
                elif _is_link(entry):
                    self._count_link(level, entry)
                elif not entry.is_dir(follow_symlinks=False):
                    files.append(entry)
                elif (inside := self._enter(level, entry)) is not None:
                    folders.append(inside)
            yield level, files
            stack.extend(reversed(folders))

    def _enter(self, level: Level, entry: os.DirEntry[str]) -> tuple[Level, list[os.DirEntry[str]]] | None:
        """Judge a folder; its rules and entries where it is to be walked."""
        verdict = self._rules.judge(level, entry.name, is_folder=True)
        if verdict.reason is not None:
            self._skip(level, f"{entry.name}/", verdict.reason)
            if not verdict.descend:
                return None
        entries = self._list(entry.path, f"{level.prefix}{entry.name}")
        inside = self._rules.enter(level, entry.name, {entry.name for entry in entries}, verdict)
        if not isinstance(inside, Level):
            self._skip(level, f"{entry.name}/", inside)
            return None
        if inside.closed is not None and verdict.reason is None:
            self._skip(level, f"{entry.name}/", inside.closed)
        return inside, entries

    def _source_file(self, level: Level, entry: os.DirEntry[str]) -> SourceFile | None:
        """Judge a file; cheap questions first."""
        verdict = self._rules.judge(level, entry.name, is_folder=False)
        if verdict.reason is not None:
            self._skip(level, entry.name, verdict.reason)
            return None
        path = level.prefix + entry.name
        told_by_head = head_bytes(entry.name)
        language = None if told_by_head else self._language_of(path, b"")
        if language is None and not told_by_head:
            self._skip(level, entry.name, SkipReason.UNSUPPORTED_LANGUAGE)
            return None
        try:
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):  # a pipe, socket or device: never opened
                self._skip(level, entry.name, SkipReason.UNSUPPORTED_LANGUAGE)
                return None
            if status.st_size > most_bytes(entry.name, self._max_bytes):
                self._skip(level, entry.name, SkipReason.TOO_LARGE)
                return None
            if told_by_head:
                known = self._known.get(path)
                if known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
                    language = known.language
                else:
                    language = self._language_of(path, read_head(entry.path, told_by_head))
        except OSError as error:
            log.info("left out, it cannot be read: %s (%s)", path, error.strerror)
            self._skip(level, entry.name, SkipReason.UNREADABLE)
            return None
        if language is None:
            self._skip(level, entry.name, SkipReason.UNSUPPORTED_LANGUAGE)
            return None
        return SourceFile(
            path, Path(entry.path), language, status.st_size, status.st_mtime_ns, is_wanted=verdict.forced
        )

    def _count_link(self, level: Level, entry: os.DirEntry[str]) -> None:
        """Count a link that leads out or nowhere; one that leads inside leads to what is found anyway."""
        try:
            target = os.path.realpath(entry.path, strict=True)
        except OSError:  # leads nowhere, or in a circle
            self._skip(level, entry.name, SkipReason.UNREADABLE)
            return
        inside = self._real_root.rstrip(os.sep) + os.sep
        if target != self._real_root and not target.startswith(inside):
            self._skip(level, entry.name, SkipReason.OUTSIDE_WORKSPACE)

    def _list(self, folder: str, path: str) -> list[os.DirEntry[str]]:
        """Entries of a folder by name; none, and counted, where it cannot be listed."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:  # removed since its name was read
            return []
        except OSError as error:
            log.info("left out, it cannot be listed: %s (%s)", path or folder, error.strerror)
            self._skipped.add_path(f"{path}/", SkipReason.UNREADABLE)
            return []

    def _skip(self, level: Level, name: str, reason: SkipReason) -> None:
        """Count an entry, unless the left-out folder it lies in stands for it already."""
        if level.closed is None:
            self._skipped.add_path(level.prefix + name, reason)


def read_head(path: str, size: int) -> bytes:
    """The first ``size`` bytes of a regular file."""
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def _is_link(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a link, Windows' junctions included (known from Python 3.12 on)."""
    is_junction = getattr(entry, "is_junction", None)
    return entry.is_symlink() or (is_junction is not None and is_junction())


def is_encodable(name: str) -> bool:
    """Whether a name can be stored and shown."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
