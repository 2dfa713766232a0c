"""The places that a pasted traceback or an error message names, in the forms that languages print them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from cascode_indexer.query.frame_forms import (
    FORMS,
    INNERMOST_LAST,
    LINE_PREFIX,
    LOST_LINE_END,
    PATH_ALONE,
    PLACE_BELOW,
)
from cascode_indexer.query.function_names import function_name
from cascode_indexer.types import StoredDefinition

#: Frames kept: those of libraries may stand inside of a person's own by the dozen, and a recursion prints thousands.
_MOST_FRAMES = 200
#: Characters read of a text: a log of megabytes has its error in the first or in the last part.
_HEAD, _TAIL = 20_000, 20_000
#: Last parts of two paths that must agree where both go on differently.
_ENOUGH_PARTS = 2
#: Folders of what was installed, where a file has no more than its name in common with one of a workspace.
_INSTALLED = frozenset({"site-packages", "dist-packages", "node_modules"})
#: What a frame counts whose line lies in a definition though the function's name is another: the code has moved, or
#: the definition is the type around it.
_LINE_ALONE = 0.5
#: Characters read of a line: a frame is shorter, and a minified line would be matched for seconds.
_LONGEST_LINE = 400

#: What stands before the first folder, whose own name may begin with a dot.
_BEGINNING = re.compile(r"^(?:\.*/|~/)+")

#: What stands between the traceback of an exception and that of its cause, or of one that handling it raised.
_MORE_INNER = re.compile(r"\bCaused by: |\[cause\]: |During handling of the above exception, another")
#: And between that of a cause and that of the exception.
_LESS_INNER = re.compile(r"exception was the direct cause of the following")


@dataclass(frozen=True, slots=True)
class Frame:
    """One place of a traceback."""

    #: As printed, posix separators, without what stands before the first folder.
    path: str
    #: From 1.
    line: int
    #: Last part of the function's name; empty where it is not printed.
    name: str = ""

    def is_of(self, path: str) -> bool:
        """Whether ``path`` of a workspace may be the file.

        A program prints the path of where it was built or installed: the end of it is compared, all of the shorter of
        the two or a folder and a name at least; of what was installed the latter.
        """
        printed, known = self.path.lower().split("/"), path.lower().split("/")
        common = 0
        for part, other in zip(reversed(printed), reversed(known), strict=False):
            if part != other:
                break
            common += 1
        if common >= _ENOUGH_PARTS:
            return True
        return common == min(len(printed), len(known)) and _INSTALLED.isdisjoint(printed)

    def fit(self, definition: StoredDefinition) -> float:
        """Return how well the place is one of a definition's.

        Returns:
            1 for the function named, or a line in it where none is named; a half for a line in another definition; 0
            else.
        """
        inside = definition.start_line <= self.line <= definition.end_line
        named = bool(self.name) and definition.name == self.name
        if not (named or inside) or not self.is_of(definition.path):
            return 0.0
        return 1.0 if named or not self.name else _LINE_ALONE


def file_name_of(path: str) -> str:
    """Return the last part of a path, in lower case: frames whose file has another name are not of the path."""
    return path.rpartition("/")[2].lower()


def by_file_name(frames: Iterable[Frame]) -> dict[str, list[tuple[int, Frame]]]:
    """Return frames with their places in the order, from 0, by :func:`file_name_of` their paths."""
    found: dict[str, list[tuple[int, Frame]]] = {}
    for place, frame in enumerate(frames):
        found.setdefault(file_name_of(frame.path), []).append((place, frame))
    return found


def frames_in(text: str) -> tuple[Frame, ...]:
    """Find the places that a text names.

    Returns:
        The innermost first, each once: what failed is asked about before what called it.
    """
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    if len(text.splitlines()) == 1:
        text = LOST_LINE_END.sub("\n", text)
    text = "\n".join(_places_with_paths(LINE_PREFIX.sub("", line[:_LONGEST_LINE]) for line in text.splitlines()))
    found = sorted(_matches(text), key=lambda match: match.start())
    return tuple(dict.fromkeys(map(_frame, _innermost_first(text, found))))[:_MOST_FRAMES]


def _innermost_first(text: str, found: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Order matches: those of what an exception was caused by come before those of the exception.

    Args:
        text: What was matched.
        found: In the order of the text.
    """
    ordered: list[re.Match[str]] = []
    starts = [match.start() for match in found]
    # What was raised last, or is printed last as the cause, is what failed; but Python prints a cause before.
    for start, end in reversed(_between(_MORE_INNER, text, 0, len(text))):
        for first, last in _between(_LESS_INNER, text, start, end):
            part = list(found[bisect_left(starts, first) : bisect_left(starts, last)])
            if any(match.re in INNERMOST_LAST for match in part):
                part.reverse()
            ordered += part
    return ordered


def _between(mark: re.Pattern[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of a text between marks."""
    borders = [start, *(match.start() for match in mark.finditer(text, start, end)), end]
    return list(itertools.pairwise(borders))


def _places_with_paths(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, those of places below a file's path with that path."""
    path = ""
    for line in lines:
        if path and (place := PLACE_BELOW.match(line)):
            yield f"{path}:{place[1]}: {line.strip()}"
        else:
            path = line.strip() if PATH_ALONE.match(line) else ""
            yield line


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Yield what the forms match; a stretch of text belongs to the first form that takes it."""
    taken = bytearray(len(text))
    for form in FORMS:
        for match in form.finditer(text):
            start, end = match.start("path"), match.end("line")
            if not any(taken[start:end]):
                taken[start:end] = bytes([1]) * (end - start)
                yield match


def _frame(match: re.Match[str]) -> Frame:
    """What one match says."""
    path = unquote(match["path"].strip()).replace("\\", "/").replace("/./", "/")
    printed = match.groupdict().get("name") or ""
    return Frame(_BEGINNING.sub("", path), int(match["line"]), function_name(printed, path))
