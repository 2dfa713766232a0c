"""The words of a C or C++ source that may be macros: of a large source at the speed of numpy, since most have few."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]


def _table(characters: bytes) -> bytes:
    """A translation of bytes to 1 for these and 0 for all others."""
    return bytes(byte in characters for byte in range(256))


_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_LOWER = b"abcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"
_WHITE = b" \t\r\n\f\v"
_IS_CAPITAL = _table(_UPPER + _DIGITS)
_IS_WORD = _table(_UPPER + _LOWER + _DIGITS)
_IS_INK = bytes(byte not in _WHITE for byte in range(256))
#: What may stand behind a macro, white space left out; all else is an operator behind a constant.
_BEHIND = _table(b"({}[;=~:*" + _UPPER + _LOWER)
#: What may stand in front of one; all else is an operator in an expression.
_BEFORE = _table(b';{}:)*&>,<"' + _UPPER + _LOWER + _DIGITS)
_LETTERS = _table(_UPPER)
#: What ends a declaration: behind a word, that is a macro behind parameters only.
_ENDS = _table(b";=")
_CLOSING = ord(")")
#: What ends a parameter: behind two words, the second one is a macro.
_PARAMETER_ENDS = _table(b",)")
_WORDS = _IS_WORD
#: What the ends of a source count as.
_NOTHING_BEFORE = ord(";")
_NOTHING_BEHIND = ord("}")
#: Shorter words in capitals are parameters of templates and variables.
_LEAST = 3
_CAPITALS = re.compile(rb"[A-Z_](?<!\w[A-Z_])[A-Z0-9_]{%d,}(?!\w)" % (_LEAST - 1))
_INK = re.compile(rb"[^ \t\r\n\f\v]")
#: Bytes from which numpy is faster: its forty calls take as long, whatever the size.
_LARGE = 6_000
#: Words that are no macros behind parameters, and those that conditions stand behind.
_AFTER = re.compile(
    rb"\)\s*(?!(?:const|noexcept|override|final|try|else|do|volatile|mutable|requires|throw|return|co_return|co_yield"
    rb"|co_await|new|and|or|not|in|case|goto|using|typedef|delete)\b)"
    rb"([A-Za-z_]\w*)(?=\s*\{)"
)
_NUMBERS = re.compile(rb"\(\d[\d\s,]*\)\s+[A-Za-z_*]")
_NUMBERED = re.compile(rb"[a-z_]\w*\Z")
_CONDITIONS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"alignas"})
#: Attributes of compilers and systems: ``__device__``, ``__unused``.
_ATTRIBUTES = re.compile(
    rb"__(?<!\w__)(?!asm|volatile|extension|typeof|builtin|attribute|declspec|thread|alignof|label)[a-z]\w*(?=\s+[A-Za-z_])"
)
#: Macros behind what may stand behind parameters. An expression for each word: those that begin with letters are
#: found ten times as fast as those that begin with a choice.
_TRAILING = tuple(
    re.compile(rb"%b(?<!\w%b)\s+([A-Z_][A-Z0-9_]+)(?=\s*;)" % (word, word))
    for word in (b"const", b"noexcept", b"override", b"final")
)
#: A function's head without a type.
_MARGIN = re.compile(rb"\n([A-Za-z_]\w*)(?=\([^;{}]*\)\s*\{)")


class MacroWord(NamedTuple):  # a dataclass takes four times as long to make, and there are thousands
    """A word that may be a macro, as byte offsets."""

    start: int
    end: int
    #: The last byte before it and the first one behind it that are no white space; -1 and the length: none.
    before: int
    following: int


def macro_words(code: bytes) -> Iterable[MacroWord]:
    """Find the words to look at.

    Args:
        code: The source, comments, literals and directives blanked.

    Returns:
        The words in order.
    """
    return _words_one_by_one(code) if len(code) < _LARGE else _words_at_once(code)


def _words_one_by_one(code: bytes) -> Iterable[MacroWord]:
    """As :func:`macro_words`."""
    found = []
    for match in _CAPITALS.finditer(code):
        start, end = match.span()
        before, following = _before(code, start), _following(code, end)
        first = code[before] if before >= 0 else _NOTHING_BEFORE
        last = code[following] if following < len(code) else _NOTHING_BEHIND
        is_parameter = _PARAMETER_ENDS[last] and _WORDS[first]
        if is_parameter or (_BEFORE[first] and _BEHIND[last] and (not _ENDS[last] or first == _CLOSING)):
            found.append(MacroWord(start, end, before, following))
    others = sorted(set(_others(code)))
    if others:
        found.extend(MacroWord(*span, _before(code, span[0]), _following(code, span[1])) for span in others)
        found.sort(key=lambda word: word.start)
    return found


def _before(code: bytes, offset: int) -> int:
    """The last byte before an offset that is no white space; -1 where there is none."""
    if offset and code[offset - 1] not in _WHITE:
        return offset - 1
    return len(code[:offset].rstrip(_WHITE)) - 1


def _following(code: bytes, offset: int) -> int:
    """The first byte from an offset on that is no white space; the length where there is none."""
    match = _INK.search(code, offset)
    return match.start() if match else len(code)


def _words_at_once(code: bytes) -> Iterable[MacroWord]:
    """As :func:`macro_words`."""
    size = len(code)
    if not size:
        return []
    data = np.frombuffer(code, np.uint8)
    ink = np.flatnonzero(np.frombuffer(code.translate(_IS_INK), bool))
    starts, ends = _capitals(code, data, ink)
    others = sorted(set(_others(code)))
    if others:
        more = np.array(others, dtype=starts.dtype)
        starts, ends = np.concatenate([starts, more[:, 0]]), np.concatenate([ends, more[:, 1]])
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    before, following = _neighbours(starts, ends, ink, size)
    columns = zip(starts.tolist(), ends.tolist(), before.tolist(), following.tolist(), strict=True)
    return map(MacroWord._make, columns)


def _others(code: bytes) -> Iterable[tuple[int, int]]:
    """Words that are not in capitals: found by what stands around them."""
    for pattern in (_AFTER, _MARGIN):
        for match in pattern.finditer(code):
            if not match[1].isupper():
                yield match.span(1)
    for pattern in _TRAILING:
        for match in pattern.finditer(code):
            yield match.span(1)
    for match in _ATTRIBUTES.finditer(code):
        yield match.span()
    for match in _NUMBERS.finditer(code):
        word = _NUMBERED.search(code, max(0, match.start() - 60), match.start())
        if word and word[0] not in _CONDITIONS:
            yield word.span()


def _neighbours(starts: Offsets, ends: Offsets, ink: Offsets, size: int) -> tuple[Offsets, Offsets]:
    """The nearest bytes around words that are no white space; -1 and the length where there are none."""
    if not len(ink):
        return np.full(len(starts), -1), np.full(len(starts), size)
    place = np.searchsorted(ink, starts)
    before = np.where(place > 0, ink[place - 1], -1)
    place = np.searchsorted(ink, ends)
    return before, np.where(place < len(ink), ink[np.minimum(place, len(ink) - 1)], size)


def _capitals(code: bytes, data: npt.NDArray[np.uint8], ink: Offsets) -> tuple[Offsets, Offsets]:
    """Words in capitals with neighbours that a macro can have: first bytes and ends."""
    size = len(code)
    inside = np.frombuffer(b"\0" + code.translate(_IS_CAPITAL) + b"\0", np.int8)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    word = np.frombuffer(b"\0" + code.translate(_IS_WORD) + b"\0", bool)
    kept = (ends - starts >= _LEAST) & _flags(_LETTERS)[data[starts]] & ~word[starts] & ~word[ends + 1]
    starts, ends = starts[kept], ends[kept]
    before, following = _neighbours(starts, ends, ink, size)
    first = np.where(before >= 0, data[before], _NOTHING_BEFORE)
    last = np.where(following < size, data[np.minimum(following, size - 1)], _NOTHING_BEHIND)
    is_parameter = _flags(_PARAMETER_ENDS)[last] & _flags(_WORDS)[first]
    may_stand = _flags(_BEFORE)[first] & _flags(_BEHIND)[last]
    kept = is_parameter | (may_stand & (~_flags(_ENDS)[last] | (first == _CLOSING)))
    return starts[kept], ends[kept]


def _flags(table: bytes) -> npt.NDArray[np.bool_]:
    """A table as what numpy indexes."""
    return np.frombuffer(table, bool)
