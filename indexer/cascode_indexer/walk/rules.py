"""Which entries of a workspace are indexed: git's rules, then the built-in ones, then ``.cascodeignore``.

What a ``.cascodeignore`` says wins over everything but version control's own folders. Unlike in git, ``!``
works below an excluded folder, in two ways:

- ``!vendor/`` takes an excluded folder back in. It is then walked as if it were a workspace of its own:
  ``.gitignore`` files above it no longer apply inside, those in it and the built-in rules do.
- ``!vendor/own/`` or ``!vendor/**/own.py`` names a path below an excluded folder, of which only that part is
  taken in. A bare name (``!own.py``) does not reach into excluded folders: looking for it in every
  ``node_modules`` would cost more than the rest of the walk. The line stands in a ``.cascodeignore`` above
  the excluded folder.

The root itself is never judged: whoever opens an installed package, a vendored folder or one below a hidden
folder wants it indexed. Ignore files of the folders around the root apply up to the enclosing repository's
root, unless they exclude the workspace as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..types import SkipReason
from .folders import (
    REPOSITORY_FOLDERS,
    folder_reason_by_marker,
    folder_reason_by_name,
    folder_reason_by_place,
)
from .generated import GENERATED_NAMES
from .git import enclosing_repository, global_excludes_file, info_exclude_file
from .patterns import PatternSet, read_ignore_file

GIT_IGNORE_FILE = ".gitignore"
CASCODE_IGNORE_FILE = ".cascodeignore"
#: Files whose change calls for a new walk.
IGNORE_FILES = frozenset({GIT_IGNORE_FILE, CASCODE_IGNORE_FILE})

#: An entry that no line names on purpose: rules around the root that exclude it exclude everything there.
_ANY_ENTRY = "cascode probe 7f1c"


@dataclass(frozen=True, slots=True)
class _Frame:
    """An ignore file in its place: ``prefix + path[strip:]`` is a path as its lines see it."""

    patterns: PatternSet
    strip: int = 0
    prefix: str = ""

    def decide(self, path: str, is_folder: bool) -> bool | None:
        return self.patterns.decide(self.prefix + path[self.strip :], is_folder=is_folder)

    def may_force_below(self, path: str) -> bool:
        return self.patterns.may_force_below(self.prefix + path[self.strip :])


@dataclass(frozen=True, slots=True)
class Level:
    """What applies inside one folder."""

    #: Relative to the root with a trailing slash; empty for the root.
    prefix: str
    #: The folder's name.
    name: str
    #: Names in the folder.
    names: Collection[str]
    #: git's ignore files, the nearest first.
    git: tuple[_Frame, ...]
    #: ``.cascodeignore`` files, the nearest first.
    own: tuple[_Frame, ...]
    #: Why the folder is left out though it is walked for what a ``!`` line names below it; None if it is not.
    closed: SkipReason | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one entry."""

    #: Why it is left out; None where it is indexed.
    reason: SkipReason | None
    #: Whether a ``!`` line of a ``.cascodeignore`` took it in.
    forced: bool = False
    #: Whether a left-out folder may hold something that a ``!`` line names.
    descend: bool = True


_INDEXED = Verdict(None)


class IgnoreRules:
    """The rules of one workspace, for a walk and for single paths.

    Not thread-safe: one instance belongs to one thread.

    Args:
        root: The workspace.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100  links in the root stay as the caller named them
        self._levels: dict[str, Level | SkipReason] = {}
        excludes = global_excludes_file(self.root)
        self._global = None if excludes is None else read_ignore_file(excludes)

    def top(self, names: Collection[str]) -> Level:
        """The rules directly inside the root.

        Args:
            names: Names in the root.
        """
        git, own = self._frames_around()
        return self._with_own_files(Level("", self.root.name, names, git, own, None))

    def enter(self, level: Level, name: str, names: Collection[str], verdict: Verdict) -> Level | SkipReason:
        """The rules inside a folder.

        Args:
            level: The rules of the folder around it.
            name: The folder's name.
            names: Names in the folder.
            verdict: What :meth:`judge` said of the folder.

        Returns:
            Its rules, or why it is left out after all for what lies in it.
        """
        prefix = f"{level.prefix}{name}/"
        git = level.git
        closed = None if verdict.forced else verdict.reason or level.closed
        if closed is None and not verdict.forced and folder_reason_by_marker(names) is not None:
            if not _may_force_below(level.own, prefix[:-1]):
                return SkipReason.VENDORED
            closed = SkipReason.VENDORED
        if ".git" in names:  # a repository of its own: the one around it has no say inside
            git = self._repository_frames(prefix)
        elif verdict.forced:
            git = self._user_frames(len(prefix))
        return self._with_own_files(Level(prefix, name, names, git, level.own, closed))

    def judge(self, level: Level, name: str, *, is_folder: bool) -> Verdict:
        """Decide about one entry of a folder.

        Args:
            level: The rules of the folder it lies in.
            name: Its name.
            is_folder: Whether it is a folder (a link is none).
        """
        path = level.prefix + name
        if is_folder and name in REPOSITORY_FOLDERS:
            return Verdict(SkipReason.VENDORED, descend=False)
        if level.own:
            excluded = _decide(level.own, path, is_folder)
            if excluded is False:
                return Verdict(None, forced=True)
            if excluded:
                return self._exclude(level, path, SkipReason.IGNORED, is_folder)
        if level.closed is not None:
            return self._exclude(level, path, level.closed, is_folder)
        if level.git and _decide(level.git, path, is_folder):
            return self._exclude(level, path, SkipReason.IGNORED, is_folder)
        if is_folder:
            if self._folder_reason(level, name) is not None:
                return self._exclude(level, path, SkipReason.VENDORED, is_folder)
        elif GENERATED_NAMES.decide(name, is_folder=False):
            return Verdict(SkipReason.GENERATED)
        return _INDEXED

    def reason(self, path: str, *, is_folder: bool = False) -> SkipReason | None:
        """Return why a path is left out, without walking the workspace.

        Args:
            path: Relative to the root, posix separators. It need not exist.
            is_folder: Whether it is, or was, a folder.

        Returns:
            The reason, None where the rules take it in.
        """
        if not path or path == ".":
            return None
        around, _, name = path.rpartition("/")
        level = self._level(around)
        if not isinstance(level, Level):
            return level
        reason = self.judge(level, name, is_folder=is_folder).reason
        if reason is None and is_folder:
            inside = self._level(path)
            reason = inside.closed if isinstance(inside, Level) else inside
        return reason

    def is_forced(self, path: str) -> bool:
        """Whether a ``!`` line of a ``.cascodeignore`` names a file.

        Args:
            path: Relative to the root, posix separators.
        """
        around, _, name = path.rpartition("/")
        level = self._level(around)
        return isinstance(level, Level) and self.judge(level, name, is_folder=False).forced

    def forget(self) -> None:
        """Read ignore files again from now on: one of them, or the folders around them, changed."""
        self._levels.clear()

    def _level(self, folder: str) -> Level | SkipReason:
        """The rules inside a folder named by its path, or why nothing in it is indexed."""
        known = self._levels.get(folder)
        if known is None:
            known = self._levels[folder] = self._find_level(folder)
        return known

    def _find_level(self, folder: str) -> Level | SkipReason:
        """Work the rules inside a folder out from those of the folder around it."""
        names = _names_in(self.root / folder) if folder else _names_in(self.root)
        if not folder:
            return self.top(names)
        around, _, name = folder.rpartition("/")
        level = self._level(around)
        if not isinstance(level, Level):
            return level
        verdict = self.judge(level, name, is_folder=True)
        if verdict.reason is not None and not verdict.descend:
            return verdict.reason
        return self.enter(level, name, names, verdict)

    def _exclude(self, level: Level, path: str, reason: SkipReason, is_folder: bool) -> Verdict:
        """The verdict for an excluded entry: a folder is still walked where a ``!`` line names a part."""
        return Verdict(reason, descend=is_folder and _may_force_below(level.own, path))

    def _folder_reason(self, level: Level, name: str) -> str | None:
        """Why the built-in rules leave a folder out."""
        return folder_reason_by_name(name) or folder_reason_by_place(
            name, level.name, level.names, lambda: _names_in(self.root / level.prefix / name)
        )

    def _with_own_files(self, level: Level) -> Level:
        """Put the folder's own ignore files before those of the folders around it."""
        git, own = level.git, level.own
        folder, strip = self.root / level.prefix, len(level.prefix)
        if GIT_IGNORE_FILE in level.names and level.closed is None:
            git = _put_first(read_ignore_file(folder / GIT_IGNORE_FILE), git, strip)
        if CASCODE_IGNORE_FILE in level.names:
            own = _put_first(read_ignore_file(folder / CASCODE_IGNORE_FILE), own, strip)
        return Level(level.prefix, level.name, level.names, git, own, level.closed)

    def _repository_frames(self, prefix: str) -> tuple[_Frame, ...]:
        """What git applies everywhere in a repository: its ``info/exclude``, then the user's own excludes."""
        exclude = read_ignore_file(info_exclude_file(self.root / prefix))
        return _put_first(exclude, self._user_frames(len(prefix)), len(prefix))

    def _user_frames(self, strip: int) -> tuple[_Frame, ...]:
        """The user's own excludes, as seen from a folder ``strip`` characters below the root."""
        return _put_first(self._global, (), strip)

    def _frames_around(self) -> tuple[tuple[_Frame, ...], tuple[_Frame, ...]]:
        """Git's and our ignore files from the enclosing repository's root down to the workspace."""
        repository = enclosing_repository(self.root)
        if repository is None:
            return self._user_frames(0), ()
        below = self.root.relative_to(repository).parts
        whole = "".join(f"{part}/" for part in below)
        git = _put_first(self._global, (), 0, whole)
        git = _put_first(read_ignore_file(info_exclude_file(repository)), git, 0, whole)
        own: tuple[_Frame, ...] = ()
        for depth in range(len(below)):
            folder = repository.joinpath(*below[:depth])
            prefix = "".join(f"{part}/" for part in below[depth:])
            git = _put_first(read_ignore_file(folder / GIT_IGNORE_FILE), git, 0, prefix)
            own = _put_first(read_ignore_file(folder / CASCODE_IGNORE_FILE), own, 0, prefix)
        if below and _excludes_everything(git, below):
            git = self._user_frames(0)
        if below and _excludes_everything(own, below):
            own = ()
        return git, own


def _put_first(
    patterns: PatternSet | None, frames: tuple[_Frame, ...], strip: int, prefix: str = ""
) -> tuple[_Frame, ...]:
    """The frames with one more, nearer file before them, where there is one."""
    return frames if patterns is None else (_Frame(patterns, strip, prefix), *frames)


def _decide(frames: Iterable[_Frame], path: str, is_folder: bool) -> bool | None:
    """What the nearest file with a matching line says."""
    for frame in frames:
        excluded = frame.decide(path, is_folder)
        if excluded is not None:
            return excluded
    return None


def _may_force_below(frames: Iterable[_Frame], folder: str) -> bool:
    """Whether a ``!`` line of some file names a path below a folder."""
    return any(frame.may_force_below(folder) for frame in frames)


def _excludes_everything(frames: tuple[_Frame, ...], parts: tuple[str, ...]) -> bool:
    """Whether files around the root exclude all that is in it, the root itself, or a folder that leads to it.

    ``parts`` lead from the enclosing repository's root to the workspace.
    """
    if _decide(frames, _ANY_ENTRY, False):
        return True
    for depth in range(1, len(parts) + 1):
        for frame in frames:
            start = len(parts) - frame.prefix.count("/")  # depth of the folder the ignore file lies in
            if start >= depth:
                continue
            excluded = frame.patterns.decide("/".join(parts[start:depth]), is_folder=True)
            if excluded:
                return True
            if excluded is not None:
                break
    return False


def _names_in(folder: Path) -> frozenset[str]:
    """Names in a folder; none where it cannot be listed."""
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208  names only, as cheaply as they come
    except OSError:
        return frozenset()
