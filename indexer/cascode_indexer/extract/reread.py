"""A source with errors, read again block by block: an error in one function is none of the others'.

Where a bracket or a quote is left open, recovery swallows what follows, or ends a class too early. Each block that may
be concerned is parsed alone, below the lines that open the blocks around it, which give it its containers.
"""

from __future__ import annotations

from collections import Counter

from cascode_indexer.types import FUNCTION_KINDS, Definition

from .clauses import join_clauses
from .layout import Block, Layout
from .parsing import Reading
from .pieces import Pieces
from .soundness import Soundness, are_local
from .sweep import Sweep

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
        self._spec = reading.grammar.spec
        openings = tuple(opening.encode() for opening in self._spec.comments.openings)
        self._layout = Layout(data, openings, sweep.is_comment)
        self._tree = Soundness(reading, sweep, self._layout)
        self._pieces = Pieces(reading.grammar, sweep, self._layout, self._tree, len(data))
        self._found: dict[Key, Definition] = {}
        #: Types among them, by the line that they start in, 0-based.
        self._types: Counter[int] = Counter()
        for definition in found:
            self._put(definition)
        self._doubles = [definition for definition in found if self._found[_key(definition)] is not definition]
        #: Lines of items that have swallowed what follows them.
        self._swallowing: set[int] = set()
        #: Heads of blocks that have errors of their own.
        self._broken: set[int] = set()

    def definitions(self) -> list[Definition]:
        """The definitions of both passes."""
        for block in self._layout.blocks:
            self._visit(block)
        for line in sorted(self._swallowing):
            self._shorten(self._tree.block_at[line])
        found = [*self._found.values(), *self._doubles]
        return join_clauses(found, self._layout) if self._spec.has_clauses else found

    def _visit(self, block: Block, in_function: bool = False) -> None:
        """Read a block again where the tree may be wrong about it, then those inside unless it is without errors."""
        further: list[Definition] = []
        head: Definition | None = None
        # A line in a function is a statement.
        is_line = block.first == block.last and in_function
        if not is_line and not self._tree.is_sound(block) and self._pieces.may_read(block):
            pieces, is_clean = self._pieces.read(block)
            if is_clean and pieces:
                for piece in pieces:
                    self._put(piece)
                self._swallowing.update(self._tree.swallowed_by(block))
                return
            further = pieces
            if not is_clean:
                self._broken.add(block.head)
                head = None if in_function else self._pieces.read_head(block)
        elif not self._spec.nests_functions:
            settled = self._tree.settled_by(block)
            if settled is not None and settled.is_function:
                return
        heads = [piece for piece in further if block.begins_at(piece.start_line - 1)]
        in_function = in_function or any(piece.kind in FUNCTION_KINDS for piece in ([head] if head else heads))
        for inner in block.inner:
            self._visit(inner, in_function)
        if head is not None:
            if head.kind not in FUNCTION_KINDS:
                head = self._pieces.read_head(block, self._hidden_in(block)) or head
            self._put(head)
        for piece in further:
            if _key(piece) not in self._found:
                self._put(piece)

    def _put(self, definition: Definition) -> None:
        """Take a definition in, in place of the one of its name in its line."""
        key = _key(definition)
        before = self._found.get(key)
        if before is not None and before.kind not in FUNCTION_KINDS:
            self._types[before.start_line - 1] -= 1
        if definition.kind not in FUNCTION_KINDS:
            self._types[definition.start_line - 1] += 1
        self._found[key] = definition

    def _hidden_in(self, block: Block) -> list[Block]:
        """What has to be left out of a type's block for the rest to be read: lines with errors, bodies around them."""
        hidden: list[Block] = []
        waiting = [block]
        while waiting:
            for inner in waiting.pop().inner:
                if inner.head not in self._broken:
                    continue
                if any(self._types.get(line) for line in range(inner.first, inner.head + 1)):
                    waiting.append(inner)
                else:
                    hidden.extend(inner.inner or [inner])
        return hidden

    def _shorten(self, block: Block) -> None:
        """End the definition of a block with it."""
        head = self._pieces.read_head(block)
        for piece in [head] if head is not None else self._pieces.read(block)[0]:
            known = self._found.get(_key(piece))
            if known is not None and block.begins_at(piece.start_line - 1) and known.end_line > piece.end_line:
                self._put(piece)


def _key(definition: Definition) -> Key:
    return definition.name, definition.name_line
