"""Conditionals of a preprocessor: where their branches are no whole statements, one is chosen and the others blanked.

Grammars read ``#if`` around whole statements and declarations as a node with children. A branch that opens a brace
which another one closes, or that stands inside an expression, is beyond them: the parser would see both branches as if
both held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .shown import Named, Shown, blank, blanked

_DIRECTIVE = re.compile(rb"#[ \t]*(ifdef|ifndef|if|elif|else|endif)\b((?:\\\r?\n|[^\n])*)")
_NOT_DEFINED = re.compile(rb"!\s*defined\s*\(?\s*(\w+)\s*\)?\Z")
_DEFINED = re.compile(rb"defined\s*\(?\s*(\w+)\s*\)?\Z")
#: Conditions that comment code out.
_NEVER = frozenset({b"0", b"false"})
_ELSE = re.compile(rb"\s*else\b")
_WHITE = b" \t\r\n\f\v"
#: What a statement or a declaration ends with; a label's colon too.
_ENDS = b";}:"
_STARTS = b";{}:"
_CONTINUATION = ord("\\")
#: Head of a block of C#'s extension members, up to its brace.
_EXTENSION = re.compile(
    rb"^([ \t]*)extension[ \t]*(?:<[^(){};\n]{0,200}>[ \t]*)?\([^(){};]{0,500}\)\s*(?:where\b[^{};]{0,500})?\{",
    re.MULTILINE,
)
#: Name of an operator that changes its object, which the grammar knows without the sign of equality.
_ASSIGNING = re.compile(rb"\boperator[ \t]+(?:checked[ \t]+)?([-+*/%&|^]|<<|>>>?)(=)(?=[ \t]*\()")
#: Comments and literals of C#, to be looked past.
_C_SHARP_PROSE = re.compile(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"\"\"+.*?\"\"\"+|@\$?\"(?:\"\"|[^\"])*\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def c_sharp_shown(source: bytes) -> Shown:
    """Show a C# source to its grammar."""
    has_extensions = _EXTENSION.search(source) is not None
    has_operators = _ASSIGNING.search(source) is not None
    if not has_extensions and not has_operators and not _DIRECTIVE.search(source):
        return Shown(source)
    code = bytearray(_C_SHARP_PROSE.sub(lambda match: blanked(match[0]), source))
    shown = bytearray(source)
    branches = Branches(code, shown, {})
    branches.choose()
    if has_extensions:
        _blank_extensions(bytes(code), shown)
    names: dict[int, Named] = {}
    for match in _ASSIGNING.finditer(code) if has_operators else ():
        names[match.start(1)] = Named((f"{match[1].decode()}=",), match.start(1))
        blank(shown, *match.span(2))
    return Shown(bytes(shown), names=names, branches=tuple(branches.blanked))


def _blank_extensions(code: bytes, shown: bytearray) -> None:
    """Blank what stands around members of an extension, which are the class's; its brace ends at its indentation."""
    for match in _EXTENSION.finditer(code):
        closing = code.find(b"\n" + match[1] + b"}", match.end())
        if closing >= 0:
            blank(shown, *match.span())
            blank(shown, closing, closing + len(match[1]) + 2)


@dataclass(slots=True)
class _Group:
    """A conditional, while its ``#endif`` is looked for: where its directives begin and end, and their conditions."""

    lines: list[tuple[int, int]] = field(default_factory=list)
    conditions: list[bytes] = field(default_factory=list)


class Branches:
    """The conditionals of one source.

    Args:
        code: The source, comments and the insides of strings blanked. What is not chosen is blanked in it too.
        shown: What the parser will see; the same.
        known: Symbols that are defined or not.
    """

    def __init__(self, code: bytearray, shown: bytearray, known: Mapping[bytes, bool]) -> None:
        self._code = code
        self._shown = shown
        self._known = dict(known)
        #: Branches that were blanked, in order of their end.
        self.blanked: list[tuple[int, int]] = []

    def choose(self) -> None:
        """Choose a branch of each conditional that is not made of whole statements."""
        groups: list[_Group] = []
        for match in _DIRECTIVE.finditer(bytes(self._code)):
            word, condition = match[1], match[2].strip()
            if word.startswith(b"if"):
                groups.append(_Group())
                condition = {b"ifdef": b"defined " + condition, b"ifndef": b"!defined " + condition}.get(
                    word, condition
                )
            if not groups:
                continue
            group = groups[-1]
            group.lines.append(match.span())
            group.conditions.append(b"1" if word == b"else" else condition)
            if word == b"endif":
                self._close(groups.pop())

    def _close(self, group: _Group) -> None:
        """Settle a conditional whose inner ones are settled."""
        contents = [(end, start) for (_, end), (start, _) in zip(group.lines, group.lines[1:], strict=False)]
        for condition, (start, end) in zip(group.conditions, contents, strict=False):
            if condition in _NEVER:
                self._blank(start, end)
        if self._is_whole(group.lines[0][0], contents) and not _ELSE.match(self._code, group.lines[-1][1]):
            return
        chosen = self._chosen(group.conditions[:-1])
        for start, end in group.lines:
            self._blank(start, end)
        for index, (start, end) in enumerate(contents):
            if index != chosen:
                if self._code.find(b"{", start, end) >= 0:
                    self.blanked.append((start, end))
                self._blank(start, end)

    def _is_whole(self, start: int, contents: list[tuple[int, int]]) -> bool:
        """Whether the grammars can read a conditional: each branch is whole, and a statement may stand here."""
        code = self._code
        if any(
            _ELSE.match(code, first, last)
            or code.count(b"{", first, last) != code.count(b"}", first, last)
            or code.count(b"(", first, last) != code.count(b")", first, last)
            for first, last in contents
        ):
            return False
        before = _last(code, 0, start)
        if before >= 0 and code[before] not in _STARTS and not self._in_directive(before):
            return False
        for first, last in contents:
            end = _last(code, first, last)
            if end >= 0 and code[end] not in _ENDS and not self._in_directive(end):
                return False
        return True

    def _in_directive(self, offset: int) -> bool:
        """Whether a byte belongs to a line of the preprocessor."""
        code = self._code
        line = code.rfind(b"\n", 0, offset) + 1
        while line > 1 and code[line - 2] == _CONTINUATION:
            line = code.rfind(b"\n", 0, line - 1) + 1
        return code[line : line + 200].lstrip().startswith(b"#")

    def _chosen(self, conditions: list[bytes]) -> int:
        """The branch to read: the first one that does not contradict what was taken for true before; -1: none."""
        for index, condition in enumerate(conditions):
            holds = self._holds(condition)
            if holds is not False:
                if holds is None:
                    self._assume(condition)
                return index
        return -1

    def _holds(self, condition: bytes) -> bool | None:
        """Whether a condition holds; None where nothing is known of it."""
        if condition in _NEVER or condition == b"1":
            return condition == b"1"
        for form, value in ((_NOT_DEFINED, False), (_DEFINED, True)):
            match = form.match(condition)
            if match:
                known = self._known.get(match[1])
                return None if known is None else known is value
        return self._known.get(condition)

    def _assume(self, condition: bytes) -> None:
        """Take a condition for true from here on."""
        for form, value in ((_NOT_DEFINED, False), (_DEFINED, True)):
            match = form.match(condition)
            if match:
                self._known[match[1]] = value
                return
        self._known[condition] = True

    def _blank(self, start: int, end: int) -> None:
        """Blank a part in both views."""
        blank(self._code, start, end)
        blank(self._shown, start, end)


def _last(code: bytearray, start: int, end: int) -> int:
    """Offset of the last byte between two offsets that is no white space; -1 where there is none."""
    while end > start:
        piece = code[max(start, end - 256) : end]
        kept = len(piece.rstrip(_WHITE))
        if kept:
            return end - len(piece) + kept - 1
        end -= len(piece)
    return -1
