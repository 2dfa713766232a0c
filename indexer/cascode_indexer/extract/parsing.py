"""Source bytes to a syntax tree, within a time limit."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field

import psutil
from tree_sitter import Node, Parser, QueryCursor, Tree

from .errors import ExtractionError
from .grammars import Grammar, grammar_for, sister_grammars
from .shown import Shown, blanked
from .spec import LanguageSpec

#: Of the processor. Real files of 1 MiB parse in 0.2 s; only input built to hurt the parser takes this long.
TIME_LIMIT_SECONDS = 5.0
#: Real trees take some tens of times their source, ambiguous input up to its square. Other threads allocate
#: too, hence a limit far above what a source of 1 MiB needs, looked at only in slow parses.
MEMORY_LIMIT_BYTES = 768 << 20
_SLOW_SECONDS = 0.5
#: When the memory is looked at first; most parses have ended by then.
_SOME_SECONDS = 0.05
#: Progress calls between two looks at the clock and the memory: a call comes every 200 bytes.
_CALLS_PER_LOOK = 32
#: Recovery from brackets left open takes time by the square of their number, in one step that cannot be
#: stopped: 0.4 s for these.
_MAX_OPEN_BRACKETS = 30_000
#: Each ``a<`` can open type arguments or compare; where a grammar follows both, these take 250 MB.
_MAX_OPEN_ANGLES = 4_000
#: Bytes that a query passes in the time in which a node is looked at from here.
_BYTES_A_NODE = 16
#: Bytes handed to the parser a call; large enough that the calls cost nothing.
_CHUNK = 1 << 16
_BRACKETS = re.compile(rb"[(\[{]+|[)\]}]+")
_STATEMENT_END = re.compile(rb"[;{}]")
#: What version control leaves between two versions of some lines; both are read.
_CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: [^\r\n]*)?$", re.MULTILINE)
_LONE_CR = re.compile(rb"\r(?!\n)")


@dataclass(slots=True)
class Reading:
    """A source as one grammar reads it."""

    grammar: Grammar
    tree: Tree
    #: What the parser saw.
    shown: Shown
    #: What :meth:`errors` found: a look at the whole tree, asked for by several.
    _errors: list[tuple[int, int]] | None = field(default=None, init=False, repr=False)

    def errors(self) -> list[tuple[int, int]]:
        """Where the parser met what the grammar does not know, or missed what it asks for: first bytes and ends."""
        if self._errors is None:
            root = self.tree.root_node
            found = _few_errors(root) if root.has_error else []
            if found is None:
                captures = QueryCursor(self.grammar.errors).captures(root)
                found = [node.byte_range for nodes in captures.values() for node in nodes]
            self._errors = sorted(found)
        return self._errors


def _few_errors(root: Node) -> list[tuple[int, int]] | None:
    """Errors of a tree by the nodes that hold them, in no order; None where so many do that a query finds them faster.

    A query looks at all nodes, which takes a tenth of the time of the parse.
    """
    found: list[tuple[int, int]] = []
    waiting = [root]
    left = root.end_byte // _BYTES_A_NODE
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node.byte_range)
        left -= node.child_count
        if left < 0:
            return None
        # A character that nothing begins with is an error that has none.
        waiting.extend([child for child in node.children if child.has_error or child.is_error])
    return found


def read(language: str, path: str, data: bytes) -> Reading:
    """Parse a source with the grammar of its language, and where that meets errors with its sisters.

    Args:
        language: Language id.
        path: Chooses between variants of a grammar.
        data: As for :func:`parse`.

    Returns:
        The reading with the fewest errors, the first one of several.

    Raises:
        ExtractionError: As for :func:`parse`.
    """
    best = parse(grammar_for(language, path), data)
    if not best.tree.root_node.has_error or not best.grammar.spec.sisters:
        return best
    fewest = len(best.errors())
    for grammar in sister_grammars(language):
        try:
            other = parse(grammar, data)
        except ExtractionError:  # with errors, but read by its own grammar
            continue
        errors = len(other.errors())
        if errors < fewest:
            best, fewest = other, errors
    return best


def parse(grammar: Grammar, data: bytes) -> Reading:
    """Parse a source.

    Args:
        grammar: The language.
        data: UTF-8 text. A lone CR ends a line for editors but not for the grammars: they are shown LF.

    Returns:
        A reading whose byte offsets are those of ``data``.

    Raises:
        ExtractionError: Parsing takes more than ``TIME_LIMIT_SECONDS`` or ``MEMORY_LIMIT_BYTES``, or would.
    """
    hopeless = _hopeless(grammar.spec, data)
    if hopeless:
        raise ExtractionError(_message(grammar, data, hopeless))
    text = _LONE_CR.sub(b"\n", data) if b"\r" in data else data
    if b"\n<<<<<<< " in text or text.startswith(b"<<<<<<< "):
        text = _CONFLICT.sub(lambda match: blanked(match[0]), text)
    shown = Shown(text) if grammar.spec.shown is None else grammar.spec.shown(text)
    text = shown.data
    watch = _Watch()
    try:
        reader = _Reader(text)
        tree = Parser(grammar.language).parse(reader, progress_callback=watch)
        reader.parsed = True
        return Reading(grammar, tree, shown)
    except ValueError as problem:
        if not watch.refusal:
            raise
        raise ExtractionError(_message(grammar, data, watch.refusal)) from problem


class _ThreadBuffer(threading.local):
    """What a thread's parser reads from."""

    def __init__(self) -> None:
        self.content = bytearray()


_buffer = _ThreadBuffer()


class _Reader:
    """Hands a text to the parser piece by piece, each until the next is asked for.

    The parser's binding (tree-sitter 0.26.1) keeps a reference to everything that it was handed while it parsed, which
    were the contents of every file: so that is always the same object. Afterwards it asks for the texts of nodes that a
    query compares, and takes bytes alone, which it gives back.

    Args:
        text: The text.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.parsed = False

    def __call__(self, offset: int, _point: object) -> bytes | bytearray:
        """Return what stands from an offset on."""
        piece = self._text[offset : offset + _CHUNK]
        if self.parsed:
            return piece
        content = _buffer.content
        content[:] = piece
        return content


def _message(grammar: Grammar, data: bytes, reason: str) -> str:
    """One line with the fix."""
    return f"{grammar.spec.id} source of {len(data)} bytes {reason}; name it in .cascodeignore"


def _hopeless(spec: LanguageSpec, data: bytes) -> str:
    """Why the parser must not see a source; empty where it may."""
    if sum(map(data.count, (b"(", b"[", b"{"))) > _MAX_OPEN_BRACKETS:
        depth = 0
        for match in _BRACKETS.finditer(data):
            count = match.end() - match.start()
            depth = depth + count if match[0][:1] in b"([{" else max(0, depth - count)
            if depth > _MAX_OPEN_BRACKETS:
                return f"opens over {_MAX_OPEN_BRACKETS} brackets in one another"
    if spec.ambiguous_angles and data.count(b"<") > _MAX_OPEN_ANGLES:
        for statement in _STATEMENT_END.split(data):
            if statement.count(b"<") - statement.count(b">") > _MAX_OPEN_ANGLES:
                return f"opens over {_MAX_OPEN_ANGLES} angle brackets in one statement"
    return ""


class _Watch:
    """Progress callback of a parse: stops it when it takes too much time or memory."""

    def __init__(self) -> None:
        self.refusal = ""
        # Of this thread: on a busy machine a file that parses in 0.2 s may take 5 s by the clock on the wall.
        self._start = time.thread_time()
        self._process: psutil.Process | None = None
        self._memory = 0
        self._calls = 0

    def __call__(self, _offset: int, _has_error: bool) -> bool:
        self._calls += 1
        if self._calls % _CALLS_PER_LOOK:
            return False
        elapsed = time.thread_time() - self._start
        if elapsed > TIME_LIMIT_SECONDS:
            self.refusal = f"takes over {TIME_LIMIT_SECONDS:g} s to parse"
        elif elapsed > (_SLOW_SECONDS if self._memory else _SOME_SECONDS):
            self._process = self._process or psutil.Process()
            memory = self._process.memory_info().rss
            self._memory = self._memory or memory
            if memory - self._memory > MEMORY_LIMIT_BYTES:
                self.refusal = f"takes over {MEMORY_LIMIT_BYTES >> 20} MiB to parse"
        return bool(self.refusal)
