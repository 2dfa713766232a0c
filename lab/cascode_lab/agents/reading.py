"""The context of a scripted agent: which lines it has read, and what that cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.extract import ExtractionError, extract_definitions, language_of
from cascode_indexer.types import SkipCounts, SkipReason
from cascode_indexer.walk import read_source, walk

#: An agent that has read so much without an answer has lost its way: a quarter of a usual context.
MOST_TOKENS = 50_000
#: Lines of a definition that must be read, from its first one: by then it is clear whether it is the right one.
ENOUGH_LINES = 60
#: Larger files are left out, as by default.
_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file."""

    path: str
    first: int
    last: int

    def lines(self) -> range:
        """The numbers of the lines."""
        return range(self.first, self.last + 1)


class SourceTree:
    """The source files of a workspace, and where their definitions stand.

    Args:
        root: The workspace.
    """

    def __init__(self, root: Path) -> None:
        #: The lines of each file, by its path.
        self.files: dict[str, list[str]] = {}
        self._languages: dict[str, str] = {}
        for source in walk(root, language_of=language_of, skipped=SkipCounts(), max_bytes=_MAX_FILE_BYTES):
            text = read_source(source, _MAX_FILE_BYTES)
            if not isinstance(text, SkipReason):
                self.files[source.path] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
                self._languages[source.path] = source.language

    def spans_of(self, answers: Iterable[tuple[str, str]]) -> list[Span]:
        """Return the lines to read of each answer.

        Args:
            answers: Path and qualified name of each; those that are not there give nothing.
        """
        spans = []
        for path, name in sorted(answers):
            if path not in self.files:
                continue
            try:
                found = extract_definitions("\n".join(self.files[path]), self._languages[path], path=path)
            except ExtractionError:
                continue
            for definition in found.definitions:
                if definition.qualified_name == name:
                    last = min(definition.end_line, definition.start_line + ENOUGH_LINES - 1)
                    spans.append(Span(path, definition.start_line, last))
        return spans


class Context:
    """What a scripted agent has read so far.

    Args:
        files: The lines of each file.
        wanted: The answers: it has found one when it has read all lines of it.
        count: Counts the tokens of a text.
    """

    def __init__(self, files: Mapping[str, list[str]], wanted: Iterable[Span], count: Callable[[str], int]) -> None:
        #: Tokens read.
        self.tokens = 0
        #: Calls of tools: each output, and each time that a file is opened.
        self.calls = 0
        self._files = files
        self._wanted = tuple(wanted)
        self._count = count
        self._read: set[tuple[str, int]] = set()
        #: The file that was read last, where nothing was heard since.
        self._open = ""

    @property
    def found(self) -> bool:
        """Whether one of the answers has been read."""
        return any(all((span.path, line) in self._read for line in span.lines()) for span in self._wanted)

    def ended(self) -> bool:
        """Whether it is time to end, found or not."""
        return self.found or self.tokens >= MOST_TOKENS

    def hear(self, text: str, shown: Iterable[Span] = ()) -> None:
        """Take in the output of a tool.

        Args:
            text: All of it.
            shown: Lines of files that stand in it.
        """
        self.calls += 1
        self._open = ""
        self._take(text, shown)

    def read(self, span: Span) -> None:
        """Read lines of a file, as ``sed -n 10,50p`` prints them; those read before are not read again."""
        lines = self._files.get(span.path, [])
        new = [line for line in span.lines() if 1 <= line <= len(lines) and (span.path, line) not in self._read]
        if new and self._open != span.path:
            self.calls += 1
            self._open = span.path
        self._take("".join(f"{lines[line - 1]}\n" for line in new), [Span(span.path, line, line) for line in new])

    def _take(self, text: str, shown: Iterable[Span]) -> None:
        """Pay for a text, and remember what stands in it."""
        self.tokens += self._count(text)
        for span in shown:
            self._read.update((span.path, line) for line in span.lines())
