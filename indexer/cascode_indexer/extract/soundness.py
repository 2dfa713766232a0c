"""Where a tree with errors can be believed: what it says of a block, against the layout of the source."""

from __future__ import annotations

import itertools
import re
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
        if index < 0 or functions[index].end < end:
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

    def swallowed_by(self, block: Block) -> list[int]:
        """Lines of items that the tree has around a block and that by the layout end before it."""
        lines = ((item, self._line(item)) for item in self._covering[block.head])
        return [
            line
            for item, line in lines
            if line in self.block_at
            and not any(other.begins_at(line) for other in (*block.around, block))
            and not self._is_flush(item, line)
        ]

    def is_sound(self, block: Block) -> bool:
        """Whether the tree has no error in a block and none around it that gives it other containers."""
        layout, offset = self._layout, self._offset(block)
        has_error = self._has_error(layout.start(block.first), layout.start(block.last + 1))
        if has_error and not self.settled_by(block):
            return False
        if self.swallowed_by(block):
            return False
        for other in block.around:
            if self._has_error(layout.start(other.head), layout.start(other.head + 1)):
                return False
            for line in range(other.first, other.head + 1):
                if any(item.end <= offset and self._ends_early(item, other) for item in self._items_at[line]):
                    return False
        return True

    def settled_by(self, block: Block) -> Item | None:
        """The definition that begins and ends with a block: an error inside has not displaced it."""
        for line in range(block.first, block.head + 1):
            for item in self._items_at[line]:
                if item.node is not None and self._sweep.line(max(item.start, item.end - 1)) - 1 == block.last:
                    return item
        return None

    def _ends_early(self, item: Item, block: Block) -> bool:
        """Whether an item at the head of a block that ends inside it should have ended with it."""
        return not item.is_function or item.end > self._layout.start(block.head + 1)

    def _is_flush(self, item: Item, line: int) -> bool:
        """Whether an item contains what is not indented below it, as namespaces often do."""
        block = self.block_at.get(line)
        return not item.is_function and (block is None or not block.inner)

    def _has_error(self, start: int, end: int) -> bool:
        """Whether an error lies between two offsets, or around them."""
        index = bisect_left(self._errors, end)
        return index > 0 and self._reach[index - 1] > start

    def outer(self, block: Block) -> list[str]:
        """Name of what contains a block without being indented around it."""
        outermost = block.around[0] if block.around else block
        flush = [item for item in self._covering[outermost.head] if self._is_flush(item, self._line(item))]
        return flush[-1].inner if flush else []

    def _find_covering(self) -> dict[int, list[Item]]:
        """Head of a block to the items around it."""
        covering: dict[int, list[Item]] = {}
        around: list[Item] = []
        items = iter([*self._sweep.items, None])
        item = next(items)
        for block in self._layout.walk():
            offset = self._offset(block)
            while item is not None and item.start < offset:
                around.append(item)
                item = next(items)
            covering[block.head] = [other for other in around if other.end > offset]
            around = [*covering[block.head]]
        return covering

    def _offset(self, block: Block) -> int:
        """First byte of a block's head."""
        line = self._layout.text(block.head, block.head)
        return self._layout.start(block.head) + len(line) - len(line.lstrip())

    def _line(self, item: Item) -> int:
        """0-based line of an item's first byte."""
        return self._sweep.line(item.start) - 1
