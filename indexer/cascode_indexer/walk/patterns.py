"""The lines of one ignore file, compiled to one regular expression.

pathspec translates each line; git's order ("the last matching line decides") is then one alternation with the
last line first, so that one match tells which line decides. Lines are matched against one entry at a time (a
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

#: No ignore file written by people comes near; a larger one is no ignore file and would stall the compiler.
MAX_IGNORE_FILE_BYTES = 512 * 1024

#: How pathspec ends the expression of a line that may, or must, name a folder.
_FOLDER = "(?P<ps_d>/)"
_FOLDER_OR_END = f"(?:{_FOLDER}|$)"

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
class PatternSet:
    """All lines of one ignore file."""

    #: One group a line, last line first; None where no line can match.
    _regex: re.Pattern[str] | None
    #: What the line of each group does: True excludes, False (a ``!`` line) takes back in.
    _excludes: tuple[bool, ...]
    #: The ``!`` lines that name a path.
    forced_paths: tuple[ForcedPath, ...]

    def decide(self, path: str, *, is_folder: bool) -> bool | None:
        """Tell what the file says of one entry.

        Args:
            path: Relative to the ignore file's folder, posix separators.
            is_folder: Whether the entry is a folder.

        Returns:
            True: excluded. False: taken back in by a ``!`` line. None: no line matches.
        """
        if self._regex is None:
            return None
        match = self._regex.match(path + "/" if is_folder else path)
        if match is None or match.lastindex is None:
            return None
        return self._excludes[match.lastindex - 1]

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
            log.warning(
                "%s is not used as an ignore file: it is larger than %d bytes", path, MAX_IGNORE_FILE_BYTES
            )
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("the ignore file %s is not used: %s", path, error.strerror)
        return None
    return compile_patterns(content)


@functools.lru_cache(
    maxsize=512
)  # most workspaces hold a few dozen ignore files; a re-index finds them compiled
def compile_patterns(content: bytes) -> PatternSet | None:
    """Compile the content of an ignore file; None where no line can ever match."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")  # git drops the mark too
    kept: list[tuple[str, bool]] = []
    forced: list[ForcedPath] = []
    for line in reversed([os.fsdecode(line).removesuffix("\r") for line in lines]):
        translated = _translate(line)
        if translated is None:
            continue
        kept.append(translated)
        if not translated[1] and (path := _forced_path(line)) is not None:
            forced.append(path)
    if not kept:
        return None
    regex = re.compile("|".join(f"({expression})" for expression, _ in kept), re.DOTALL)
    return PatternSet(regex, tuple(excludes for _, excludes in kept), tuple(forced))


def _translate(line: str) -> tuple[str, bool] | None:
    """The expression and the sense (True excludes) of one line; None for a comment or an invalid line."""
    if "[:" in line:
        for name, members in _POSIX_CLASSES.items():
            line = line.replace(name, members)
    try:
        source, excludes = GitIgnoreSpecPattern.pattern_to_regex(line)
        if source is None or excludes is None:
            return None
        expression = _for_one_entry(source)
        if "[" in line and any(spelling in line for spelling in _AMBIGUOUS_SETS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                re.compile(expression)
        else:
            re.compile(expression)
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
        parts.append(re.compile(translated[0], re.DOTALL))
    return ForcedPath(tuple(parts), any_depth=False)


def join_patterns(lines: Iterable[str]) -> PatternSet | None:
    """Compile lines given in code."""
    return compile_patterns(os.fsencode("\n".join(lines)))
