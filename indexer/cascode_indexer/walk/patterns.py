"""The lines of one ignore file, compiled to one regular expression.

pathspec translates each line; git's order ("the last matching line decides") is then one alternation with the
last line first, so that one match finds the line that decides. Lines are matched against one entry at a time (a
folder before what is in it), as git does while it walks, and not against whole paths: that is the only way in
which a negation below an excluded folder, or a line of a nested ignore file, gets git's meaning.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import stat
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

log = logging.getLogger(__name__)

#: No ignore file written by people comes near; a larger one is not an ignore file and would stall the compiler.
MAX_IGNORE_FILE_BYTES = 512 * 1024

#: How pathspec ends the expression of a line that may, or must, name a folder.
_FOLDER = "(?P<ps_d>/)"
_FOLDER_OR_END = f"(?:{_FOLDER}|$)"

#: How pathspec begins the expression of a line that matches in any folder.
_ANY_FOLDER = "^(?:.+/)?"

#: POSIX classes inside brackets: git knows them, pathspec does not.
_POSIX_CLASSES = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:space:]": " \t\n\r\f\v",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9A-Fa-f",
}
#: Spellings inside brackets for which ``re`` warns that their meaning may change one day.
_AMBIGUOUS_SETS = ("[[", "--", "&&", "~~", "||")


@dataclass(frozen=True, slots=True)
class ForcedPath:
    """A ``!`` line tied to a folder by its path: what it names may lie below an excluded folder."""

    #: One expression for each leading part of the path, up to the first ``**``.
    parts: tuple[re.Pattern[str], ...]
    #: Whether the line goes on below those parts at any depth (``!vendor/**/own.py``).
    any_depth: bool

    def may_lie_below(self, folder: str) -> bool:
        """Whether an entry below ``folder`` (relative to the ignore file) can match the line."""
        names = folder.split("/")
        if len(names) >= len(self.parts) and not self.any_depth:
            return False
        return all(part.fullmatch(name) for part, name in zip(self.parts, names, strict=False))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of an ignore file as one expression: one group a line, last line first."""

    regex: re.Pattern[str]
    #: Line number of each group.
    numbers: tuple[int, ...]

    def last_match(self, entry: str) -> int:
        """Number of the last line that matches; -1 where none does."""
        match = self.regex.match(entry)
        return -1 if match is None or match.lastindex is None else self.numbers[match.lastindex - 1]


@dataclass(frozen=True, slots=True)
class PatternSet:
    """All lines of one ignore file."""

    #: Lines that match a name in any folder (``*.log``), kept apart: they are most, and trying each of them
    #: at every folder of a path is what would take the time.
    _names: _Lines | None
    #: Lines that match a path.
    _paths: _Lines | None
    #: What each line does: True excludes, False (a ``!`` line) takes back in.
    _excludes: tuple[bool, ...]
    #: The ``!`` lines that name a path.
    forced_paths: tuple[ForcedPath, ...]

    def decide(self, path: str, *, is_folder: bool) -> bool | None:
        """Return what the file says of one entry.

        Args:
            path: Relative to the ignore file's folder, posix separators.
            is_folder: Whether the entry is a folder.

        Returns:
            True: excluded. False: taken back in by a ``!`` line. None: no line matches.
        """
        entry = path + "/" if is_folder else path
        line = -1
        if self._names is not None:
            line = self._names.last_match(entry[path.rfind("/") + 1 :])
        if self._paths is not None:
            line = max(line, self._paths.last_match(entry))
        return None if line < 0 else self._excludes[line]

    def may_force_below(self, folder: str) -> bool:
        """Whether a ``!`` line names a path below ``folder`` (relative to the ignore file's folder)."""
        return any(forced.may_lie_below(folder) for forced in self.forced_paths)


def read_ignore_file(path: Path) -> PatternSet | None:
    """Read and compile an ignore file.

    Args:
        path: The file. A link is not read, as in git: it could lead out of the workspace.

    Returns:
        Its lines, None where there is no such file, it cannot be read, or it holds no pattern.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_IGNORE_FILE_BYTES:
            log.warning("%s is not used as an ignore file: it is larger than %d bytes", path, MAX_IGNORE_FILE_BYTES)
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("the ignore file %s is not used: %s", path, error.strerror)
        return None
    return compile_patterns(content)


@functools.lru_cache(maxsize=512)  # most workspaces hold a few dozen ignore files; a re-index finds them compiled
def compile_patterns(content: bytes) -> PatternSet | None:
    """Compile the content of an ignore file; None where no line can ever match."""
    text = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf"))  # git drops the mark too
    excludes: list[bool] = []
    names: list[tuple[int, str]] = []
    paths: list[tuple[int, str]] = []
    forced: list[ForcedPath] = []
    for line in (line.removesuffix("\r") for line in text.split("\n")):
        translated = _translate(line)
        if translated is None:
            continue
        expression, excluding = translated
        name = expression.removeprefix(_ANY_FOLDER)
        if name != expression and "/" not in name.replace("[^/]", "").removesuffix(r"/?\Z").removesuffix(r"/\Z"):
            names.append((len(excludes), name))
        else:
            paths.append((len(excludes), expression))
        excludes.append(excluding)
        if not excluding and (path := _forced_path(line)) is not None:
            forced.append(path)
    if not excludes:
        return None
    return PatternSet(_join(names), _join(paths), tuple(excludes), tuple(forced))


def _join(lines: list[tuple[int, str]]) -> _Lines | None:
    """Numbered expressions as one."""
    if not lines:
        return None
    lines = lines[::-1]
    return _Lines(_compile("|".join(f"({line})" for _, line in lines)), tuple(number for number, _ in lines))


def _translate(line: str) -> tuple[str, bool] | None:
    """The expression and the sense (True excludes) of one line; None for a comment or an invalid line."""
    if "[:" in line:
        for name, members in _POSIX_CLASSES.items():
            line = line.replace(name, members)
    if line.rstrip().endswith("/**/"):  # folders below a folder; pathspec takes it for the folder itself
        line = line.rstrip() + "*/"
    try:
        source, excludes = GitIgnoreSpecPattern.pattern_to_regex(line)
        if source is None or excludes is None:
            return None
        expression = _for_one_entry(source)
        _compile(expression)
    except (GitIgnorePatternError, re.error) as error:
        log.debug("ignore line %r is not used: %s", line, error)
        return None
    return expression, excludes


def _for_one_entry(source: str) -> str:
    """Turn pathspec's expression for "the path or anything below" into one for exactly this entry."""
    if source.endswith(_FOLDER_OR_END):
        source = source.removesuffix(_FOLDER_OR_END) + r"/?\Z"
    elif source.endswith(_FOLDER):
        source = source.removesuffix(_FOLDER) + r"/\Z"
    elif source.endswith("/"):
        source += "."  # "folder/**": what is in the folder, not the folder
    return source if source.startswith("^") else "^.*" + source


def _compile(expression: str) -> re.Pattern[str]:
    """Compile, without a warning of what a set may mean to some later Python."""
    if not any(spelling in expression for spelling in _AMBIGUOUS_SETS):
        return re.compile(expression, re.DOTALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(expression, re.DOTALL)


def _forced_path(line: str) -> ForcedPath | None:
    """The leading parts of a ``!`` line that is tied to a path; None for one that matches a name anywhere."""
    body = line.rstrip()[1:].rstrip("/")
    if "/" not in body or body.startswith("**/"):
        return None
    parts: list[re.Pattern[str]] = []
    for part in body.removeprefix("/").split("/"):
        if part == "**":
            return ForcedPath(tuple(parts), any_depth=True)
        translated = _translate("/" + part)
        if translated is None:
            return None
        parts.append(_compile(translated[0]))
    return ForcedPath(tuple(parts), any_depth=False)


def join_patterns(lines: Iterable[str]) -> PatternSet | None:
    """Compile lines given in code."""
    return compile_patterns(os.fsencode("\n".join(lines)))
