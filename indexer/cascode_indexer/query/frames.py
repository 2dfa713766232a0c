"""The places that a pasted traceback or an error message names, in the forms that languages print them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Frames kept: what failed stands in the innermost ones, and a recursion prints hundreds.
_MOST_FRAMES = 12
#: Characters read of a text: a log of megabytes has its error in the first or in the last part.
_HEAD, _TAIL = 20_000, 20_000
#: Last parts of two paths that must agree where both go on differently.
_ENOUGH_PARTS = 2
#: Characters read of a line: a frame is shorter, and a minified line would be matched for seconds.
_LINE = 400

#: A file's path with an ending, on any system; ``file:///`` and ``C:`` in front of it are not part of it.
_PATH = r"(?:file://)?(?:[A-Za-z]:)?(?P<path>[\w.@~+ -]*(?:[/\\][\w.@~+ -]+)*\.\w{1,6})"
_BARE = r"(?<![\w.@~+/\\-])(?:file://)?(?:[A-Za-z]:)?(?P<path>[\w.@~+-]*(?:[/\\][\w.@~+-]+)*\.[A-Za-z]\w{0,5})"
_NAME = r"(?P<name>[\w$.<>:~*()&#\[\]`, -]+?)"
#: What stands before the first folder, whose own name may begin with a dot.
_BEGINNING = re.compile(r"^(?:\.*/|~/)+")
_ARGUMENTS = re.compile(r"\([^()]*\)|<[^<>]*>|\{\{closure\}\}|::h[0-9a-f]{16}|\[[^\[\]]*\]")

#: Each with the groups ``path``, ``line`` and, where the form has it, ``name``; the first that matches a place counts.
_FORMS = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        # Python: File "src/upload.py", line 12, in retry
        rf'^[ \t]*File "{_PATH}", line (?P<line>\d+)(?:, in (?P<name>[\w.<>]+))?',
        # C#: at Shop.Cart.Add(Item item) in C:\src\Cart.cs:line 12
        rf"^[ \t]*at {_NAME}\([^\n]*\) in {_PATH}:line (?P<line>\d+)",
        # Java, Kotlin, Scala: at shop.Cart.add(Cart.java:12)
        r"^[ \t]*at (?:[\w.]+/)?(?P<name>[\w$.<>]+)\((?P<path>[\w$-]+\.\w+):(?P<line>\d+)\)",
        # Rust: 4: shop::cart::add\n at ./src/cart.rs:12:5
        rf"^[ \t]*\d+: (?P<name>[\w:<> {{}}]+)\n[ \t]*at {_PATH}:(?P<line>\d+)(?::\d+)?",
        # JavaScript: at async Cart.add (/src/cart.js:12:3), at /src/cart.js:12:3, add@https://host/cart.js:12:3
        rf"^[ \t]*at (?:async )?(?:new )?(?P<name>[\w$.<>\[\] ]+?) \({_PATH}:(?P<line>\d+):\d+\)",
        rf"^[ \t]*at {_PATH}:(?P<line>\d+):\d+",
        r"^(?P<name>[\w$.<>/*]*)@\w+://[^/\s]*(?P<path>/[^\s:?]+\.\w+)[^\s:]*:(?P<line>\d+):\d+",
        # Go: shop.(*Cart).Add(0x1, 0x2)\n\t/src/cart.go:12 +0x1d
        rf"^(?P<name>[\w./*()-]+)\([^\n]*\)\n[ \t]*{_PATH}:(?P<line>\d+)(?: \+0x[0-9a-f]+)?$",
        # gdb: #1 0x0 in cart::add (item=0x0) at src/cart.cc:12; sanitizers: #1 0x0 in cart::add(int) src/cart.cc:12:3
        rf"^[ \t]*#\d+[ \t]+(?:0x[0-9a-f]+ in )?{_NAME}(?:[ \t]*\([^\n]*?\))?(?:[ \t]+const)?[ \t]+(?:at )?"
        rf"{_BARE}:(?P<line>\d+)",
        # PHP: #0 /src/Cart.php(12): Shop\Cart->add()
        rf"^[ \t]*#\d+ {_PATH}\((?P<line>\d+)\): (?P<name>[\w\\:>{{}}-]+)\(",
        rf"\bin {_PATH}(?: on line |:)(?P<line>\d+)",
        # Ruby: lib/cart.rb:12:in `add', lib/cart.rb:12:in 'Cart#add'
        rf"{_BARE}:(?P<line>\d+):in [`'](?:block in |rescue in )?(?P<name>[\w.:#?!=]+)'",
        # Anything else that names a place: src/cart.py:12, src/cart.cc:12:3: error, at src/main.rs:2:5
        rf"{_BARE}:(?P<line>\d+)",
    )
)


#: Where a line of a traceback begins, in one that was pasted into a field of one line and lost its line ends.
_LOST_LINE_END = re.compile(
    r"""(?<!\s)\s+(?=File\ "[^"]+",\ line\ \d            # Python
        | at\ (?:async\ |new\ )?[\w$.<>/]+[\ (]     # Java, JavaScript, C#
        | at\ \S+:\d+:\d+(?:\s|$)                  # JavaScript without a name, Rust
        | \#\d+\ +\S                               # PHP, gdb, sanitizers
        | \d+:\ \w+::                              # Rust
        | \S+:\d+:in\ [`']                         # Ruby
        | [\w./*()-]+\([^()]*\)\s+/\S+\.go:\d | /\S+\.go:\d+\ \+0x  # Go
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One place of a traceback."""

    #: As printed, posix separators, without what stands before the first folder.
    path: str
    #: From 1.
    line: int
    #: Last part of the function's name; empty where it is not printed.
    name: str = ""

    def is_of(self, path: str) -> bool:
        """Whether ``path`` of a workspace may be the file.

        A program prints the path of where it was built or installed: the end of it is compared, all of the shorter of
        the two or a folder and a name at least.
        """
        printed, known = self.path.lower().split("/"), path.lower().split("/")
        common = 0
        for part, other in zip(reversed(printed), reversed(known), strict=False):
            if part != other:
                break
            common += 1
        return common == min(len(printed), len(known)) or common >= _ENOUGH_PARTS


def frames_in(text: str) -> tuple[Frame, ...]:
    """Find the places that a text names.

    Returns:
        The innermost first, each once: what failed is asked about before what called it.
    """
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    if len(text.splitlines()) == 1:
        text = _LOST_LINE_END.sub("\n", text)
    text = "\n".join(line[:_LINE] for line in text.splitlines())
    found = sorted(_matches(text), key=lambda match: match.start())
    frames = [_frame(match) for match in found]
    # Python alone prints the innermost frame last.
    if any(match.re is _FORMS[0] for match in found):
        frames.reverse()
    return tuple(dict.fromkeys(frames))[:_MOST_FRAMES]


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Yield what the forms match; a stretch of text belongs to the first form that takes it."""
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            start, end = match.start("path"), match.end("line")
            if all(end <= other_start or start >= other_end for other_start, other_end in taken):
                taken.append((start, end))
                yield match


def _frame(match: re.Match[str]) -> Frame:
    """What one match says."""
    path = _BEGINNING.sub("", match["path"].strip().replace("\\", "/"))
    name = (match.groupdict().get("name") or "").replace("\\", ".")
    while (plain := _ARGUMENTS.sub("", name)) != name:
        name = plain
    parts = [part for part in re.split(r"::|->|[.#:/\s]", name) if part]
    return Frame(path, int(match["line"]), parts[-1] if parts and re.match(r"^[\w$?!=~]+$", parts[-1]) else "")
