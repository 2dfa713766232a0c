"""The first lines of a hit."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Protocol

from cascode import Hit
from cascode_server.service.printable import printable

#: Lines shown: declaration, the doc comment's first sentence and a bit of the body.
SNIPPET_LINES = 6

#: A model is never certain, whatever the rounding says.
_MOST_PERCENT = 99


class Sources(Protocol):
    """Gives the source lines of hits; an engine does."""

    def snippet(self, hit: Hit, /) -> str:
        """Return the source lines of a hit."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to show, and how many more there are."""

    lines: tuple[str, ...]
    more: int


def shorten(source: str, most: int = SNIPPET_LINES) -> Snippet:
    """Take the first lines of a function, without common indentation.

    Args:
        source: Its source lines.
        most: At most this many; one more where it is the last one.
    """
    unix = source.replace("\r\n", "\n").replace("\r", "\n")
    lines = printable(textwrap.dedent(unix.expandtabs(4))).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    # One line more takes no more room than the line that would announce it.
    shown = lines if len(lines) <= most + 1 else lines[:most]
    return Snippet(tuple(shown), len(lines) - len(shown))


def certainty(hit: Hit) -> str:
    """How well the hit matches, in words, or, where nobody knows, which stage ranked it."""
    return f"{hit.stage} stage" if hit.match is None else f"{hit.match} match"


def explanation(hit: Hit) -> str:
    """Why the hit is where it is: its probability, and each piece of evidence with its share, the weightiest first."""
    total = sum(map(abs, hit.why.values()))
    shares = {label: round(100 * part / total) for label, part in hit.why.items()} if total else {}
    known = "" if hit.probability is None else f"{min(_MOST_PERCENT, round(hit.probability * 100))} % likely"
    parts = [known, *(f"{label} {share} %" for label, share in shares.items() if share)]
    return ", ".join(filter(None, parts))
