"""The name of a function whose head is a macro's call: ``TEST(Cache, evicts)``, ``SYSCALL_DEFINE3(read, ...)``."""

from __future__ import annotations

import re

from .shown import Named

_STRING = re.compile(rb'\s*\w*"((?:\\.|[^"\\\n])*)"')
_NAME = re.compile(rb"\s*([A-Za-z_]\w*)\s*(?:,|\Z)")
_LAST_WORD = re.compile(rb"([A-Za-z_]\w*)\s*(?:\([^()]*\))?\s*\Z")
#: Types that stand in front of the name.
_TYPES = frozenset({b"void", b"int", b"bool", b"char", b"long", b"float", b"double", b"static", b"jint", b"jobject"})
#: Macros whose first argument is the suite, fixture or class, and whose second one is the name.
_OWNED = re.compile(rb"(?:\A|_)(?:TEST(?:_[FPG])?|METHOD|FIXTURE\w*|BENCHMARK\w*_F|TEST_CASE_METHOD)\Z")
#: Bytes of a name that is a sentence.
_MAX_BYTES = 200


def name_in(source: bytes, start: int, end: int, first: int, last: int) -> Named:
    """Read the name of a function from the arguments of the macro in its head.

    Args:
        source: The source.
        start: First byte of the macro's name.
        end: Its end.
        first: First byte of the arguments.
        last: Their end.

    Returns:
        The name; the macro's own one where the arguments give none.
    """
    macro = source[start:end]
    string = _STRING.match(source, first, last)
    if string and 0 < len(string[1]) <= _MAX_BYTES:
        return _named([string[1]], string.start(1))
    names: list[tuple[bytes, int]] = []
    offset = first
    while len(names) < 2 and (match := _NAME.match(source, offset, last)):
        names.append((match[1], match.start(1)))
        offset = match.end()
    if not names:
        word = _LAST_WORD.search(source, first, last)
        return _named([word[1]], word.start(1)) if word else _named([macro], start)
    if len(names) == 2 and names[0][0] in _TYPES:
        return _named([names[1][0]], names[1][1])
    if len(names) == 2 and _OWNED.search(macro):
        return _named([name for name, _ in names], names[1][1])
    return _named([names[0][0]], names[0][1])


def _named(parts: list[bytes], start: int) -> Named:
    """The name as text."""
    return Named(tuple(part.decode("utf-8", "replace") for part in parts), start)
