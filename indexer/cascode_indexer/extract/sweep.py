"""One parsed source to its definitions: the query's matches, joined by byte offsets in one sweep.

Everything that a walk over the tree would find (containers, wrappers, comments) is captured by the query:
visiting nodes from Python is what costs time, and a sweep with an explicit stack is indifferent to how
deep the code nests.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict

from tree_sitter import Node, QueryCursor

from cascode_indexer.types import TYPE_KINDS, Definition, Kind

from .docs import Comments
from .items import KINDS, LABELS, LEAST_LINES, Item, prefixed, with_clauses_joined, without_doubles
from .lines import Lines
from .outline import MAX_CHARACTERS, outline
from .parsing import Reading
from .spec import NameParts

#: A longer owner or name is an expression, not a name; with a template's arguments it may be longer.
_MAX_NAME = 200
_MAX_NAME_BYTES = 2_000
#: Written code nests less than 30 deep; every level repeats the code inside it, so memory needs a bound.
_MAX_NESTING = 200
#: Signatures are shown on one line; the rest of a longer one is data (a default value, a literal).
_MAX_SIGNATURE_CHARACTERS = 1_000

#: Types of nodes whose inside is run, in the words of every grammar.
_FUNCTION_NODE = re.compile(r"function|method|lambda|closure|arrow|constructor|func_literal|accessor")
#: What is left of line breaks inside brackets.
_OPENING = re.compile(r"([(\[]|(?<! )<|(?<=template )<) ")
_CLOSING = re.compile(r",? ([)\]])")
_BLANKS = b" \t\f\v"
_WHITE = b" \t\r\n\f\v"


class Sweep:
    """One source's matches on their way to definitions.

    It holds the source in three forms, what the matches said, and what they become: a match is understood only
    beside all others, so they share one state that lives as long as one source is read.
    """

    def __init__(self, reading: Reading, text: str, data: bytes) -> None:
        grammar = reading.grammar
        self._spec = grammar.spec
        self._query = grammar.query
        self._root = reading.tree.root_node
        self._names = reading.shown.names
        self._prefixes = reading.shown.prefixes
        self._text = text
        self._data = data
        self._ascii = len(text) == len(data)
        self._lines = Lines(data)
        self._wrappers: dict[int, Node] = {}
        self._wrapped: dict[int, int] = {}
        self._decorators: dict[int, int] = {}
        self._decorator_ends: dict[int, int] = {}
        self._comments = Comments(data, [], grammar.spec.comments)
        #: Definitions and containers, outer before inner.
        self.items: list[Item] = []
        #: Functions by the qualified name of what they belong to.
        self._belonging: defaultdict[tuple[str, ...], list[Item]] = defaultdict(list)

    def definitions(self) -> list[Definition]:
        """The definitions by first line, outer before inner."""
        self.items = self._collect()
        found: list[tuple[Item, Item | None]] = []
        open_items: list[Item] = []
        for item in self.items:
            while open_items and open_items[-1].end <= item.start:
                open_items.pop()
            if len(open_items) >= _MAX_NESTING:
                continue
            parent = open_items[-1] if open_items else None
            if self._is_statement(item, parent):
                continue
            item.takes_place_in(parent)
            if item.node is not None:
                item.span = self._span(item.node, item.end)
                item.head = self._behind_decorators(item.span[0], item.signature_end)
                found.append((item, parent))
                if item.outer is not None:
                    item.outer.members.append(item)
                if item.is_function:
                    self._belonging[tuple(item.parts[:-1])].append(item)
            open_items.append(item)
        finished = [self._finish(item, parent) for item, parent in found]
        return sorted(
            (definition for definition in finished if definition is not None),
            key=lambda definition: (definition.start_line, -definition.end_line),
        )

    def _collect(self) -> list[Item]:
        """Sort the matches out; returns definitions and containers, outer before inner."""
        comments: list[tuple[int, int]] = []
        overloads: dict[int, tuple[int, bytes]] = {}
        containers: dict[tuple[int, int], tuple[int, Item]] = {}
        definitions: dict[tuple[bool, int], tuple[int, Item]] = {}
        rests: list[Item] = []
        # The cursor's own progress callback crashes the process (tree-sitter 0.26.1); what bounds the time is
        # the size of a tree that was parsed in time.
        for pattern, captures in QueryCursor(self._query).matches(self._root):
            if "comment" in captures:
                comments.extend(node.byte_range for node in captures["comment"])
            elif "decorator" in captures:
                for node in captures["decorator"]:
                    self._decorators[node.end_byte] = node.start_byte
                    self._decorator_ends[node.start_byte] = node.end_byte
            elif "overload" in captures:
                (node,), (name,) = captures["overload"], captures["name"]
                start, written = overloads.get(
                    node.end_byte, (node.start_byte, self._data[name.start_byte : name.end_byte])
                )
                overloads[node.end_byte] = (min(start, node.start_byte), written)
            elif "wrapper" in captures:
                self._wrap(captures["wrapper"][0], captures["wrapped"][0])
            else:
                item = self._item(captures)
                if item is None:
                    continue
                if item.node is not None:
                    # A class's body begins where its first method does, which may have no body of its own.
                    place = (True, item.body.start_byte) if item.body else (False, item.start)
                    if place not in definitions or definitions[place][0] > pattern:
                        definitions[place] = (pattern, item)
                elif item.label == "rest":
                    rests.append(item)
                else:
                    span = (item.start, item.end)
                    if span not in containers or containers[span][0] > pattern:
                        containers[span] = (pattern, item)
        self._comments = Comments(self._data, comments, self._spec.comments, overloads)
        rests.sort(key=lambda item: item.start)
        end = len(self._data)
        for item in reversed(rests):
            item.end, end = end, item.start
        items = [
            *rests,
            *(item for _, item in containers.values()),
            *without_doubles(sorted(definitions.values(), key=lambda found: found[0])),
        ]
        items.sort(key=lambda item: (item.start, -item.end, item.node is not None))
        return with_clauses_joined(items, self._comments) if self._spec.has_clauses else items

    def _wrap(self, wrapper: Node, wrapped: Node) -> None:
        """Note what widens a definition's span; a wrapper of two definitions belongs to neither."""
        other = self._wrapped.setdefault(wrapper.id, wrapped.id)
        if other == wrapped.id:
            self._wrappers[wrapped.id] = wrapper
        else:
            self._wrappers.pop(other, None)

    def _item(self, captures: dict[str, list[Node]]) -> Item | None:
        """A definition or container from one match, or nothing where it has no usable name or no body."""
        label = next(name for name in captures if name in LABELS)
        node = captures[label][0]
        kind = KINDS.get(label)
        spec = self._spec
        body = captures["body"][0] if "body" in captures else None
        if label in LEAST_LINES and self._lines_of(node, body or node) < LEAST_LINES[label]:
            return None
        if label == "alias" and spec.is_local is not None and spec.is_local(node):
            return None
        name: Node | None = captures["bound"][0] if "bound" in captures else captures["name"][0]
        if kind is None or kind in TYPE_KINDS:
            split = spec.container_parts or spec.name_parts
        else:
            split = spec.name_parts
            if name is not None and spec.name_node is not None and "bound" not in captures and "name" in captures:
                name = spec.name_node(name)
        if name is None or (body is not None and kind not in TYPE_KINDS and self._declares(body)):
            return None
        named = self._names.get(name.start_byte) if self._names else None
        parts = list(named.parts) if named is not None else self._parts(name, split)
        if spec.spread_name is not None:
            parts = spec.spread_name(node, self._data) or parts
        if not parts or not parts[-1]:
            return None
        if kind is None:
            return Item(label, node.start_byte, node.end_byte, parts, is_type=label == "type")
        if self._is_misread(node, name, parts[-1], captures):
            return None
        if "prefix" in captures:
            parts[-1] = prefixed(self._slice(*captures["prefix"][0].byte_range), parts[-1])
        if "owner" in captures:
            parts = [*self._parts(captures["owner"][0], spec.owner_parts), *parts]
        if "tail" in captures:
            end = captures["tail"][0].start_byte
        elif body is not None:
            end = body.start_byte
        else:
            end = (captures["head"][-1] if "head" in captures else name).end_byte
        is_type = label == "mixin" or (kind in TYPE_KINDS and kind is not Kind.MODULE)
        name_start = -1 if named is None else named.start
        last = node.end_byte if body is None else max(node.end_byte, body.end_byte)
        return Item(label, node.start_byte, last, parts, node, name, body, end, is_type=is_type, name_start=name_start)

    def _is_statement(self, item: Item, parent: Item | None) -> bool:
        """Whether an item is a statement inside a function that reads like a function of its own."""
        is_statement = self._spec.is_statement
        if is_statement is None or item.label != "function" or parent is None or not parent.is_function:
            return False
        return item.node is not None and is_statement(item.node)

    def _is_misread(self, node: Node, name: Node, text: str, captures: dict[str, list[Node]]) -> bool:
        """Whether a definition is a statement that the parser took for one: a reserved word is its name."""
        # ``default`` and C#'s ``this`` are tokens of the grammar's, ``operator int`` has a prefix: names by design.
        if text not in self._spec.keywords or not name.is_named or "prefix" in captures:
            return False
        if not self._spec.keywords_name_members or node.has_error:
            return True
        if self._spec.statement is None or node.parent is None or not node.parent.has_error:
            return False
        return self._spec.statement.search(self._data, self._lines.start(name.start_byte), name.end_byte) is not None

    def _declares(self, body: Node) -> bool:
        """Whether a body is missing in the source or only a placeholder."""
        if body.is_missing:
            return True
        return self._spec.only_declares is not None and self._spec.only_declares(body)

    def _parts(self, node: Node, split: NameParts) -> list[str]:
        """Parts of a captured name."""
        if node.end_byte - node.start_byte > _MAX_NAME_BYTES:
            return []
        text = self._slice(node.start_byte, node.end_byte)
        parts = split(text if self._ascii else unicodedata.normalize("NFC", text))
        return parts if sum(map(len, parts)) <= _MAX_NAME else []

    def _slice(self, start: int, end: int) -> str:
        """Source text between two byte offsets."""
        if self._ascii:
            return self._text[start:end]
        return self._data[start:end].decode("utf-8", "surrogatepass")

    def _finish(self, item: Item, parent: Item | None) -> Definition | None:
        """Signature, doc comment and position of a definition whose containers and members are known."""
        node, name_node = item.node, item.name
        assert node is not None
        assert name_node is not None
        start, end = item.span
        start_line, end_line = self.line(start), self.line(max(start, end - 1))
        doc = self._doc(item, start, item.head)
        signature = self._signature(item.head, item.signature_end)
        if item.kind is Kind.CONSTANT and not self._is_constant(node, signature):
            return None
        if not item.is_asked_for(bool(doc)):
            return None
        name = item.own[-1]
        name_start = item.name_start if item.name_start >= 0 else self._name_start(name_node, name)
        name_line = self.line(name_start)
        return Definition(
            name=name,
            qualified_name=".".join(item.parts),
            kind=self._kind(item, parent),
            language=self._spec.id,
            signature=signature,
            doc=doc,
            start_line=start_line,
            end_line=end_line,
            name_line=name_line,
            name_column=len(self._slice(self._lines.start(name_start), name_start)),
            code=self._code(item, doc),
        )

    def _is_constant(self, node: Node, signature: str) -> bool:
        """Whether a value of several lines is bound outside of functions, in the way of constants."""
        head = self._spec.constant_head
        if head is not None and not head.match(signature):
            return False
        around = node.parent
        while around is not None and not _FUNCTION_NODE.search(around.type):
            around = around.parent
        return around is None

    def _code(self, item: Item, doc: str) -> str:
        """What is encoded of a definition, with the indentation in front of it where it starts its line."""
        start, end = item.span
        line_start = self._lines.start(start)
        indentation = "" if self._data[line_start:start].strip(_BLANKS) else self._slice(line_start, start)
        if not item.is_outlined:
            return indentation + self._slice(start, end)
        lines = [indentation + outline(item, self._spec, self._data, self._comments, self._lines, doc)]
        if self._spec.members_outside and item.is_type:
            outside = (inner for inner in self._belonging[tuple(item.parts)] if not start <= inner.start < end)
            lines.extend(self._signature(member.head, member.signature_end) for member in outside)
        text = "\n".join(lines)
        return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS].rpartition("\n")[0]

    def _span(self, node: Node, least_end: int) -> tuple[int, int]:
        """First byte and end of a definition with all that wraps it and the decorators in front of it."""
        while True:
            wrapper = self._wrappers.get(node.id)
            if wrapper is None:
                break
            node = wrapper
        start, end = node.start_byte, max(node.end_byte, least_end)
        while self._decorators or self._prefixes:
            above = self._comments.skip_back(start)
            decorator = self._decorators.get(above, self._prefixes.get(above))
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

    def _doc(self, item: Item, start: int, head: int) -> str:
        """The doc comment: inside the body, above the span, or between decorators and the declaration."""
        text = ""
        if self._spec.inside_doc is not None and item.body is not None:
            found = self._spec.inside_doc(item.body, self._data)
            text = found[2] if found else ""
        if not text and self._spec.doc_above:
            text = self._comments.doc_above(start)
            if not text and head != start:
                text = self._comments.doc_between(start, head)
            if not text and item.kind is Kind.MODULE and item.body is not None:
                text = self._comments.doc_inside(item.body.start_byte + 1)
            text = text or self._comments.doc_of_overloads(start, item.own[-1].encode("utf-8", "surrogatepass"))
        return self._spec.clean_doc(text) if self._spec.clean_doc else text

    def _signature(self, start: int, end: int) -> str:
        """The declaration up to its body, comments left out, on one line."""
        breaks = self.line(start) != self.line(end)
        pieces = []
        for comment in self._comments.inside(start, end):
            pieces.append(self._slice(start, comment.start))
            start = comment.end
        pieces.append(self._slice(start, end))
        text = " ".join(" ".join(pieces).split())
        if breaks:
            text = _CLOSING.sub(r"\1", _OPENING.sub(r"\1", text))
        for tail in self._spec.signature_tail:
            text = text.removesuffix(tail).rstrip()
        return text[:_MAX_SIGNATURE_CHARACTERS]

    def _kind(self, item: Item, parent: Item | None) -> Kind:
        """The kind, now that the container is known."""
        spec, kind, own = self._spec, item.kind, item.own
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
        around = [item for item in self.items if not item.is_function and item.start <= offset < item.end]
        return (around[-1].inner, around[-1].is_type) if around else ([], False)

    def is_comment(self, offset: int) -> bool:
        """Whether a comment covers a byte offset."""
        return self._comments.covers(offset)

    def in_sound_code(self, offset: int) -> bool:
        """Whether a byte offset lies in a comment or in a function that was parsed without errors."""
        return self.is_comment(offset) or any(
            item.node is not None and item.start <= offset < item.end and not item.node.has_error for item in self.items
        )

    def _lines_of(self, node: Node, body: Node) -> int:
        """Lines of the source from a node's start to its end or its body's; what is parsed may have others."""
        last = max(node.end_byte, body.end_byte) - 1  # a line break at the end begins no further line
        return self.line(max(node.start_byte, last)) - self.line(node.start_byte) + 1

    def line(self, offset: int) -> int:
        """1-based line of a byte offset."""
        return self._lines.number(offset)
