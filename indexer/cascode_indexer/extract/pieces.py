"""Blocks of a source with errors, each parsed alone below the lines that open the blocks around it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from cascode_indexer.types import FUNCTION_KINDS, Definition

from .errors import ExtractionError
from .grammars import Grammar
from .layout import Block, Layout, closers
from .parsing import parse
from .soundness import Soundness
from .sweep import Sweep

#: Blocks nest in one another: so many times the length of the source are parsed, and a little for small ones.
_MAX_TIMES = 3
_MIN_BYTES = 1 << 16
#: Blocks in a row that give no definition: the source is not laid out as it is nested, or is statements from here on.
_MAX_IN_VAIN = 30
#: A source with more blocks to read again is no source of this language.
_MAX_PIECES = 1_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


class Pieces:
    """Reads the blocks of one source.

    Args:
        grammar: Of the source.
        sweep: The first pass, done.
        layout: The source's blocks.
        tree: What the tree says of them.
        size: Bytes of the source.
    """

    def __init__(self, grammar: Grammar, sweep: Sweep, layout: Layout, tree: Soundness, size: int) -> None:
        self._grammar = grammar
        self._sweep = sweep
        self._layout = layout
        self._tree = tree
        self._bytes_left = max(_MIN_BYTES, _MAX_TIMES * size)
        #: The same for heads, which are read a second time.
        self._head_bytes_left = self._bytes_left
        self._pieces_left = _MAX_PIECES
        self._in_vain = 0

    def may_read(self, block: Block) -> bool:
        """Whether there is time for another block."""
        self._bytes_left -= self._size(block)
        self._pieces_left -= 1
        return self._bytes_left > 0 and self._pieces_left > 0 and self._in_vain < _MAX_IN_VAIN

    def read(self, block: Block) -> tuple[list[Definition], bool]:
        """Definitions of one block, and whether it has no errors."""
        definitions, is_clean = self._read(block, self._layout.text(block.first, block.last))
        self._in_vain = 0 if definitions else self._in_vain + 1
        return definitions, is_clean

    def read_head(self, block: Block, hidden: Iterable[Block] | None = None) -> Definition | None:
        """The definition that begins a block, read without what has errors.

        Args:
            block: The block.
            hidden: Blocks in it that are left out; everything in it unless given.

        Returns:
            The definition, whose name, signature and lines do not depend on what is hidden, and neither does a
            function's code; None where there is none.
        """
        self._head_bytes_left -= self._size(block)
        if self._head_bytes_left < 0 or block.last == block.head:
            return None
        instead = self._grammar.spec.empty_body
        layout = self._layout
        body = layout.head_alone(block, instead) if hidden is None else layout.without(block, hidden, instead)
        definitions, is_clean = self._read(block, body)
        heads = [found for found in definitions if block.begins_at(found.name_line - 1)]
        if not is_clean or not heads:
            return None
        head = heads[0]
        return dataclasses.replace(head, code=self._written(head)) if head.kind in FUNCTION_KINDS else head

    def _written(self, function: Definition) -> str:
        """A function's code as it stands in the source, of which some lines were hidden."""
        text = self._layout.text(function.start_line - 1, function.end_line - 1).decode("utf-8", "surrogatepass")
        lines = [line.rstrip("\r\n") for line in _LINE.findall(function.code)]
        start, end = max(text.find(lines[0]), 0), text.rfind(lines[-1])
        # The placeholder for a hidden body is not the source's, even where the source has the same word.
        if lines[-1].strip() == self._grammar.spec.empty_body.decode():
            end = -1
        return text[start : end + len(lines[-1]) if end >= start else None].rstrip(" \t\r\n\f\v")

    def _size(self, block: Block) -> int:
        """Bytes of a block."""
        return self._layout.start(block.last + 1) - self._layout.start(block.first)

    def _read(self, block: Block, body: bytes) -> tuple[list[Definition], bool]:
        """Definitions of a block with some text for its body, and whether that has no errors."""
        layout, spec = self._layout, self._grammar.spec
        context = [layout.text(line, line) for line in block.context]
        head = spec.piece_prefix + b"".join(context)
        ends = closers(context)
        if spec.block_end and not ends:
            ends = [spec.block_end] * len(block.around)
        piece = head + body + b"\n" + b"\n".join(ends) + (spec.behind_block if ends else b"")
        try:
            reading = parse(self._grammar, piece)
        except ExtractionError:
            return [], False
        sweep = Sweep(reading, piece.decode("utf-8", "surrogatepass"), piece)
        found = sweep.definitions()
        added = spec.piece_prefix.count(b"\n") + len(context)
        outer = self._tree.outer(block)
        # The prefix may open a type, which stands for the one around the block.
        made = next(("".join([*item.inner, "."]) for item in sweep.items if item.start < len(spec.piece_prefix)), "")
        if made and not outer:
            outer = self._sweep.container_at(layout.start(block.head))[0]
        definitions = [
            _moved(_without(definition, made), block.first - added, outer, block.last + 1)
            for definition in found
            # What is named behind the block took a word of those that close it.
            if definition.start_line > added and definition.name_line - added <= block.last + 1 - block.first
        ]
        return definitions, all(end < len(head) for _, end in reading.errors())


def _without(definition: Definition, container: str) -> Definition:
    """A definition without a container in its name."""
    if not container or not definition.qualified_name.startswith(container):
        return definition
    return dataclasses.replace(definition, qualified_name=definition.qualified_name.removeprefix(container))


def _moved(definition: Definition, lines: int, outer: list[str], last: int) -> Definition:
    """A definition of a piece in its place in the source, cut where it goes on behind its block."""
    end = definition.end_line + lines
    code = definition.code
    if end > last and definition.kind in FUNCTION_KINDS:
        code = "".join(_LINE.findall(code)[: last - end]).rstrip()
    return dataclasses.replace(
        definition,
        qualified_name=".".join([*outer, definition.qualified_name]),
        start_line=definition.start_line + lines,
        end_line=min(end, last),
        name_line=definition.name_line + lines,
        code=code,
    )
