"""Macros of C and C++ that the grammars cannot know: recognised by where they stand, and blanked before the parse.

A grammar reads ``API int f()`` as a declaration of something else, and what it recovers is named by the macro. Here
every word in capitals is looked at once, with what stands before it and behind it: a word too many in a declaration,
a call that ends no statement, a call in the place of a function's head. No macro's definition is needed.
"""

from __future__ import annotations

import re

from .branches import Branches
from .cpp_gaps import bridge
from .macro_names import name_in
from .macro_words import MacroWord, macro_words
from .shown import Named, Shown, blank, blanked

_WHITE = b" \t\r\n\f\v"
_SLASH = ord("/")
_DIGITS = b"0123456789"
_INK = re.compile(rb"[^ \t\r\n\f\v]")
#: Comments and literals, to be looked past. A quote behind a digit separates digits.
_PROSE = re.compile(rb"/(?:/(?:\\\r?\n|[^\n])*|\*.*?(?:\*/|\Z))|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
#: The same where there are raw strings, or quotes between digits.
_ODD_PROSE = re.compile(rb"R\"([^()\\\s]{0,16})\(.*?\)\1\"|\d'(?=\d)|" + _PROSE.pattern, re.DOTALL)
_SEPARATOR = re.compile(rb"'(?<=\d')\d")
_DIRECTIVE = re.compile(rb"#(?:\\\r?\n|[^\n])*")
_CONDITION = re.compile(rb"#[ \t]*(?:el)?if[ \t]*")
#: Strings and comments inside a directive.
_DIRECTIVE_PROSE = re.compile(rb"\"(?:\\.|[^\"\\\n])*\"|/\*.*?\*/", re.DOTALL)
_PARENTHESES = re.compile(rb"[()]")
#: Bytes of a macro's arguments; data, where there are more.
_MAX_ARGUMENTS = 4_000
_WORD = re.compile(rb"[A-Za-z_]\w*")
_WORD_BEFORE = re.compile(rb"[A-Za-z_]\w*\Z")
_CAPITALS = re.compile(rb"[A-Z_][A-Z0-9_]*[A-Z][A-Z0-9_]+\b|(?:const|noexcept|override|final|volatile|mutable|throw)\b")
_TYPE = rb"(?:::\s*)?[A-Za-z_]\w*(?:\s*<[^;{}()]{0,200}>)?(?:\s*::\s*[A-Za-z_]\w*(?:\s*<[^;{}()]{0,200}>)?)*"
#: Two words in a row, the second one a name: the word in front of them is no type.
_TWO = re.compile(
    rb"(?:(?:static|inline|extern|const|constexpr|virtual|register|volatile|unsigned|signed|long|short|struct|union"
    rb"|enum|class|explicit|friend|typename)\s+)*" + _TYPE + rb"(?:\s+|\s*(?:[*&]+\s*)+)(?:const\s+)?[A-Za-z_~(]"
)
_DECLARES = re.compile(
    rb"(?:class|struct|union|enum|template|namespace|typedef|using|extern|friend|public|private|protected|explicit"
    rb"|virtual|constexpr|operator|static|inline|return|if|for|while|do|switch|else|case|goto|break|delete|throw)\b|~"
)
#: What stands behind the head of a function or label, a scope's two colons left out.
_ENDS_HEAD = re.compile(rb"[{;=]|:(?!:)")
#: What stands behind the name of a field or variable, not behind the head of a function.
_ENDS_NAME = re.compile(rb"[;=]|\{[^{};]*\}\s*;")
_TAGGED = re.compile(rb"\s*[A-Za-z_][\w:]*(?:\s*<[^;{}]{0,200}>)?\s*(?:final\s*)?(?:\{|:(?!:))")
_CALL_HEAD = re.compile(_TYPE + rb"\s*\(")
#: A declaration of a function among the arguments: the macro is an attribute in the form of a call.
_WHOLE_HEAD = re.compile(rb"\s*(?:[A-Za-z_]\w*[\s*&]+)+[A-Za-z_]\w*\s*\([^()]*\)\s*\Z")
#: Macros that stand for themselves in front of a declaration: they open or close a namespace.
_STATEMENT = re.compile(rb"BEGIN|END|NAMESPACE")
_ONE_NAME = re.compile(rb"(?:\s*[A-Za-z_]\w*\s*,)?\s*([A-Za-z_]\w*)\s*\Z")
_LABEL = re.compile(rb"(?:public|private|protected|signals|slots|Q_SLOTS)\s*\Z")
_LINKAGE = re.compile(rb"extern\s*\"\s*\"\Z")
#: Heads of functions as before C89: names in parentheses, their declarations in front of the body.
_OLD_BODY = re.compile(rb";\s*\{")
_OLD_PARAMETERS = re.compile(rb"\s*(?:[A-Za-z_][\w\s,*\[\]]*;\s*)+\Z")
_OLD_NAMES = re.compile(rb"\w\s*\([\w\s,]*\Z")
#: Bytes that hold such declarations.
_MAX_OLD = 1_000
#: The list of parameters of a template, still open.
_TEMPLATE = re.compile(rb"template\s*<[^;{}]*\Z")


def words_of(text: str) -> frozenset[bytes]:
    """The words of a text, as they stand in sources."""
    return frozenset(text.encode().split())


#: Words behind which an expression begins.
_EXPRESSION = words_of(
    "return case goto else throw new delete sizeof typename using namespace define operator co_return co_yield and or"
    " not if while for switch do typedef alignof decltype defined in"
)
_TAGS = words_of("struct class union enum")
#: Words whose parentheses are no parameters.
_NO_FUNCTIONS = words_of("alignas decltype typeof __typeof__ __attribute__ __declspec if while for switch")
_STORAGE = words_of(
    "static inline extern const constexpr virtual volatile register friend explicit mutable unsigned signed"
)
_NO_TYPES = _EXPRESSION | _TAGS | _STORAGE
_TRAILING = words_of("const noexcept override final volatile mutable")
#: Shortest name that leaves room for a type in front of the rest of it.
_LEAST_NAME = 5


def c_shown(source: bytes) -> Shown:
    """Show a C source to its grammar."""
    return _Reader(source, is_cpp=False).shown()


def cpp_shown(source: bytes) -> Shown:
    """Show a C++ source to its grammar."""
    return _Reader(source, is_cpp=True).shown()


def _hidden(match: re.Match[bytes]) -> bytes:
    """A comment blanked, a literal without what it holds."""
    text = match[0]
    first = text[0]
    if first == _SLASH:
        return blanked(text)
    if first in _DIGITS or len(text) < 2:
        return text
    quote = text[-1:]
    return quote + blanked(text[1:-1]) + quote


class _Reader:
    """One source on its way to what is shown of it."""

    def __init__(self, source: bytes, *, is_cpp: bool) -> None:
        self._source = source
        self._is_cpp = is_cpp
        is_odd = b'R"' in source or _SEPARATOR.search(source)
        prose = _ODD_PROSE if is_odd else _PROSE
        self._code = bytearray(prose.sub(_hidden, source))
        self._shown = bytearray(source)
        self._names: dict[int, Named] = {}
        self._prefixes: dict[int, int] = {}

    def shown(self) -> Shown:
        """Blank branches, then macros."""
        branches = Branches(self._code, self._shown, {b"__cplusplus": self._is_cpp})
        branches.choose()
        for match in _DIRECTIVE.finditer(bytes(self._code)):
            self._hide_directive(*match.span())
        if self._is_cpp:
            bridge(self._code, self._shown, self._prefixes)
        else:
            self._hide_old_parameters()
        for word in macro_words(bytes(self._code)):
            if self._code[word.start] not in _WHITE:  # not blanked with what stands before it
                self._look(word)
        return Shown(bytes(self._shown), self._names, self._prefixes, tuple(branches.blanked))

    def _hide_directive(self, start: int, end: int) -> None:
        """Take a directive out of the view in which macros are looked for, and out of its own way."""
        if self._source.find(b"/*", start, end) >= 0:
            # The grammars end a macro with a comment, and take what looks like one in a string for one.
            self._shown[start:end] = _DIRECTIVE_PROSE.sub(_hidden, self._shown[start:end])
        condition = _CONDITION.match(self._source, start, end)
        if condition and self._source.find(b'"', start, end) >= 0:
            blank(self._shown, condition.end(), end)
            self._shown[condition.end() : condition.end() + 1] = b"1"
        blank(self._code, start, end)

    def _hide_old_parameters(self) -> None:
        """Blank the declarations between the head and the body of functions as before C89."""
        code = self._code
        for match in _OLD_BODY.finditer(bytes(code)):
            head = code.rfind(b")", max(0, match.start() - _MAX_OLD), match.start())
            if (
                head >= 0
                and _OLD_PARAMETERS.match(code, head + 1, match.start() + 1)
                and _OLD_NAMES.search(code, max(0, head - _MAX_OLD), head)
            ):
                self._blank(head + 1, match.start() + 1)

    def _blank(self, start: int, end: int) -> None:
        """Blank a part in both views."""
        blank(self._code, start, end)
        blank(self._shown, start, end)

    def _at(self, offset: int) -> bytes:
        """The byte at an offset; empty behind the end."""
        return bytes(self._code[offset : offset + 1])

    def _next(self, offset: int) -> int:
        """Offset of the next byte that is no white space; the length where there is none."""
        found = _INK.search(self._code, offset)
        return found.start() if found else len(self._code)

    def _previous(self, offset: int) -> int:
        """Offset of the last byte before another that is no white space; -1 where there is none."""
        code, size = self._code, 64
        while offset > 0:
            piece = code[max(0, offset - size) : offset]
            kept = len(piece.rstrip(_WHITE))
            if kept:
                return offset - len(piece) + kept - 1
            offset -= len(piece)
            size *= 4  # a licence or a table that was blanked
        return -1

    def _closing(self, opening: int) -> int:
        """Offset of the parenthesis that closes another; -1 where it is too far."""
        depth = 0
        for match in _PARENTHESES.finditer(self._code, opening, opening + _MAX_ARGUMENTS):
            depth += 1 if match[0] == b"(" else -1
            if not depth:
                return match.start()
        return -1

    def _is_behind_parameters(self, closing: int) -> bool:
        """Whether a parenthesis closes what may be parameters, in contrast to ``alignas(8)``."""
        first = max(0, closing - _MAX_ARGUMENTS)
        opened: list[int] = []
        for match in _PARENTHESES.finditer(self._code, first, closing):
            if match[0] == b"(":
                opened.append(match.start())
            elif opened:
                opened.pop()
        word = _WORD_BEFORE.search(self._code[max(first, opened[-1] - 40) : opened[-1]].rstrip()) if opened else None
        return word is None or word[0] not in _NO_FUNCTIONS

    def _look(self, macro: MacroWord) -> None:
        """Decide about one word."""
        code = self._code
        start, end, before, following = macro.start, macro.end, macro.before, macro.following
        if before >= 0 and code[before] in _WHITE:  # blanked by now
            before = self._previous(before)
        last = self._at(before) if before >= 0 else b";"
        word = b""
        if last.isalnum() or last == b"_":
            found = _WORD_BEFORE.search(code, max(0, before - 60), before + 1)
            word = found[0] if found else b""
            if word in _EXPRESSION or not word:
                return
        elif last == b")" and not self._is_behind_parameters(before):
            return
        if self._at(following) == b"(":
            closing = self._closing(following)
            if closing >= 0:
                self._look_at_call(start, end, following, closing, before, last, word)
            return
        is_word = bool(_WORD.match(code, following)) or self._at(following) == b"~"
        if word in _TAGS:
            if _TAGGED.match(code, end):
                self._blank(start, end)
        elif last == b")" or word in _TRAILING:
            if _CAPITALS.match(code, following) or _ENDS_HEAD.match(code, following):
                self._blank(start, end)
        elif last in (b"*", b"&") or (word and word not in _STORAGE) or last == b">":
            # ``const T& text LIFETIME_BOUND)``
            is_behind_name = word and self._at(following) in (b",", b")") and self._is_name(before + 1 - len(word))
            if is_word or is_behind_name:
                self._blank(start, end)
        elif last in (b"(", b","):
            if code.startswith(b"__", start) and _TWO.match(code, following):
                self._blank(start, end)
        elif word or self._is_start(before, last):
            self._look_at_start(start, end, following, is_word, bool(word))

    def _look_at_start(self, start: int, end: int, following: int, is_word: bool, has_storage: bool) -> None:
        """A word at the start of a declaration: a type, unless a type follows or the line ends with it."""
        code = self._code
        if is_word:
            is_constructor = self._is_cpp and _CALL_HEAD.match(code, following)
            # A type's place is the same; the name of what it returns from is right without it, too.
            if _TWO.match(code, following) or _DECLARES.match(code, following) or is_constructor:
                if not has_storage and not _STATEMENT.search(code, start, end) and not self._has_gap(end, following):
                    self._prefixes[end] = start
                self._blank(start, end)
        elif not has_storage:
            after = self._at(following)
            if after == b"{" or (after in (b"}", b"[", b"") and b"\n" in code[end : following + 1]):
                self._blank(start, end)
            elif after == b":" and self._is_cpp and _ENDS_HEAD.match(code, following):
                self._blank(start, following + 1)  # public, behind a macro

    def _holds_statements(self, opening: int, closing: int) -> bool:
        """Whether arguments hold a block of code, in contrast to a list of values."""
        return self._code.find(b"{", opening, closing) >= 0 and self._code.find(b";", opening, closing) >= 0

    def _is_name(self, start: int) -> bool:
        """Whether a word that starts at an offset has a type in front of it."""
        before = self._previous(start)
        last = self._at(before) if before >= 0 else b""
        if last in (b"*", b"&", b">"):
            return True
        word = _WORD_BEFORE.search(self._code, max(0, before - 60), before + 1)
        return word is not None and word[0] not in _NO_TYPES

    def _is_head(self, offset: int) -> bool:
        """Whether a function's head without a type begins at an offset, in contrast to a call."""
        call = _CALL_HEAD.match(self._code, offset)
        end = self._closing(call.end() - 1) if call else -1
        following = self._next(end + 1)
        return end >= 0 and self._at(following) != b";"

    def _has_gap(self, start: int, end: int) -> bool:
        """Whether an empty line lies between two offsets: what stands before it is no part of what follows."""
        return self._code.count(b"\n", start, end) > 1

    def _is_start(self, before: int, last: bytes) -> bool:
        """Whether a declaration or statement may begin behind a byte."""
        if last == b":":
            return bool(_LABEL.search(self._code, max(0, before - 20), before))
        if last == b'"':
            return bool(_LINKAGE.search(self._code, max(0, before - 20), before + 1))
        return last in (b";", b"{", b"}")

    def _look_at_call(
        self, start: int, end: int, opening: int, closing: int, before: int, last: bytes, word: bytes
    ) -> None:
        """Decide about a word with arguments."""
        code = self._code
        following = self._next(closing + 1)
        after = self._at(following)
        is_word = bool(_WORD.match(code, following)) or after == b"~"
        if last == b")" or word in _TRAILING:
            if (_ENDS_HEAD.match(code, following) or _CAPITALS.match(code, following)) and code.find(
                b"{", opening, closing
            ) < 0:
                self._blank(start, closing + 1)
        elif word in _TAGS:
            if _TAGGED.match(code, closing + 1):
                self._blank(start, closing + 1)
        elif after == b"(" and (word or last in (b"*", b"&")):
            self._look_at_made_name(start, opening, closing, following)
        elif is_word and (word or last in (b"*", b"&", b">")):
            if last in (b"*", b"&", b">") or word not in _STORAGE or _TWO.match(code, following):
                self._blank(start, closing + 1)
            else:
                self._blank(opening, closing + 1)
        elif last in (b",", b"<"):
            around = code.rfind(b"template", max(0, start - _MAX_ARGUMENTS), start) if after in (b",", b">") else -1
            if around >= 0 and _TEMPLATE.match(code, around, start):
                self._shown[start : start + 3] = b"int"  # a parameter like any other
                blank(self._shown, start + 3, closing + 1)
        elif word and self._is_name(before + 1 - len(word)) and _ENDS_NAME.match(code, following):
            self._blank(start, closing + 1)  # ``int held GUARDED_BY(lock);``
        elif not word and self._is_start(before, last):
            self._look_at_statement(start, end, opening, closing, following, is_word)

    def _look_at_made_name(self, start: int, opening: int, closing: int, following: int) -> None:
        """``int PREFIX(open)(int fd) {``: the name of a function is put together by a macro."""
        code = self._code
        end = self._closing(following)
        name = _ONE_NAME.match(code, opening + 1, closing)
        behind = self._next(end + 1)
        if name and end >= 0 and (self._at(behind) in (b"{", b";") or _CAPITALS.match(code, behind)):
            self._blank(start, name.start(1))
            self._blank(name.end(1), closing + 1)

    def _look_at_statement(
        self, start: int, end: int, opening: int, closing: int, following: int, is_word: bool
    ) -> None:
        """A call where a declaration may begin."""
        code = self._code
        after = self._at(following)
        if after == b"(":
            second = self._closing(following)
            if second >= 0 and self._at(self._next(second + 1)) in (b"{", b":"):
                self._make_function(start, end, opening, closing)
        elif after == b"{":
            if _WHOLE_HEAD.match(code, opening + 1, closing) and _is_capital(code, start, end):
                self._blank(start, opening + 1)
                self._blank(closing, closing + 1)
            else:
                self._make_function(start, end, opening, closing)
        elif not _is_capital(code, start, end) or self._holds_statements(opening, closing):
            return
        elif after == b";":
            self._blank(start, following + 1)
        elif is_word:
            ends_line = b"\n" in code[closing:following]
            if _TWO.match(code, following) or (ends_line and (self._is_cpp or not self._is_head(following))):
                if not ends_line:
                    self._prefixes[closing + 1] = start
                self._blank(start, closing + 1)
            else:
                self._blank(opening, closing + 1)
        elif after == b"*":
            self._blank(opening, closing + 1)
        elif after in (b"}", b"[", b""):
            self._blank(start, closing + 1)

    def _make_function(self, start: int, end: int, opening: int, closing: int) -> None:
        """A call in the place of a function's head: shown as one without parameters, and named by its arguments."""
        at_margin = start == 0 or self._at(start - 1) in (b"\n", b"\r")
        is_macro = _is_capital(self._code, start, end)
        named = name_in(self._source, start, end, opening + 1, closing) if is_macro else None
        if not self._is_cpp:
            if not at_margin and is_macro:
                self._blank(start, closing + 1)  # a loop, whose block is one without it, too
            if not at_margin or end - start < _LEAST_NAME:
                return
            # C's grammar wants a type in front of a function's name.
            self._shown[start : start + 4] = b"int "
            start += 4
            named = named or name_in(self._source, start - 4, end, end, end)
        elif not is_macro:
            return
        if is_macro:
            self._blank(opening + 1, closing)
        if named is not None:
            self._names[start] = named


def _is_capital(code: bytearray, start: int, end: int) -> bool:
    """Whether a word is in capitals."""
    return code[start:end].isupper()
