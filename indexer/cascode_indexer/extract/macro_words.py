"""The words of a C or C++ source that may be macros, found at the speed of numpy: most sources have few."""

from __future__ import annotations

import re

import numpy as np

#: Bytes of words in capitals, and of words at all.
_CAPITALS = np.zeros(256, bool)
_CAPITALS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] = True
_LETTERS = np.zeros(256, bool)
_LETTERS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] = True
_WORD = _CAPITALS.copy()
_WORD[list(b"abcdefghijklmnopqrstuvwxyz")] = True
#: What may stand directly behind a macro; all else is an operator behind a constant.
_BEHIND = np.zeros(256, bool)
_BEHIND[list(b" \t\r\n\f\v({}[;=~:")] = True
#: Shorter words in capitals are parameters of templates and variables.
_LEAST = 3
#: Words that are no macros behind parameters, and those that conditions stand behind.
_AFTER = re.compile(
    rb"\)\s*(?!(?:const|noexcept|override|final|try|else|do|volatile|mutable|requires|throw)\b)([A-Za-z_]\w*)(?=\s*\{)"
)
_NUMBERS = re.compile(rb"(?<=[a-z0-9_])\(\d[\d\s,]*\)\s+[A-Za-z_*]")
_NUMBERED = re.compile(rb"[a-z_]\w*\Z")
_CONDITIONS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"alignas"})
#: Attributes of compilers: ``__device__``.
_ATTRIBUTES = re.compile(rb"__[a-z]\w*__(?=\s+[A-Za-z_])")
#: A function's head without a type.
_MARGIN = re.compile(rb"\n([A-Za-z_]\w*)(?=\([^;{}]*\)\s*\{)")


def macro_words(code: bytes) -> list[tuple[int, int]]:
    """Find the words to look at.

    Args:
        code: The source, comments, literals and directives blanked.

    Returns:
        First byte and end of each, in order.
    """
    found = _capitals(code)
    found.extend(match.span(1) for match in _AFTER.finditer(code))
    found.extend(match.span(1) for match in _MARGIN.finditer(code))
    found.extend(match.span() for match in _ATTRIBUTES.finditer(code))
    for match in _NUMBERS.finditer(code):
        word = _NUMBERED.search(code, max(0, match.start() - 60), match.start())
        if word and word[0] not in _CONDITIONS:
            found.append(word.span())
    return sorted(set(found))


def _capitals(code: bytes) -> list[tuple[int, int]]:
    """Words in capitals that a macro's neighbours may follow."""
    data = np.frombuffer(b" " + code + b" ", np.uint8)
    inside = _CAPITALS[data]
    starts = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
    ends = np.flatnonzero(inside[:-1] & ~inside[1:]) + 1
    kept = (
        (ends - starts >= _LEAST)
        & _LETTERS[data[starts]]
        & ~_WORD[data[starts - 1]]
        & ~_WORD[data[ends]]
        & _BEHIND[data[ends]]
    )
    starts, ends = starts[kept] - 1, ends[kept] - 1
    return [
        (start, end)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        if any(65 <= byte <= 90 for byte in code[start:end])  # not only underscores and digits
    ]
