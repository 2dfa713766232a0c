"""Blocks of a source by its layout: what is indented below a line belongs to it, whatever a parser makes of it.

People indent what they write, in every language, and a syntax error does not change that: where a tree is wrong, the
layout still says where a function ends and which class it belongs to.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .shown import blanked

_TAB_WIDTH = 8
#: Written code is indented less often; what is deeper belongs to the block around it.
_MAX_DEPTH = 50
#: Literals, whose brackets open nothing.
_STRING = re.compile(rb"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_CLOSING = {ord("("): b")", ord("["): b"]", ord("{"): b"}"}
_CLOSERS = b")]}"
#: What closes the lists that a head may be spread over.
_LISTS = frozenset({b")", b"]"})
#: Lines that a head may have; one with more is itself what is wrong, and its brackets are counted again for each.
_MAX_HEAD_LINES = 64
#: What goes on with the statement above at the same indentation.
_CONTINUES = re.compile(
    rb"[})\]{]|(?:end|else|elif|elsif|elseif|catch|except|finally|rescue|ensure|fi|done|esac)\b(?!\s*[=(.:])"
)
#: Labels, directives, marks of merge conflicts and ends of strings, which stand at any indentation: ``public:``.
_ASIDE = re.compile(
    rb"[})\]]*[#\"'`]|[<=>|]{7}(?:\s|\Z)|(?:public|private|protected)(?: \w+)?:?\Z"
    rb"|(?!(?:try|else|finally|except)\b)[A-Za-z_]\w*:\Z"
)
#: Decorators and attributes, part of what follows where they end their line, and what they end with.
_DECORATOR = (b"@", b"[")
_DECORATOR_END = re.compile(rb"[\w)\]]\s*\Z")
#: A type of Elixir's belongs to the function below it, whatever it ends with.
_SPECIFICATION = b"@spec "
#: A line of words: a type above the name of its function, or attributes.
_WORDS = re.compile(rb"(?:__attribute__[ \t]*\(\([^;{}]*\)\))?[\w\s*&<>:,]*\Z")


@dataclass(slots=True)
class Block:
    """A line with what is indented below it; lines are 0-based."""

    #: Its first line, comments and decorators directly above included; the line that opens it.
    first: int
    head: int
    indent: int
    #: Its last line.
    last: int
    #: First byte of what stands in the line that opens it.
    offset: int
    #: Blocks around it, outermost first, and their lines that it is nested in: heads and turns.
    around: tuple[Block, ...] = ()
    context: tuple[int, ...] = ()
    inner: list[Block] = field(default_factory=list)
    #: The last line at its own indentation that goes on with it: ``{``, ``):``, ``} else {``.
    turn: int = -1

    def begins_at(self, line: int) -> bool:
        """Whether a line is one of the first ones, up to the head."""
        return self.first <= line <= self.head


class Layout:
    """The lines of a source and the blocks that they form.

    Args:
        data: The source.
        openings: What comments of the language start with.
        is_comment: Whether a comment covers a byte offset.
    """

    def __init__(self, data: bytes, openings: tuple[bytes, ...], is_comment: Callable[[int], bool]) -> None:
        self._data = data
        self._lines = data.splitlines(keepends=True)
        self._starts = [0, *itertools.accumulate(map(len, self._lines))]
        self._openings = (b"*", *openings)
        self._is_comment = is_comment
        #: The outermost blocks.
        self.blocks: list[Block] = self._build()

    def start(self, line: int) -> int:
        """First byte of a line; the length of the source behind the last one."""
        return self._starts[line] if line < len(self._starts) else len(self._data)

    def text(self, first: int, last: int) -> bytes:
        """Source text of some lines, both included."""
        return self._data[self.start(first) : self.start(last + 1)]

    def without(self, block: Block, hidden: Iterable[Block], instead: bytes) -> bytes:
        """Source text of a block with the lines of some inner ones blanked.

        Args:
            block: The block.
            hidden: Blocks in it.
            instead: What stands for a body that is hidden.
        """
        lines = self._lines[block.first : block.last + 1]
        for inner in hidden:
            self._hide(lines, inner.first - block.first, inner.last - block.first, instead)
        return b"".join(lines)

    def head_alone(self, block: Block, instead: bytes) -> bytes:
        """Source text of a block with what is indented below its head blanked; as for :meth:`without`."""
        lines = self._lines[block.first : block.last + 1]
        head = block.head - block.first
        behind = head + 1
        # Parameters on lines of their own belong to the head, unless it is the head that is wrong.
        last = min(len(lines), head + _MAX_HEAD_LINES)
        while behind < last and not _LISTS.isdisjoint(closers(lines[head:behind])):
            behind += 1
        first = behind if behind < last else head + 1
        inside = [number for number in range(first, len(lines)) if indentation(lines[number]) > block.indent]
        final = max((number for number in inside if lines[number].strip()), default=-1)
        for number in inside:
            self._hide(lines, number, number, instead if number == final else b"")
        return b"".join(lines)

    @staticmethod
    def _hide(lines: list[bytes], first: int, last: int, instead: bytes) -> None:
        """Blank some lines; what may stand for them is where the last one is, for the body to end there."""
        margin = len(lines[first]) - len(lines[first].lstrip())
        indent = lines[first][:margin]
        lines[first : last + 1] = [blanked(line) for line in lines[first : last + 1]]
        if instead:
            lines[last] = indent + instead + b"\n"

    def says_nothing(self, first: int, last: int) -> bool:
        """Whether some lines, both included, hold nothing but comments; so do none."""
        return all(
            not line.strip() or self._is_aside(self._starts[number] + len(line) - len(line.lstrip()), line.strip())
            for number, line in enumerate(self._lines[first : last + 1], first)
        )

    def walk(self) -> Iterator[Block]:
        """All blocks in order of the source."""
        waiting = self.blocks[::-1]
        while waiting:
            block = waiting.pop()
            yield block
            waiting.extend(block.inner[::-1])

    def _build(self) -> list[Block]:
        """Form the blocks."""
        outermost: list[Block] = []
        stack: list[Block] = []
        above = -1
        #: The last line of all open blocks: noted in each when it is closed.
        reached = -1
        lines = self._lines
        for number, line in enumerate(lines):
            begun = line.lstrip()
            content = begun.rstrip()
            if not content:
                above = -1
                continue
            margin = len(line) - len(begun)
            indent = margin if line.count(b" ", 0, margin) == margin else indentation(line)
            offset = self._starts[number] + margin
            if self._is_aside(offset, content) or self._is_type(lines, number, content, indent):
                above = number if above < 0 else above
                continue
            same = None
            for block in reversed(stack):
                if block.indent <= indent:
                    same = block if block.indent == indent else None
                    break
            continues = _CONTINUES.match(content)
            if continues and (same is None or not self._goes_on(same, reached, content, lines)):
                above = -1  # closes what nothing here opens, as in a string
                continue
            while stack and stack[-1].indent > indent:
                stack.pop().last = reached
            if continues and same is not None:
                same.turn = number
            elif len(stack) < _MAX_DEPTH or same is not None:
                if same is not None:
                    stack.pop().last = reached
                parent = stack[-1] if stack else None
                siblings = outermost if parent is None else parent.inner
                first = number if above < 0 else above
                if same is not None and same.last == first - 1 and self._decorates(same):
                    first = siblings.pop().first
                block = Block(first, number, indent, number, offset)
                if parent is not None:
                    turn = () if parent.turn < 0 else (parent.turn,)
                    block.around, block.context = (*parent.around, parent), (*parent.context, parent.head, *turn)
                siblings.append(block)
                stack.append(block)
            above = -1
            reached = number
        for block in stack:
            block.last = reached
        return outermost

    @staticmethod
    def _goes_on(block: Block, last: int, content: bytes, lines: list[bytes]) -> bool:
        """Whether a line that continues something continues a block: it is open, or has something inside."""
        opening = max(block.head, block.turn)
        if content[:1] == b"{" or last > opening:
            return True
        return bool(closers([lines[opening]])) if content[:1] in _CLOSERS else block.turn < 0

    def _decorates(self, block: Block) -> bool:
        """Whether a block is a decorator of what follows."""
        head = self.text(block.head, block.head).lstrip()
        return head.startswith(_SPECIFICATION) or bool(
            head.startswith(_DECORATOR) and _DECORATOR_END.search(self.text(block.last, block.last))
        )

    def _is_aside(self, offset: int, content: bytes) -> bool:
        """Whether what a line holds from an offset on neither opens nor ends a block."""
        if content.startswith(self._openings) or _ASIDE.match(content):
            return True
        return self._is_comment(offset)

    def _is_type(self, lines: list[bytes], number: int, content: bytes, indent: int) -> bool:
        """Whether a line of words belongs to the next one: neither is indented below it, nor does it open a brace."""
        if number + 1 >= len(lines) or not _WORDS.match(content):
            return False
        following = lines[number + 1]
        below = following.strip()
        return bool(below) and below[:1] != b"{" and indentation(following) == indent and not _CONTINUES.match(below)


def closers(lines: Iterable[bytes]) -> list[bytes]:
    """What closes the brackets that lines leave open, the innermost first."""
    waiting: list[bytes] = []
    for line in lines:
        for byte in _STRING.sub(b"", line):
            if byte in _CLOSING:
                waiting.append(_CLOSING[byte])
            elif waiting and byte == waiting[-1][0]:
                waiting.pop()
    return waiting[::-1]


def indentation(line: bytes) -> int:
    """Columns in front of a line's first character."""
    size = len(line) - len(line.lstrip(b" \t\f"))
    return len(line[:size].expandtabs(_TAB_WIDTH)) if b"\t" in line[:size] else size
