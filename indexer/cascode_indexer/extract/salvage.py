"""Functions that a syntax error in front of them hid from the parser.

Where a bracket or quote is left open, recovery can swallow the definitions that follow. In a source with
errors, each line that starts a definition and gave no function is parsed again on its own, up to the next
such line: at most once more the length of the source.
"""

from __future__ import annotations

import dataclasses
import unicodedata

from cascode_indexer.types import FUNCTION_KINDS, Definition, Kind

from .errors import ExtractionError
from .grammars import Grammar
from .parsing import Reading, parse
from .sweep import Sweep

#: A source with more hidden definitions is no source of this language.
_MAX_PIECES = 500
#: What lines of decorators and of block comments begin with, in every language.
_BELONGS_ABOVE = (b"*", b"#", b"@", b"[")


def salvage(reading: Reading, sweep: Sweep, data: bytes, found: list[Definition]) -> list[Definition]:
    """Find what the first pass missed.

    Args:
        reading: The source as the parser read it.
        sweep: The first pass, done.
        data: The source.
        found: What the first pass found.

    Returns:
        Further functions, in order of the source.
    """
    grammar = reading.grammar
    pattern = grammar.spec.definition
    if pattern is None:
        return []
    known = {(function.name_line, function.name) for function in found}
    above = (*_BELONGS_ABOVE, *(marker.encode() for marker in grammar.spec.comments.openings))
    heads = list(pattern.finditer(data))[:_MAX_PIECES]
    further = []
    for index, head in enumerate(heads):
        name = unicodedata.normalize("NFC", head[1].decode("utf-8", "surrogatepass"))
        if (sweep.line(head.start(1)), name) in known or sweep.in_sound_code(head.start(1)):
            continue
        start = _with_lines_above(data, head.start(), above)
        following = heads[index + 1].start() if index + 1 < len(heads) else len(data)
        pieces = _read(grammar, sweep, data, start, _with_lines_above(data, following, above))
        if pieces and pieces[0].name.startswith(name):
            further.extend(_unknown(pieces, known))
    return further


def read_branches(reading: Reading, sweep: Sweep, data: bytes, found: list[Definition]) -> list[Definition]:
    """Find the functions that are whole in the branches of conditionals that the parser was not shown.

    Args:
        reading: The source as the parser read it.
        sweep: The first pass, done.
        data: The source.
        found: What the first pass found.

    Returns:
        Further functions, in order of the source.
    """
    known = {(function.name_line, function.name) for function in found}
    further: list[Definition] = []
    for start, end in reading.shown.branches[:_MAX_PIECES]:
        pieces = _read(reading.grammar, sweep, data, data.find(b"\n", start, end) + 1 or start, end)
        further.extend(_unknown([piece for piece in pieces if piece.code.count("{") == piece.code.count("}")], known))
    return further


def _unknown(functions: list[Definition], known: set[tuple[int, str]]) -> list[Definition]:
    """Those that were not found before, and are known from now on."""
    new = []
    for function in functions:
        key = (function.name_line, function.name)
        if key not in known:
            known.add(key)
            new.append(function)
    return new


def _with_lines_above(data: bytes, start: int, beginnings: tuple[bytes, ...]) -> int:
    """Start of the decorator and comment lines directly above the line that starts at ``start``."""
    while start > 0:
        above = data.rfind(b"\n", 0, start - 1) + 1
        if not data[above:start].lstrip().startswith(beginnings):
            return start
        start = above
    return start


def _read(grammar: Grammar, sweep: Sweep, data: bytes, start: int, end: int) -> list[Definition]:
    """Functions of one piece, with the lines and container they have in the whole."""
    is_indented = data[start : start + 1] in (b" ", b"\t")
    prefix = grammar.spec.piece_prefix + (grammar.spec.member_prefix if is_indented else b"")
    piece = prefix + data[start:end]
    text = piece.decode("utf-8", "surrogatepass")
    try:
        reading = parse(grammar, piece)
    except ExtractionError:  # what else the file holds is none the worse for it
        return []
    found = Sweep(reading, text, piece).definitions()
    added = prefix.count(b"\n")
    # Types: the one that a prefix opens, and those whose end the error hides.
    functions = [
        definition for definition in found if definition.start_line > added and definition.kind in FUNCTION_KINDS
    ]
    if not functions:
        return []
    container, is_type = sweep.container_at(start)
    shift = sweep.line(start) - 1 - added
    drop = functions[0].qualified_name.removesuffix(functions[0].name)
    return [
        dataclasses.replace(
            function,
            qualified_name=".".join([*container, function.qualified_name.removeprefix(drop)]),
            kind=_kind(function, grammar, is_type and function is functions[0]),
            start_line=function.start_line + shift,
            end_line=function.end_line + shift,
            name_line=function.name_line + shift,
        )
        for function in functions
    ]


def _kind(function: Definition, grammar: Grammar, is_member: bool) -> Kind:
    """The kind, once the container is known."""
    if not is_member or function.kind not in (Kind.FUNCTION, Kind.METHOD):
        return function.kind
    return Kind.CONSTRUCTOR if function.name in grammar.spec.constructors else Kind.METHOD
