"""How a language writes comments, and the text of a comment without its markers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# Of two stars that stand for one, as SQLite writes them, both go.
_STAR = re.compile(r"^[ \t]*\*(?:\*(?=[ \t]|$))?(?!\*?/)[ \t]?")
#: A doc comment longer than this is data or a manual page in disguise; the start is what describes.
_MAX_DOC_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class CommentForms:
    """Markers of a language's comments."""

    #: What starts a comment that ends with its line; a repeated last character belongs to the marker.
    line: tuple[str, ...] = ("//",)
    #: What opens and closes a block comment. An opening that ends in a letter has its line to itself.
    block: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    #: Whether a block documents what follows it across a blank line (Perl's POD).
    is_apart: bool = False
    #: What comments begin with that document what they stand in, and not what follows them (Rust's ``//!``).
    inner: tuple[str, ...] = ()
    #: ``line`` as an expression, with the characters that show documentation tools what the comment is about.
    _line_marker: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        markers = "|".join(
            f"{re.escape(marker)}{re.escape(marker[-1])}*"
            + ("(?:!|<(?!/?[A-Za-z][^<>\n]*>))?" if marker == "//" else "")
            for marker in self.line
        )
        object.__setattr__(self, "_line_marker", re.compile(rf"^[ \t]*(?:{markers})[ \t]?"))

    @property
    def openings(self) -> tuple[str, ...]:
        """What comments start with."""
        return (*self.line, *(opening for opening, _ in self.block))

    def is_block(self, text: str) -> bool:
        """Whether a comment is a block, in contrast to one that ends with its line."""
        return any(text.startswith(opening) for opening, _ in self.block)

    def is_doc(self, text: str) -> bool:
        """Whether a comment is written for documentation tools: ``/**``, ``/*!``, ``///``, ``//!``."""
        for opening, _ in self.block:
            if text.startswith(opening):
                return text[len(opening) : len(opening) + 1] in ("*", "!") and not text.startswith("/**/")
        # Where others repeat the last character (Lua's ``---``), the lines below go on without.
        return text.startswith(("///", "//!")) and not text.startswith("////")

    def text(self, comments: list[str]) -> str:
        """Strip comment markers, decoration and common indentation.

        Args:
            comments: One block comment, or the line comments of a run.

        Returns:
            The text, lines joined by ``\\n``; empty where the comment is decoration only.
        """
        lines: list[str] = []
        for comment in comments:
            for opening, closing in self.block:
                if comment.startswith(opening):
                    lines.extend(_block_lines(comment, opening, closing))
                    break
            else:
                lines.extend(self._line_marker.sub("", line) for line in comment.splitlines())
        if lines:
            lines[0] = lines[0].lstrip()
        return tidy(lines)


def _block_lines(comment: str, opening: str, closing: str) -> list[str]:
    """Lines of a block comment without its markers and the stars at their start."""
    if opening[-1].isalpha():
        body = comment.partition("\n")[2]
        end = body.rfind(closing)
        return body[: end if end >= 0 else None].rstrip().splitlines()
    block = comment[len(opening) :].lstrip("*!").removesuffix(closing).rstrip("*").splitlines()
    return [block[0], *(_STAR.sub("", line) for line in block[1:])] if block else []


def tidy(lines: list[str]) -> str:
    """Drop outer decoration lines, the indentation common to all lines but the first, and trailing blanks."""
    lines = [line.expandtabs().rstrip() for line in lines]
    while lines and not any(character.isalnum() for character in lines[0]):
        lines.pop(0)
    while lines and not any(character.isalnum() for character in lines[-1]):
        lines.pop()
    if not lines:
        return ""
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line]
    common = min(indents, default=0)
    text = "\n".join([lines[0].strip(), *(line[common:] for line in lines[1:])])
    return text[:_MAX_DOC_CHARACTERS].rstrip()
