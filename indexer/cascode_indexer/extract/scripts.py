"""Scripts inside of pages and components: the parser is shown them alone, each where it stands."""

from __future__ import annotations

import dataclasses
import re

from .languages.typescript import SPEC as TYPESCRIPT
from .shown import Shown, blanked
from .spec import Files, LanguageSpec

_SCRIPT = re.compile(
    rb"<!--.*?(?:-->|\Z)|<script\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>(.*?)(?:</script\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TYPE = re.compile(rb"\btype\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
#: Values of ``type`` that mean code; others are templates and data.
_CODE = re.compile(
    rb"(?:text|application)/(?:java|ecma|type|babel|x-java)\w*|module|text/babel|jsx?|tsx?", re.IGNORECASE
)
#: What stands between dashes at the start of an Astro component.
_FRONTMATTER = re.compile(rb"\A\s*---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)


def shown_scripts(source: bytes) -> Shown:
    """A page of which only the scripts are left, every byte in its place."""
    shown = bytearray(blanked(source))
    for match in _SCRIPT.finditer(source):
        if match[2] is None:
            continue
        kind = _TYPE.search(match[1])
        if kind is None or _CODE.fullmatch(kind[1]):
            shown[slice(*match.span(2))] = match[2]
    return Shown(bytes(shown))


def shown_component(source: bytes) -> Shown:
    """An Astro component, its code between dashes besides."""
    shown = bytearray(shown_scripts(source).data)
    match = _FRONTMATTER.match(source)
    if match is not None:
        shown[slice(*match.span(1))] = match[1]
    return Shown(bytes(shown))


def with_scripts(id: str, name: str, position: int, suffixes: tuple[str, ...]) -> LanguageSpec:
    """Make the rules of a language whose files hold scripts.

    Args:
        id: Its id, which editors have, too.
        name: Its name.
        position: Where it stands in lists.
        suffixes: Endings of its files.
    """
    return dataclasses.replace(
        TYPESCRIPT,
        id=id,
        name=name,
        position=position,
        files=Files(suffixes=suffixes, tests=TYPESCRIPT.files.tests, examples=TYPESCRIPT.files.examples),
        editor_ids=(id,),
        aliases=(),
        mining=None,
        shown=shown_scripts,
        sisters=("typescript:tsx", "javascript:"),
        variants={},
        piece_prefix=b"<script>\n",
    )
