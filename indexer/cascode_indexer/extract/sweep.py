"""One parsed source to its functions: the query's matches, joined by byte offsets in one sweep.

Everything a walk over the tree would tell (containers, wrappers, comments) is captured by the query:
visiting nodes from Python is what costs time, and a sweep with an explicit stack is indifferent to how
deep the code nests.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor, Tree

from cascode_indexer.types import Definition, Kind

from .docs import Comments
from .grammars import Grammar
from .spec import NameParts

#: A longer owner or name is an expression, not a name.
_MAX_NAME_BYTES = 200
#: Written code nests less than 30 deep; every level repeats the code inside it, so memory needs a bound.
_MAX_NESTING = 200
#: Signatures are shown on one line; the rest of a longer one is data (a default value, a literal).
_MAX_SIGNATURE_CHARACTERS = 1_000

_KINDS = {
    "function": Kind.FUNCTION,
    "method": Kind.METHOD,
    "constructor": Kind.CONSTRUCTOR,
    "lambda": Kind.LAMBDA,
}
_LABELS = (*_KINDS, "type", "namespace", "rest")
_LINE_BREAK = re.compile(rb"\r\n|\n|\r")
_SPACES = re.compile(r"\s+")
#: What is left of line breaks inside brackets.
_OPENING = re.compile(r"([(\[<]) ")
_CLOSING = re.compile(r",? ([)\]])")
_BLANKS = b" \t\f\v"
_WHITE = b" \t\r\n\f\v"


@dataclass(slots=True)
class _Item:
    """A definition or container on its way to a qualified name."""

    start: int
    end: int
    parts: list[str]
    is_type: bool
    #: The rest is for definitions only.
    kind: Kind | None = None
    node: Node | None = None
    name: Node | None = None
    body: Node | None = None
    signature_end: int = 0


class Sweep:
    """One source's matches on their way to functions."""

    def __init__(self, grammar: Grammar, tree: Tree, text: str, data: bytes) -> None:
        self._spec = grammar.spec
        self._query = grammar.query
        self._root = tree.root_node
        self._text = text
        self._data = data
        self._ascii = len(text) == len(data)
        self._line_starts = [0, *(match.end() for match in _LINE_BREAK.finditer(data))]
        self._wrappers: dict[int, Node] = {}
        self._wrapped: dict[int, int] = {}
        self._decorators: dict[int, int] = {}
        self._decorator_ends: dict[int, int] = {}
        self._comments = Comments(data, [], grammar.spec.comments)
        self._items: list[_Item] = []

    def functions(self) -> list[Definition]:
        """The functions by first line, outer before inner."""
        functions = []
        open_items: list[_Item] = []
        self._items = self._collect()
        for item in self._items:
            while open_items and open_items[-1].end <= item.start:
                open_items.pop()
            if len(open_items) >= _MAX_NESTING:
                continue
            parent = open_items[-1] if open_items else None
            own = item.parts
            item.parts = [*parent.parts, *own] if parent else own
            open_items.append(item)
            if item.kind is not None:
                functions.append(self._finish(item, parent, own))
        functions.sort(key=lambda function: (function.start_line, -function.end_line))
        return functions

    def _collect(self) -> list[_Item]:
        """Sort the matches out; returns definitions and containers, outer before inner."""
        comments: list[tuple[int, int]] = []
        containers: dict[tuple[int, int], tuple[int, _Item]] = {}
        definitions: dict[int, tuple[int, _Item]] = {}
        rests: list[_Item] = []
        # The cursor's own progress callback crashes the process (tree-sitter 0.26.1); what bounds the time is
        # the size of a tree that was parsed in time.
        for pattern, captures in QueryCursor(self._query).matches(self._root):
            if "comment" in captures:
                comments.extend(node.byte_range for node in captures["comment"])
            elif "decorator" in captures:
                for node in captures["decorator"]:
                    self._decorators[node.end_byte] = node.start_byte
                    self._decorator_ends[node.start_byte] = node.end_byte
            elif "wrapper" in captures:
                self._wrap(captures["wrapper"][0], captures["wrapped"][0])
            else:
                item = self._item(captures)
                if item is None:
                    continue
                if item.kind is not None:
                    key = item.body.start_byte if item.body else item.start
                    if key not in definitions or definitions[key][0] > pattern:
                        definitions[key] = (pattern, item)
                elif "rest" in captures:
                    rests.append(item)
                else:
                    span = (item.start, item.end)
                    if span not in containers or containers[span][0] > pattern:
                        containers[span] = (pattern, item)
        self._comments = Comments(self._data, comments, self._spec.comments)
        rests.sort(key=lambda item: item.start)
        end = len(self._data)
        for item in reversed(rests):
            item.end, end = end, item.start
        items = [
            *rests,
            *(item for _, item in containers.values()),
            *(item for _, item in definitions.values()),
        ]
        items.sort(key=lambda item: (item.start, -item.end, item.kind is not None))
        return items

    def _wrap(self, wrapper: Node, wrapped: Node) -> None:
        """Note what widens a definition's span; a wrapper of two definitions belongs to neither."""
        other = self._wrapped.setdefault(wrapper.id, wrapped.id)
        if other == wrapped.id:
            self._wrappers[wrapped.id] = wrapper
        else:
            self._wrappers.pop(other, None)

    def _item(self, captures: dict[str, list[Node]]) -> _Item | None:
        """A definition or container from one match, or nothing where it has no usable name or no body."""
        label = next(label for label in _LABELS if label in captures)
        node = captures[label][0]
        kind = _KINDS.get(label)
        spec = self._spec
        if kind is None:
            parts = self._parts(captures["name"][0], spec.container_parts or spec.name_parts)
            return _Item(node.start_byte, node.end_byte, parts, label == "type") if parts else None
        name: Node | None = captures["bound"][0] if "bound" in captures else captures["name"][0]
        if name is not None and spec.name_node is not None and "bound" not in captures:
            name = spec.name_node(name)
        body = captures["body"][0] if "body" in captures else None
        if name is None or (body is not None and self._declares(body)):
            return None
        parts = self._parts(name, spec.name_parts)
        if not parts or self._is_misread(node, name, parts[-1], captures):
            return None
        if "prefix" in captures:
            parts[-1] = _joined(self._slice(*captures["prefix"][0].byte_range), parts[-1])
        if "owner" in captures:
            parts = [*self._parts(captures["owner"][0], spec.owner_parts), *parts]
        if "tail" in captures:
            end = captures["tail"][0].start_byte
        elif body is not None:
            end = body.start_byte
        else:
            end = (captures["head"][-1] if "head" in captures else name).end_byte
        return _Item(node.start_byte, node.end_byte, parts, False, kind, node, name, body, end)

    def _is_misread(self, node: Node, name: Node, text: str, captures: dict[str, list[Node]]) -> bool:
        """Whether a definition is a statement that the parser took for one: a reserved word is its name."""
        # ``default`` and C#'s ``this`` are tokens of the grammar's, ``operator int`` has a prefix: names by design.
        if text not in self._spec.keywords or not name.is_named or "prefix" in captures:
            return False
        return not self._spec.keywords_name_members or (node.parent or node).has_error

    def _declares(self, body: Node) -> bool:
        """Whether a body is missing in the source or only a placeholder."""
        if body.is_missing:
            return True
        return self._spec.only_declares is not None and self._spec.only_declares(body)

    def _parts(self, node: Node, split: NameParts) -> list[str]:
        """Parts of a captured name."""
        if node.end_byte - node.start_byte > _MAX_NAME_BYTES:
            return []
        return split(self._slice(node.start_byte, node.end_byte))

    def _slice(self, start: int, end: int) -> str:
        """Source text between two byte offsets."""
        if self._ascii:
            return self._text[start:end]
        return self._data[start:end].decode("utf-8", "surrogatepass")

    def _finish(self, item: _Item, parent: _Item | None, own: list[str]) -> Definition:
        """Span, signature, doc comment and position of a definition whose containers are known."""
        node, name_node = item.node, item.name
        assert node is not None
        assert name_node is not None
        start, end = self._span(node)
        head = self._behind_decorators(start, item.signature_end)
        line_start = self._line_starts[self.line(start) - 1]
        code_start = start if self._data[line_start:start].strip(_BLANKS) else line_start
        name = own[-1]
        name_start = self._name_start(name_node, name)
        name_line = self.line(name_start)
        return Definition(
            name=name,
            qualified_name=".".join(item.parts),
            kind=self._kind(item, parent, own),
            language=self._spec.id,
            signature=self._signature(head, item.signature_end),
            doc=self._doc(item, start, head),
            start_line=self.line(start),
            end_line=self.line(max(start, end - 1)),
            name_line=name_line,
            name_column=len(self._slice(self._line_starts[name_line - 1], name_start)),
            code=self._slice(code_start, end),
        )

    def _span(self, node: Node) -> tuple[int, int]:
        """First byte and end of a definition with all that wraps it and the decorators in front of it."""
        while True:
            wrapper = self._wrappers.get(node.id)
            if wrapper is None:
                break
            node = wrapper
        start, end = node.byte_range
        while self._decorators:
            decorator = self._decorators.get(self._comments.skip_back(start))
            if decorator is None or decorator >= start:
                break
            start = decorator
        while end > start and self._data[end - 1] in _WHITE:
            end -= 1
        return start, end

    def _behind_decorators(self, start: int, end: int) -> int:
        """Where the declaration starts behind the decorators and comments at the start of its span."""
        while True:
            while start < end and self._data[start] in _WHITE:
                start += 1
            skipped = self._decorator_ends.get(start) or self._comments.end_at(start)
            if not skipped or skipped > end:
                return start
            start = skipped

    def _doc(self, item: _Item, start: int, head: int) -> str:
        """The doc comment: inside the body, above the span, or between decorators and the declaration."""
        text = ""
        if self._spec.inside_doc is not None and item.body is not None:
            found = self._spec.inside_doc(item.body, self._data)
            text = found[2] if found else ""
        if not text and self._spec.doc_above:
            text = self._comments.doc_above(start)
            if not text and head != start:
                text = self._comments.doc_between(start, head)
        return self._spec.clean_doc(text) if self._spec.clean_doc else text

    def _signature(self, start: int, end: int) -> str:
        """The declaration up to its body, comments left out, on one line."""
        breaks = self.line(start) != self.line(end)
        pieces = []
        for comment in self._comments.inside(start, end):
            pieces.append(self._slice(start, comment.start))
            start = comment.end
        pieces.append(self._slice(start, end))
        text = _SPACES.sub(" ", " ".join(pieces)).strip()
        if breaks:
            text = _CLOSING.sub(r"\1", _OPENING.sub(r"\1", text))
        for tail in self._spec.signature_tail:
            text = text.removesuffix(tail).rstrip()
        return text[:_MAX_SIGNATURE_CHARACTERS]

    def _kind(self, item: _Item, parent: _Item | None, own: list[str]) -> Kind:
        """The kind, now that the container is known."""
        spec, kind = self._spec, item.kind
        assert kind is not None
        in_type = len(own) > 1 or (parent is not None and parent.is_type)
        if kind is Kind.FUNCTION and in_type:
            kind = Kind.METHOD
        if kind is Kind.METHOD and in_type and own[-1] in spec.constructors:
            return Kind.CONSTRUCTOR
        if kind is Kind.METHOD and spec.constructor_named_as_type and item.parts[-1:] == item.parts[-2:-1]:
            return Kind.CONSTRUCTOR
        return kind

    def _name_start(self, node: Node, name: str) -> int:
        """Byte offset of the last part of the name inside its node."""
        start, end = node.byte_range
        index = self._data.rfind(name.encode("utf-8", "surrogatepass"), start, end)
        return index if index >= 0 else start

    def container_at(self, offset: int) -> tuple[list[str], bool]:
        """Parts of the innermost container's qualified name at a byte offset, and whether it is a type."""
        around = [item for item in self._items if item.kind is None and item.start <= offset < item.end]
        return (around[-1].parts, around[-1].is_type) if around else ([], False)

    def in_sound_code(self, offset: int) -> bool:
        """Whether a byte offset lies in a comment or in a function that was parsed without errors."""
        if self._comments.covers(offset):
            return True
        return any(
            item.node is not None and item.start <= offset < item.end and not item.node.has_error
            for item in self._items
        )

    def line(self, offset: int) -> int:
        """1-based line of a byte offset."""
        return bisect_right(self._line_starts, offset)


def _joined(prefix: str, name: str) -> str:
    """``~`` and ``operator`` in front of a name, with a space only between words."""
    return f"{prefix} {name}" if prefix[-1:].isalnum() and name[:1].isalpha() else prefix + name
