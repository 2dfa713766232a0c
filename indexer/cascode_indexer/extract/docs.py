"""Doc comments: which comments above a definition document it, and their text without the markers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .forms import CommentForms

#: Instructions to tools: they stand where a doc comment stands and say nothing about the function.
_DIRECTIVE = re.compile(
    r"""\s*(?:/\*+|//+!?|\#+)\s*(?:
        eslint|jshint|jslint|jscs:|global\s|globals\s|exported\s|istanbul|c8\s|v8\s|prettier|tslint|biome|oxlint
      | @ts-|@flow|@jsx|@internal\b|@preserve|[@\#]__PURE__|webpack|noinspection|sourceMappingURL
      | NOLINT|nolint|go:|\+build|export\s+\w+\s*(?:\*/)?$|clang-format|clang-tidy|IWYU|cppcheck
      | rubocop:|frozen_string_literal:|-\*-|encoding:|coding:|typed:|:nocov:|:nodoc:|standard:
      | phpcs|phpstan|psalm|@codeCoverage|@phpstan|@psalm
      | \#?region\b|\#?endregion\b|checkstyle|CHECKSTYLE|spotless|@formatter|SPDX-
      | ReSharper|dotcover
    )""",
    re.VERBOSE,
)
#: What Doxygen reads as documentation of what stands in front; ``///<summary>`` is C#'s.
_OF_WHAT_STANDS_BEFORE = re.compile(rb"(?://[/!]|/\*[*!])<(?!/?[A-Za-z][^<>\n]*>)")
_OPENING = b"{(["
_LICENCE = re.compile(r"copyright|licen[cs]ed?\s+under|spdx-license|@licen[cs]e|all rights reserved", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r)[ \t\f\v]*(?:\r\n|\n|\r)")
_LINE_BREAK = re.compile(rb"[\r\n]")
#: Bytes that show the style of a comment.
_LONGEST_MARKER = 8
#: Bytes of shebang, opening tag and encoding line that can stand in front of a licence.
_MAX_PREAMBLE = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in the source, as byte offsets; trailing white space is not part of it."""

    start: int
    end: int
    #: ``/* */`` and the like, in contrast to a comment that ends with its line.
    is_block: bool
    #: Written for documentation tools: ``/**``, ``///``.
    is_doc: bool


#: Ends of signatures that stand above a function's own, each with its first byte and its name.
Overloads = Mapping[int, tuple[int, bytes]]


class Comments:
    """The comments of one source in order, and the questions asked about them.

    Args:
        data: The source.
        ranges: First bytes and ends of its comments.
        forms: How its language writes them.
        overloads: Signatures that comments may stand above, in place of the function that they are about.
    """

    def __init__(
        self,
        data: bytes,
        ranges: Sequence[tuple[int, int]],
        forms: CommentForms,
        overloads: Overloads = MappingProxyType({}),
    ) -> None:
        self._data = data
        self._forms = forms
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(ranges):
            self._starts.append(start)
            self._ends.append(max(start, _rstrip(data, end)))
        self._runs: dict[int, list[Comment]] = {}
        self._by_start = dict(zip(self._starts, self._ends, strict=True))
        self._overloads = overloads

    def _at(self, index: int) -> Comment:
        """A comment with its style. Most comments of a source are never asked for theirs."""
        start, end = self._starts[index], self._ends[index]
        head = self._data[start : min(start + _LONGEST_MARKER, end)].decode("utf-8", "replace")
        return Comment(start, end, self._forms.is_block(head), self._forms.is_doc(head))

    def before(self, offset: int) -> int:
        """Index of the last comment that ends at or before ``offset``; -1 where there is none."""
        return bisect_right(self._ends, offset) - 1

    def covers(self, offset: int) -> bool:
        """Whether ``offset`` lies in a comment."""
        index = bisect_right(self._ends, offset)
        return index < len(self._starts) and self._starts[index] <= offset

    def end_at(self, offset: int) -> int:
        """End of the comment that starts at ``offset``; 0 where none does."""
        return self._by_start.get(offset, 0)

    def inside(self, start: int, end: int) -> list[Comment]:
        """Comments that lie between two offsets, in order."""
        found = []
        index = bisect_right(self._ends, start)
        while index < len(self._ends) and self._ends[index] <= end:
            if self._starts[index] >= start:
                found.append(self._at(index))
            index += 1
        return found

    def skip_back(self, offset: int) -> int:
        """Walk back from ``offset`` over white space and comments; returns where other text ends."""
        data = self._data
        while True:
            offset = _rstrip(data, offset)
            index = self.before(offset)
            if index < 0 or self._ends[index] != offset:
                return offset
            offset = self._starts[index]

    def doc_above(self, offset: int) -> str:
        """Text of the comment that documents the definition whose span starts at ``offset``."""
        run = [comment for comment in self._run_above(offset) if not _DIRECTIVE.match(self._text(comment))]
        if not run:
            return ""
        chosen = _choose(run)
        text = self.cleaned(chosen)
        if self._is_file_header(chosen[0]) and _LICENCE.search(text):
            return ""
        return text

    def doc_of_overloads(self, offset: int, name: bytes) -> str:
        """Text of the comment above the first signature of a function that is called with several kinds of arguments.

        Args:
            offset: Where the function's span starts.
            name: Its name.
        """
        text = ""
        while self._overloads:
            end = self.skip_back(offset)
            if self._data[end - 1 : end] == b";" and end not in self._overloads:
                end = _rstrip(self._data, end - 1)
            start, other = self._overloads.get(end, (offset, b""))
            if other != name or start >= offset:
                break
            offset = start
            text = self.doc_above(offset) or text
        return text

    def doc_inside(self, offset: int) -> str:
        """Text of the comments behind ``offset`` that document what they stand in."""
        run: list[Comment] = []
        index = bisect_right(self._ends, offset)
        while self._forms.inner and index < len(self._starts) and not self._data[offset : self._starts[index]].strip():
            comment = self._at(index)
            if not self._text(comment).startswith(self._forms.inner):
                break
            run.append(comment)
            offset = comment.end
            index += 1
        return self.cleaned(run if not run or not run[0].is_block else run[:1])

    def doc_between(self, start: int, end: int) -> str:
        """Text of the comment that documents a definition from among its decorators."""
        run = [
            comment
            for comment in self.inside(start, end)
            if self._owns_its_line(comment) and not _DIRECTIVE.match(self._text(comment))
        ]
        return self.cleaned(_choose(run)) if run else ""

    def start_above(self, offset: int) -> int:
        """Where the comments directly above ``offset`` begin; ``offset`` itself where there are none."""
        run = self._run_above(offset)
        return run[0].start if run else offset

    def cleaned(self, comments: list[Comment]) -> str:
        """The comments' text without markers."""
        return self._forms.text([self._text(comment) for comment in comments])

    def _text(self, comment: Comment) -> str:
        """The comment as it stands in the source."""
        return self._data[comment.start : comment.end].decode("utf-8", "replace")

    def _is_file_header(self, comment: Comment) -> bool:
        """Whether only a shebang or an opening tag stands before the comment."""
        if comment.start > _MAX_PREAMBLE:
            return False
        before = self._data[: comment.start].lstrip()
        return not before or before.startswith((b"#!", b"<?"))

    def _run_above(self, offset: int) -> list[Comment]:
        """Comments directly above ``offset`` without a blank line between, in order of the source."""
        known = self._runs.get(offset)
        if known is not None:
            return known
        run: list[Comment] = []
        end = offset
        index = self.before(offset)
        while index >= 0 and self._ends[index] == _rstrip(self._data, end):
            comment = self._at(index)
            if comment.start == 0 and self._data.startswith(b"#!"):
                break
            is_apart = self._forms.is_apart and comment.is_block and not run
            if not is_apart and _BLANK_LINE.search(self._data, comment.end, end):
                break
            if not self._owns_its_line(comment) and (run or not self._opens_line(comment, offset)):
                break
            if _OF_WHAT_STANDS_BEFORE.match(self._data, comment.start):
                break
            if self._forms.inner and self._text(comment).startswith(self._forms.inner):
                break
            run.append(comment)
            end = comment.start
            index -= 1
        run.reverse()
        self._runs[offset] = run
        return run

    def _opens_line(self, comment: Comment, offset: int) -> bool:
        """Whether a comment behind something else is about what starts at ``offset``: on its line, or first inside."""
        if not comment.is_block or not comment.is_doc:
            return False
        before = self._data[_rstrip_blanks(self._data, comment.start) - 1]
        return before in _OPENING or not _LINE_BREAK.search(self._data, comment.end, offset)

    def _owns_its_line(self, comment: Comment) -> bool:
        """Whether nothing but white space stands before the comment on its line."""
        start = _rstrip_blanks(self._data, comment.start)
        return start == 0 or self._data[start - 1] in b"\n\r"


def _choose(run: list[Comment]) -> list[Comment]:
    """Of adjacent comments, those that document: the last doc comment, else the last run of one style."""
    for index in range(len(run) - 1, -1, -1):
        if run[index].is_doc:
            break
    else:
        index = len(run) - 1
    last = run[index]
    if last.is_block:
        return [last]
    first = index
    while first > 0 and not run[first - 1].is_block and run[first - 1].is_doc == last.is_doc:
        first -= 1
    return run[first : index + 1]


def _rstrip(data: bytes, offset: int) -> int:
    """Offset behind the last byte before ``offset`` that is no white space."""
    while offset > 0 and data[offset - 1] in b" \t\r\n\f\v":
        offset -= 1
    return offset


def _rstrip_blanks(data: bytes, offset: int) -> int:
    """As :func:`_rstrip`, but stays on the line."""
    while offset > 0 and data[offset - 1] in b" \t\f\v":
        offset -= 1
    return offset
