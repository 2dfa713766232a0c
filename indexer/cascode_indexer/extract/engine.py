"""Source text to functions: parse, run the language's query, put names and spans together.

Everything the walk over the tree would tell (containers, wrappers, comments) is captured by the query and
joined here by byte offsets in one sweep: visiting nodes from Python is what costs time, and a sweep with an
explicit stack is indifferent to how deep the code nests.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node, Parser, QueryCursor, Tree

from cascode_indexer.types import Function, Kind

from .detect import canonical_language
from .docs import Comments
from .errors import ExtractionError
from .grammars import Grammar, grammar_for
from .languages import SPECS
from .spec import NameParts

#: Real files of 1 MiB parse in 0.2 s; only input built to hurt the parser takes this long.
TIME_LIMIT_SECONDS = 10.0
#: Bytes handed to the parser a call; large enough that the calls cost nothing.
_CHUNK = 1 << 16
#: A longer owner or name is an expression, not a name.
_MAX_NAME_BYTES = 200
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
_LONE_CR = re.compile(rb"\r(?!\n)")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a source file holds."""

    #: In order of their first line.
    functions: tuple[Function, ...]
    #: Whether the parser met text outside the grammar and recovered.
    has_errors: bool


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
    head_end: int = 0


def extract_functions(source: str, language: str, *, path: str = "") -> Extraction:
    """Find every named function of a source text that has a body.

    Args:
        source: The text; ``\\n``, ``\\r\\n`` and ``\\r`` end lines, a byte order mark is ignored.
        language: Language id or alias.
        path: Only its suffix is read, to tell TSX from TypeScript.

    Returns:
        The functions by first line, outer before inner. ``code`` is the source from the span's start to its
        end, with the indentation in front of it where the span starts its line.

    Raises:
        ExtractionError: The language is unknown, or parsing exceeds ``TIME_LIMIT_SECONDS``.
    """
    known = canonical_language(language)
    if known is None:
        raise ExtractionError(f"unknown language {language!r}; known are {', '.join(SPECS)}")
    text = source.removeprefix("\ufeff")
    data = text.encode("utf-8", "surrogatepass")
    grammar = grammar_for(known, path)
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    tree = _parse(grammar, data, deadline)
    return _Sweep(grammar, tree, text, data).run()


def _parse(grammar: Grammar, data: bytes, deadline: float) -> Tree:
    """Parse, or refuse when the time is up; a lone CR is shown to the grammars, which do not know it, as LF."""
    shown = _LONE_CR.sub(b"\n", data) if b"\r" in data else data
    late = False

    def progress(_offset: int, _has_error: bool) -> bool:
        nonlocal late
        late = time.monotonic() > deadline
        return late

    try:
        tree = Parser(grammar.language).parse(
            lambda offset, _point: shown[offset : offset + _CHUNK], progress_callback=progress
        )
    except (ValueError, RuntimeError) as problem:
        if not late:
            raise
        raise _too_slow(grammar) from problem
    return tree


def _too_slow(grammar: Grammar) -> ExtractionError:
    return ExtractionError(
        f"{grammar.spec.id} source needs more than {TIME_LIMIT_SECONDS:g} s to parse; exclude it in .cascodeignore"
    )


class _Sweep:
    """One source's matches on their way to functions."""

    def __init__(self, grammar: Grammar, tree: Tree, text: str, data: bytes) -> None:
        self._grammar = grammar
        self._spec = grammar.spec
        self._root = tree.root_node
        self._tree = tree
        self._text = text
        self._data = data
        self._ascii = len(text) == len(data)
        self._line_starts = [0, *(match.end() for match in _LINE_BREAK.finditer(data))]
        self._wrappers: dict[int, Node] = {}
        self._decorators: dict[int, int] = {}
        self._decorator_ends: dict[int, int] = {}
        self._comments = Comments(data, [])

    def run(self) -> Extraction:
        """Collect, nest, finish."""
        items = self._collect()
        functions = []
        stack: list[_Item] = []
        for item in items:
            while stack and stack[-1].end <= item.start:
                stack.pop()
            parent = stack[-1] if stack else None
            own = item.parts
            item.parts = [*parent.parts, *own] if parent else own
            stack.append(item)
            if item.kind is not None:
                functions.append(self._finish(item, parent, own))
        functions.sort(key=lambda function: (function.start_line, -function.end_line))
        return Extraction(tuple(functions), self._root.has_error)

    def _matches(self) -> list[tuple[int, dict[str, list[Node]]]]:
        """Run the query; its time is bounded by the tree's size, the binding's progress callback is not safe."""
        return QueryCursor(self._grammar.query).matches(self._root)

    def _collect(self) -> list[_Item]:
        """Sort the matches out; returns definitions and containers, outer before inner."""
        comments: list[tuple[int, int]] = []
        containers: dict[tuple[int, int], tuple[int, _Item]] = {}
        definitions: dict[int, tuple[int, _Item]] = {}
        rests: list[_Item] = []
        for pattern, captures in self._matches():
            if "comment" in captures:
                comments.extend(node.byte_range for node in captures["comment"])
            elif "decorator" in captures:
                for node in captures["decorator"]:
                    self._decorators[node.end_byte] = node.start_byte
                    self._decorator_ends[node.start_byte] = node.end_byte
            elif "wrapper" in captures:
                self._wrappers[captures["wrapped"][0].id] = captures["wrapper"][0]
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
        self._comments = Comments(self._data, comments)
        rests.sort(key=lambda item: item.start)
        end = len(self._data)
        for item in reversed(rests):
            item.end, end = end, item.start
        items = [*rests, *(item for _, item in containers.values()), *(item for _, item in definitions.values())]
        items.sort(key=lambda item: (item.start, -item.end, item.kind is not None))
        return items

    def _item(self, captures: dict[str, list[Node]]) -> _Item | None:
        """A definition or container from one match, or nothing where it has no usable name or no body."""
        name = captures["name"][0]
        label = next(label for label in _LABELS if label in captures)
        node = captures[label][0]
        kind = _KINDS.get(label)
        if kind is None:
            parts = self._parts(name, self._spec.container_parts or self._spec.name_parts)
            return _Item(node.start_byte, node.end_byte, parts, label == "type") if parts else None
        parts = self._parts(name, self._spec.name_parts)
        body = captures["body"][0] if "body" in captures else None
        if not parts or (body is not None and self._declares(body)):
            return None
        if "owner" in captures:
            parts = [*self._parts(captures["owner"][0], self._spec.owner_parts), *parts]
        head = captures["head"][-1] if "head" in captures else name
        return _Item(node.start_byte, node.end_byte, parts, False, kind, node, name, body, head.end_byte)

    def _declares(self, body: Node) -> bool:
        """Whether a body is missing in the source or only a placeholder."""
        if body.is_missing:
            return True
        return self._spec.only_declares is not None and self._spec.only_declares(body)

    def _parts(self, node: Node, split: NameParts) -> list[str]:
        if node.end_byte - node.start_byte > _MAX_NAME_BYTES:
            return []
        return split(self._slice(node.start_byte, node.end_byte))

    def _slice(self, start: int, end: int) -> str:
        """Source text between two byte offsets."""
        if self._ascii:
            return self._text[start:end]
        return self._data[start:end].decode("utf-8", "surrogatepass")

    def _finish(self, item: _Item, parent: _Item | None, own: list[str]) -> Function:
        """Span, signature, doc comment and position of a definition whose containers are known."""
        node, name_node = item.node, item.name
        assert item.kind is not None and node is not None and name_node is not None
        start, end = self._span(node)
        docs = self._doc(item, start)
        line_start = self._line_starts[self._line(start) - 1]
        if not self._data[line_start:start].strip(b" \t\f\v"):
            code_start = line_start
        else:
            code_start = start
        name = own[-1]
        name_start = self._name_start(name_node, name)
        name_line = self._line(name_start)
        return Function(
            name=name,
            qualified_name=".".join(item.parts),
            kind=self._kind(item, parent, own),
            language=self._spec.id,
            signature=self._signature(item, start),
            doc=docs,
            start_line=self._line(start),
            end_line=self._line(max(start, end - 1)),
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
        while end > start and self._data[end - 1] in b" \t\r\n\f\v":
            end -= 1
        return start, end

    def _doc(self, item: _Item, start: int) -> str:
        """The doc comment: inside the body, above the span, or between decorators and the definition."""
        text = ""
        if self._spec.inside_doc is not None and item.body is not None:
            found = self._spec.inside_doc(item.body, self._data)
            text = found[2] if found else ""
        if not text and self._spec.doc_above:
            text = self._comments.doc_above(start)
            if not text and item.name is not None:
                between = [c for c in self._comments.inside(start, item.name.start_byte) if c.is_doc]
                text = self._comments.text_of(between[-1]) if between else ""
        return self._spec.clean_doc(text) if self._spec.clean_doc else text

    def _signature(self, item: _Item, start: int) -> str:
        """The declaration from behind its decorators to its body, comments left out, on one line."""
        end = item.body.start_byte if item.body else item.head_end
        while True:
            start += len(self._data[start:end]) - len(self._data[start:end].lstrip())
            skipped = self._decorator_ends.get(start) or self._comments.end_at(start)
            if not skipped or skipped > end:
                break
            start = skipped
        pieces = []
        for comment in self._comments.inside(start, end):
            pieces.append(self._slice(start, comment.start))
            start = comment.end
        pieces.append(self._slice(start, end))
        text = _SPACES.sub(" ", " ".join(pieces)).strip()
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

    def _line(self, offset: int) -> int:
        """1-based line of a byte offset."""
        return bisect_right(self._line_starts, offset)
