"""Where a tree with errors can be believed: what it says of a block, against the layout of the source."""

from __future__ import annotations

import itertools
import re
import sys
from bisect import bisect_left
from collections import defaultdict

from .items import Item
from .layout import Block, Layout, indentation
from .parsing import Reading
from .sweep import Sweep

#: A further line at the margin, where the next definition may begin.
_AT_MARGIN = re.compile(rb"[\r\n][A-Za-z_]")


def are_local(reading: Reading, sweep: Sweep, data: bytes) -> bool:
    """Whether each error of a source lies in a function or declaration that ends where its indentation says so.

    Args:
        reading: The source as the parser read it.
        sweep: The first pass, done.
        data: The source.
    """

    def indent(offset: int) -> int:
        start = max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1
        return indentation(data[start : offset + 1])

    functions = [item for item in sweep.items if item.is_function]
    starts = [item.start for item in functions]
    cursor = reading.tree.walk()  # the method of nodes that finds a child by its byte crashes (tree-sitter 0.26.1)
    for start, end in reading.errors():
        cursor.reset(reading.tree.root_node)
        around = cursor.node if cursor.goto_first_child_for_byte(start) is not None else None
        if (
            around is not None
            and around.type != "ERROR"
            and around.end_byte >= end
            and not _AT_MARGIN.search(data, around.start_byte, around.end_byte)
        ):
            continue
        index = bisect_left(starts, start) - 1
        # What is missing has no length, and at the end of a function it belongs to one that it has swallowed.
        if index < 0 or functions[index].end < max(end, start + 1):
            return False
        item = functions[index]
        if indent(item.start) != indent(item.end - 1):
            return False
        if index + 1 < len(functions) and starts[index + 1] < item.end:
            return False
    return True


class Soundness:
    """What the tree of one source says of its blocks.

    Args:
        reading: The source as the parser read it.
        sweep: The first pass, done.
        layout: Its blocks.
    """

    def __init__(self, reading: Reading, sweep: Sweep, layout: Layout) -> None:
        self._sweep = sweep
        self._layout = layout
        errors = reading.errors()
        self._errors = [start for start, _ in errors]
        #: How far the errors up to each one reach; a missing token has no length.
        self._reach = list(itertools.accumulate((max(end, start + 1) for start, end in errors), max))
        self._items_at: defaultdict[int, list[Item]] = defaultdict(list)
        for item in sweep.items:
            self._items_at[self._line(item)].append(item)
        #: First lines of a block, up to its head, to the block.
        self.block_at = {line: block for block in layout.walk() for line in range(block.first, block.head + 1)}
        self._covering = self._find_covering()
        #: Head of the innermost block to what :meth:`_displaces_from` says: asked for each block in it.
        self._displacing: dict[int, int] = {}

    def swallowed_by(self, block: Block) -> list[int]:
        """Lines of items that the tree has around a block and that by the layout end before it."""
        found = []
        for line, item in self._covering[block.head]:
            other = self.block_at.get(line)
            if other is None or other is block or self._is_flush(item, other):
                continue
            depth = len(other.around)
            if depth >= len(block.around) or block.around[depth] is not other:
                found.append(line)
        return found

    def is_sound(self, block: Block) -> bool:
        """Whether the tree has no error in a block and none around it that gives it other containers."""
        layout = self._layout
        has_error = self._has_error(layout.start(block.first), layout.start(block.last + 1))
        if has_error and not self.settled_by(block):
            return False
        if self.swallowed_by(block):
            return False
        return self._displaces_from(block.around) > block.offset

    def settled_by(self, block: Block) -> Item | None:
        """The definition that begins and ends with a block: an error inside has not displaced it."""
        for line in range(block.first, block.head + 1):
            for item in self._items_at.get(line, ()):
                if item.node is not None and self._sweep.line(max(item.start, item.end - 1)) - 1 == block.last:
                    return item
        return None

    def _displaces_from(self, around: tuple[Block, ...]) -> int:
        """From where on the tree gives what is in some blocks other containers; 0 where an error is in a head."""
        if not around:
            return sys.maxsize
        block = around[-1]
        known = self._displacing.get(block.head)
        if known is None:
            head_end = self._layout.start(block.head + 1)
            # An item at the head that ends inside the block should have ended with it, unless it is all of the head.
            ends = [
                item.end
                for line in range(block.first, block.head + 1)
                for item in self._items_at.get(line, ())
                if not item.is_function or item.end > head_end
            ]
            if self._has_error(self._layout.start(block.head), head_end):
                ends.append(0)
            known = self._displacing[block.head] = min([*ends, self._displaces_from(around[:-1])])
        return known

    @staticmethod
    def _is_flush(item: Item, block: Block | None) -> bool:
        """Whether an item, at the head of a block or at no head, contains what is not indented below it."""
        return not item.is_function and (block is None or not block.inner)

    def _has_error(self, start: int, end: int) -> bool:
        """Whether an error lies between two offsets, or around them."""
        index = bisect_left(self._errors, end)
        return index > 0 and self._reach[index - 1] > start

    def outer(self, block: Block) -> list[str]:
        """Name of what contains a block without being indented around it."""
        outermost = block.around[0] if block.around else block
        covering = self._covering[outermost.head]
        flush = [item for line, item in covering if self._is_flush(item, self.block_at.get(line))]
        return flush[-1].inner if flush else []

    def _find_covering(self) -> dict[int, list[tuple[int, Item]]]:
        """Head of a block to the items around it, each with its line."""
        covering: dict[int, list[tuple[int, Item]]] = {}
        around: list[tuple[int, Item]] = []
        items = iter([*self._sweep.items, None])
        item = next(items)
        for block in self._layout.walk():
            while item is not None and item.start < block.offset:
                around.append((self._line(item), item))
                item = next(items)
            covering[block.head] = [found for found in around if found[1].end > block.offset]
            around = [*covering[block.head]]
        return covering

    def _line(self, item: Item) -> int:
        """0-based line of an item's first byte."""
        return self._sweep.line(item.start) - 1
