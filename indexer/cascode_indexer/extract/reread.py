"""A source with errors, read again block by block: an error in one function is none of the others'.

Where a bracket or a quote is left open, recovery swallows what follows, or ends a class too early. Each block that may
be concerned is parsed alone, below the lines that open the blocks around it, which give it its containers.
"""

from __future__ import annotations

import dataclasses
import re

from cascode_indexer.types import FUNCTION_KINDS, Definition

from .clauses import join_clauses
from .errors import ExtractionError
from .layout import Block, Layout, closers
from .parsing import Reading, parse
from .soundness import Soundness, are_local
from .sweep import Sweep

#: Blocks nest in one another: so many times the length of the source are parsed, and a little for small ones.
_MAX_TIMES = 3
#: Blocks in a row that give no definition: the source is not laid out as it is nested, or is statements from here on.
_MAX_IN_VAIN = 30
_MIN_BYTES = 1 << 16
#: A source with more blocks to read again is no source of this language.
_MAX_PIECES = 1_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")

#: A definition's name and the line that carries it.
Key = tuple[str, int]


def reread(reading: Reading, sweep: Sweep, data: bytes, found: list[Definition]) -> list[Definition]:
    """Correct what errors have hidden or misplaced.

    Args:
        reading: The source as the parser read it.
        sweep: The first pass, done.
        data: The source.
        found: What the first pass found.

    Returns:
        All definitions: those of the first pass, and what a block gives in their place or beside them.
    """
    if not reading.grammar.spec.nests_functions and are_local(reading, sweep, data):
        return found
    return _Reread(reading, sweep, data, found).definitions()


class _Reread:
    """One source on its second way through the parser."""

    def __init__(self, reading: Reading, sweep: Sweep, data: bytes, found: list[Definition]) -> None:
        self._grammar = reading.grammar
        openings = tuple(opening.encode() for opening in reading.grammar.spec.comments.openings)
        self._layout = Layout(data, openings, sweep.is_comment)
        self._sweep = sweep
        self._tree = Soundness(reading, sweep, self._layout)
        self._found: dict[Key, Definition] = {_key(definition): definition for definition in found}
        self._doubles = [definition for definition in found if self._found[_key(definition)] is not definition]
        self._bytes_left = max(_MIN_BYTES, _MAX_TIMES * len(data))
        self._pieces_left = _MAX_PIECES
        self._in_vain = 0
        #: Lines of items that have swallowed what follows them.
        self._swallowing: set[int] = set()

    def definitions(self) -> list[Definition]:
        """The definitions of both passes."""
        for block in self._layout.blocks:
            self._visit(block)
        for line in sorted(self._swallowing):
            self._shorten(self._tree.block_at[line])
        found = [*self._found.values(), *self._doubles]
        return join_clauses(found, self._layout) if self._grammar.spec.has_clauses else found

    def _visit(self, block: Block, in_function: bool = False) -> None:
        """Read a block again where the tree may be wrong about it, then those inside unless it is without errors."""
        further: list[Definition] = []
        # A line in a function is a statement.
        is_line = block.first == block.last and in_function
        if not is_line and not self._tree.is_sound(block) and self._may_read(block):
            pieces, is_clean = self._read(block)
            if is_clean and pieces:
                self._found.update({_key(piece): piece for piece in pieces})
                self._swallowing.update(self._tree.swallowed_by(block))
                return
            further = pieces
        elif not self._grammar.spec.nests_functions:
            settled = self._tree.settled_by(block)
            if settled is not None and settled.is_function:
                return
        heads = [piece for piece in further if block.begins_at(piece.start_line - 1)]
        in_function = in_function or any(piece.kind in FUNCTION_KINDS for piece in heads)
        for inner in block.inner:
            self._visit(inner, in_function)
        for piece in further:
            self._found.setdefault(_key(piece), piece)

    def _shorten(self, block: Block) -> None:
        """End the definition of a block with it."""
        for piece in self._read(block)[0]:
            known = self._found.get(_key(piece))
            if known is not None and block.begins_at(piece.start_line - 1) and known.end_line > piece.end_line:
                self._found[_key(piece)] = piece

    def _may_read(self, block: Block) -> bool:
        """Whether there is time for another block."""
        size = self._layout.start(block.last + 1) - self._layout.start(block.first)
        self._bytes_left -= size
        self._pieces_left -= 1
        return self._bytes_left > 0 and self._pieces_left > 0 and self._in_vain < _MAX_IN_VAIN

    def _read(self, block: Block) -> tuple[list[Definition], bool]:
        """Definitions of one block, and whether it has no errors."""
        layout, spec = self._layout, self._grammar.spec
        context = [layout.text(line, line) for line in block.context]
        head = spec.piece_prefix + b"".join(context)
        body = layout.text(block.first, block.last)
        ends = closers(context)
        if spec.block_end and not ends:
            ends = [spec.block_end] * len(block.around)
        piece = head + body + b"\n" + b"\n".join(ends)
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
        self._in_vain = 0 if definitions else self._in_vain + 1
        is_clean = all(end < len(head) for _, end in reading.errors())
        return definitions, is_clean


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


def _key(definition: Definition) -> Key:
    return definition.name, definition.name_line
