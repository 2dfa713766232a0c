"""The forms in which languages, compilers, linters and sites print a place: patterns, matched against short lines."""

from __future__ import annotations

import re

#: What a path is made of, unrolled so that no character can be read in two ways. Brackets and parentheses stand in
#: pairs, as routers name files, the latter at the beginning of a part: ``app/[id]/(group)/page.tsx``; so the
#: parenthesis around a place is no part of it.
_BRACKETS = r"\[\[?[\w.$=-]+\]?\]"
_CHARACTERS = rf"[\w.@~+$-]*(?:{_BRACKETS}[\w.@~+$-]*)*"
_CHARACTERS_AND_BLANKS = rf"[\w.@~+$ -]*(?:{_BRACKETS}[\w.@~+$ -]*)*"
_GROUP = r"\([\w.$-]+\)"
#: A file's path with an ending, on any system; ``file:///`` and ``C:`` in front of it are not part of it.
_BEFORE = r"(?:file://)?(?:[A-Za-z]:)?"
_PATH = (
    rf"{_BEFORE}(?P<path>{_CHARACTERS_AND_BLANKS}"
    rf"(?:[/\\](?=[^/\\])(?:{_GROUP})*{_CHARACTERS_AND_BLANKS})*\.\w{{1,6}})"
)
#: The same without blanks, where nothing marks its beginning: no second reading begins within a run of brackets.
_BARE = (
    rf"(?<![\w.@~+$/\\-])(?!(?<=[\])])[/\[(]){_BEFORE}(?P<path>(?:{_GROUP}(?=[/\\.]))?{_CHARACTERS}"
    rf"(?:[/\\](?=[^/\\])(?:{_GROUP})*{_CHARACTERS})*\.[A-Za-z]\w{{0,5}})"
)
#: The path of an address: http://localhost:5173/src/App.tsx?t=1699, webpack-internal:///./src/App.jsx.
_URL = r"(?<![\w+.-])[A-Za-z][\w+.-]*://[^\s/]*(?P<path>/[^\s?#:\"'<>]*\.\w{1,6})(?:\?[^\s:#]*)?"
_NAME = r"(?P<name>[\w$.<>:~*()&#\[\]`{}', -]+?)"
#: A word of any language: .NET says line, Zeile, ligne or 行.
_WORD = r"[^\W\d_]+"
_LINE = r"(?P<line>\d+)"
#: What stands between a path and the line, with what must follow.
_BEFORE_LINE = (
    # src/cart.cc:12:3: error, src/cart.py#L12, src/cart.py:L12
    r":L?|#L",
    # tsc, MSBuild, MSVC: src/cart.ts(12,5): error TS2304, cart.cpp(12): Fehler C2065
    rf"\((?=\d+(?:,\d+)*\) ?: (?:fatal )?(?:error|warning|info|note|message|{_WORD} [A-Z]+\d+)\b)",
    # Maven: /src/Cart.java:[12,8]; Kotlin: /src/Cart.kt: (12, 8); elsewhere this is an array or its shape
    r"(?:(?<=\.java)|(?<=\.kt)|(?<=\.kts)|(?<=\.scala)|(?<=\.groovy)): ?[\[(](?=\d+, ?\d+[\])])",
    # src/Cart.cs:line 12, :Zeile 12
    rf":{_WORD} ",
    # Perl: at lib/Cart.pm line 12; in words: cart.py, line 12; cart.py on line 12
    r"[\"'`]?,? (?:on |at )?[Ll]ine ",
)
#: PHP prints behind each place the function that is called there; the one around it is in the line below.
_PHP_CALL = r"[ \t]*#\d+ (?:\[internal function\]|[^\n]*?\(\d+\)): (?P<name>[\w\\:>{}-]+)\("

#: Python prints the innermost frame last, and so does what is made of its frames.
_INNERMOST_LAST = (
    # Python: File "src/upload.py", line 12, in retry; also behind the bars of an exception group
    rf'(?<!\w)File "{_PATH}", line {_LINE}(?:, in (?P<name>[\w.<>]+))?',
    # IPython: File ~/src/upload.py:12, in retry(self)
    rf"^File {_BARE}:{_LINE}, in (?P<name>[\w.<>]+)",
    # pytest: src/upload.py:12: in retry, src/upload.py:12: ValueError
    r"^(?P<path>[\w.@~+/\\:-]+\.pyx?):(?P<line>\d+):"
    r"(?:[ \t]*$| [A-Z][\w.]*$| [a-z_]\w*(?:\.\w+)+$| in (?!(?:an?|the|this|that|my|our) )(?P<name>[\w.<>]+))",
)
_INNERMOST_FIRST = (
    # C#: at Shop.Cart.Add(Item item) in C:\src\Cart.cs:line 12; bei ... in ...:Zeile 12
    rf"^[ \t]*{_WORD} (?P<name>[^\s()]+)\([^()\n]*\) {_WORD} {_PATH}:{_WORD} {_LINE}",
    # Java, Kotlin, Scala: at shop.Cart.add(Cart.java:12)
    rf"^[ \t]*at (?:[\w.@-]*/){{0,2}}(?P<name>[\w$.<>-]+)\((?P<path>[\w$-]+\.\w+):{_LINE}\)",
    # Rust: 4: shop::cart::add\n at ./src/cart.rs:12:5; 4: 0x55d0 - shop::cart::add::h0123456789abcdef
    rf"^[ \t]*\d+:[ \t]+(?:0x[0-9a-f]+ - )?(?P<name>[^\s\d][^\n]*)\n[ \t]*at {_PATH}:{_LINE}(?::\d+)?",
    # JavaScript: at async Cart.add (/src/cart.js:12:3), at /src/cart.js:12:3, add@https://host/cart.js:12:3
    *(rf"^[ \t]*at (?:async )?(?:new )?(?P<name>[\w$.<>\[\]# ]+?) \({where}:{_LINE}:\d+\)" for where in (_PATH, _URL)),
    rf"^[ \t]*at {_PATH}:{_LINE}:\d+",
    rf"^(?P<name>[\w$.<>/*]*)@[\w+.-]+://[^/\s]*(?P<path>/[^\s:?]+\.\w+)[^\s:]*:{_LINE}:\d+",
    # Go: shop.(*Cart).Add(0x1, 0x2)\n\t/src/cart.go:12 +0x1d
    rf"^(?P<name>[\w./*()\[\],%~-]+)\([^()\n]*\)\n[ \t]*{_PATH}:{_LINE}(?: \+0x[0-9a-f]+)?$",
    # gdb: #1 0x0 in cart::add (item=0x0) at src/cart.cc:12; sanitizers: #1 0x0 in cart::add(int) src/cart.cc:12:3
    rf"^[ \t]*#\d+[ \t]+(?:0x[0-9a-f]+ in )?{_NAME}(?:[ \t]*\([^\n]*?\))?(?:[ \t]+const)?[ \t]+(?:at )?"
    rf"{_BARE}:{_LINE}",
    # PHP: #0 /src/main.php(40): Shop\Cart->add(), with the function around the line in the next line
    rf"^[ \t]*#\d+ {_PATH}\({_LINE}\): (?:(?=[^\n]*\n{_PHP_CALL})|)",
    rf"\bin (?=[/\\]|[A-Za-z]:[/\\]){_PATH}(?: on line |:){_LINE}(?:(?=\s+Stack trace:\s+{_PHP_CALL})|)",
    # Sites of repositories: https://github.com/ann/shop/blob/main/src/cart.py#L12
    rf"://[^\s#?]+?/(?:blob|blame|src)/[^\s/]+(?P<path>/[^\s?#]+\.\w{{1,6}})(?:\?[^\s#]*)?#(?:L|lines-){_LINE}",
    # Addresses of a development server or a bundler
    rf"{_URL}:{_LINE}(?::\d+)?",
    # What else names a place, src/cart.py:12; one form for all, since to look for a path is what takes the time
    rf"{_BARE}(?:{'|'.join(_BEFORE_LINE)}){_LINE}"
    # Ruby: lib/cart.rb:12:in `add', lib/cart.rb:12:in 'Cart#add'
    r"(?::in [`'](?:block in |rescue in )?(?P<name>[\w.:#?!=]+)')?",
)

#: Each with the groups ``path``, ``line`` and, where the form has it, ``name``; the first that matches a place counts.
FORMS = tuple(re.compile(form, re.MULTILINE) for form in (*_INNERMOST_LAST, *_INNERMOST_FIRST))
#: Those of them whose innermost frame is printed last.
INNERMOST_LAST = frozenset(FORMS[: len(_INNERMOST_LAST)])

#: Where a line of a traceback begins, in one that was pasted into a field of one line and lost its line ends.
LOST_LINE_END = re.compile(
    r"""(?<!\s)\s+(?=File\ "[^"]+",\ line\ \d            # Python
        | [\w./\\-]+\.py:\d+:\ in\ \w               # pytest
        | at\ (?:async\ |new\ )?[\w$.<>/]+[\ (]     # Java, JavaScript, C#
        | at\ \S+:\d+:\d+(?:\s|$)                  # JavaScript without a name, Rust
        | \#\d+\ +\S                               # PHP, gdb, sanitizers
        | \d+:\ \w+::                              # Rust
        | \S+:\d+:in\ [`']                         # Ruby
        | [\w./*()-]+\([^()]*\)\s+/\S+\.go:\d | /\S+\.go:\d+\ \+0x  # Go
    )""",
    re.VERBOSE,
)
#: What docker compose, an exception group or a quoted mail sets in front of every line.
LINE_PREFIX = re.compile(r"^(?:[\w.-]+[ \t]*\||[ \t]*[|>])(?=[ \t])")
#: A path alone on its line, as ESLint prints it above the places in the file, and such a place.
PATH_ALONE = re.compile(rf"{_PATH}[ \t]*$")
PLACE_BELOW = re.compile(r"[ \t]+(\d+):\d+[ \t]+\S")
