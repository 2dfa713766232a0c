"""C++ that the grammar cannot read, shown in a form that it can: the names and ends of functions depend on it."""

from __future__ import annotations

import re

from .shown import blank

#: Standard attributes. Behind ``class`` the grammar takes them for the name.
_ATTRIBUTE = re.compile(rb"\[\[(?=[^\[\]{};]*\]\])[^\[\]{};]*\]\]")
#: A call of an operator by its name: ``it->operator[](n)``, ``return base::operator<(other)``, ``operator++();``.
_OPERATOR = re.compile(rb"operator\s*(\[\]|\(\)|[-+*/%=<>!&|^~]+)(?=\s*\(([^(){};]*\)\s*;)?)")
_CALLS = re.compile(rb"(?:->|\.|(?:\breturn|[=!(,])\s*[*&]?)\s*(?:template\s+)?(?:\w+::)*\Z")
_BEGINS = re.compile(rb"[;{}]\s*\Z")
#: ``decltype(f(), g())`` lists expressions.
_DECLTYPE = re.compile(rb"decltype\s*\(")
#: A type that is called: ``x = typename T::type()``; behind a comma only where the parentheses show it.
_TYPENAME = re.compile(rb"typename\s+((?:\w+(?:<[^;{}()]{0,200}>)?\s*::\s*)+\w+\s*\()?")
_BEFORE_TYPENAME = re.compile(rb"(?:([=(?]|\breturn)|,)\s*\Z")
#: Values of parameters that have no name or are empty: ``T* = nullptr``, ``Options o = {}``.
_DEFAULT = re.compile(rb"=\s*(?:\{\s*\}(?=\s*[,)])|(nullptr|NULL)(?=\s*[,>)]))")
_POINTER = re.compile(rb"[*&]\s*\Z")
_EXTERN = re.compile(rb"extern(?<!\wextern)(?=\s+template\b)")
#: Words in front of a conversion defined outside of its class, which make a type out of the class's name; and what
#: every such conversion has, which is found faster.
_CONVERSION = re.compile(
    rb"(?:\b(?:constexpr|inline|explicit)\s+)+(?=(?:\w+(?:\s*<[^;{}()]{0,200}>)?\s*::\s*)+operator\s+[A-Za-z_])"
)
_OUTSIDE = re.compile(rb"::\s*operator\s+[A-Za-z_]")
#: What follows the parameters of a pointer to a member function.
_MEMBER_POINTER = re.compile(rb"::\*\s*\w*\s*\)\s*\([^()]*\)\s*((?:const|volatile|noexcept|&)+)")
#: Bytes in front of a word that say what it is for.
_CONTEXT = 80
_PARENTHESES = re.compile(rb"[()]")
#: Bytes of an expression that is looked through for its end.
_MAX_EXPRESSION = 2_000
_STARTS = b";{}:>"


def bridge(code: bytearray, shown: bytearray, prefixes: dict[int, int]) -> None:
    """Write what the grammar cannot read in another way.

    Args:
        code: The source, comments and literals blanked; changed.
        shown: What the parser will see; changed.
        prefixes: Gets what belongs to the declaration behind it, end to first byte.
    """
    for match in _ATTRIBUTE.finditer(bytes(code)):
        before = code[max(0, match.start() - 200) : match.start()].rstrip()[-1:]
        if not before or before in _STARTS:
            prefixes[match.end()] = match.start()
        blank(code, *match.span())
        blank(shown, *match.span())
    text = bytes(code)
    for match in _OPERATOR.finditer(text):
        start = match.start()
        context = max(0, start - _CONTEXT)
        if _CALLS.search(text, context, start) or (match[2] and _BEGINS.search(text, context, start)):
            start, end = match.span(1)
            shown[start:end] = b"_" * (end - start)
    for match in _TYPENAME.finditer(text):
        place = _BEFORE_TYPENAME.search(text, max(0, match.start() - _CONTEXT), match.start())
        if place and (place[1] or match[1]):
            blank(shown, match.start(), match.start() + len(b"typename"))
    for match in _DEFAULT.finditer(text):
        if not match[1] or _POINTER.search(text, max(0, match.start() - _CONTEXT), match.start()):
            blank(shown, *match.span())
    for match in _EXTERN.finditer(text):
        blank(shown, *match.span())
    for match in _CONVERSION.finditer(text) if _OUTSIDE.search(text) else ():
        prefixes[match.end()] = match.start()
        blank(code, *match.span())
        blank(shown, *match.span())
    for match in _MEMBER_POINTER.finditer(text):
        blank(shown, *match.span(1))
    for match in _DECLTYPE.finditer(text):
        end = _closing(code, match.end() - 1)
        if end > match.end() and code.find(b",", match.end(), end) >= 0:
            blank(shown, match.end(), end)
            shown[match.end() : match.end() + 1] = b"0"


def _closing(code: bytearray, opening: int) -> int:
    """Offset of the parenthesis that closes another; -1 where it is too far."""
    depth = 0
    for match in _PARENTHESES.finditer(code, opening, opening + _MAX_EXPRESSION):
        depth += 1 if match[0] == b"(" else -1
        if not depth:
            return match.start()
    return -1
