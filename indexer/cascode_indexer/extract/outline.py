"""The outline of a type: its head, documentation, fields and the signatures of its members, bodies cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from cascode_indexer.types import Kind

from .docs import Comment, Comments
from .items import Item
from .lines import Lines
from .spec import LanguageSpec

#: Characters of an outline. No model reads further, and a table of a thousand rows says nothing more.
MAX_CHARACTERS = 4_000
#: Bytes of documentation inside a type; the fields and signatures must still be read behind it.
_MAX_DOC_BYTES = 500
#: Marks around a docstring of several lines.
_QUOTES = (b'"""', b"'''")
_EMPTY_LINES = re.compile(r"(?m)^[ \t]*\r?\n")
_WHITE = b" \t\r\n\f\v"

#: First byte, end, and what stands there instead.
Cut = tuple[int, int, bytes]


def outline(item: Item, spec: LanguageSpec, data: bytes, comments: Comments, lines: Lines, doc: str) -> str:
    """Write the outline of a type; of a constant, its source with the functions in it cut.

    Args:
        item: The definition, its members known.
        spec: Its language.
        data: The source.
        comments: The source's comments.
        lines: The source's lines.
        doc: The definition's documentation.

    Returns:
        At most ``MAX_CHARACTERS``; the first line's indentation is left out.
    """
    cuts = [cut for member in item.members for cut in _member_cuts(member, spec, data, comments, lines)]
    if item.body is not None and item.kind is not Kind.CONSTANT:
        left = _comments_left(cuts, comments, item.body.start_byte, item.span[1])
        cuts.extend(_comment_cuts(left, spec, data, comments, lines))
        if len(doc) > _MAX_DOC_BYTES // 2:  # indented and in other characters it can take twice the bytes
            cuts.extend(_doc_cut(item.body, spec, data))
    text = _apply(cuts, data, *item.span)
    if cuts:
        text = _EMPTY_LINES.sub("", text)
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS].rpartition("\n")[0]


def _apply(cuts: list[Cut], data: bytes, start: int, end: int) -> str:
    """The source between two offsets without what is cut; of cuts in one another the outer one counts."""
    pieces: list[bytes] = []
    for first, last, instead in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
        if first >= start and last <= end:
            pieces.extend((data[start:first], instead))
            start = last
    pieces.append(data[start:end])
    return b"".join(pieces).decode("utf-8", "surrogatepass").rstrip()


def _member_cuts(member: Item, spec: LanguageSpec, data: bytes, comments: Comments, lines: Lines) -> list[Cut]:
    """What is left out of a member: documentation and decorators above it, and its body."""
    start, end = member.span
    if member.kind is Kind.CONSTANT:
        return [(min(lines.end(start), end), end, b"")]
    cuts: list[Cut] = []
    body = comments.skip_back(member.signature_end) if member.is_function or member.body is not None else end
    if body < end:
        # A declaration whose end is no part of the member keeps its own.
        cuts.append((body, end, b"" if data.startswith(spec.cut_body, end) else spec.cut_body))
    above = comments.start_above(start)
    if above < member.head:
        cuts.append((above, member.head, b""))
    return cuts


def _comments_left(cuts: list[Cut], comments: Comments, start: int, end: int) -> list[Comment]:
    """Comments of a body that no cut takes out: members' documentation is not read for nothing."""
    left: list[Comment] = []
    for first, last, _ in sorted(cuts):
        if first > start:
            left.extend(comments.inside(start, first))
        start = max(start, last)
    return [*left, *comments.inside(start, end)]


def _comment_cuts(
    inside: Sequence[Comment], spec: LanguageSpec, data: bytes, comments: Comments, lines: Lines
) -> list[Cut]:
    """What is left out of the comments on fields and declarations: all but the first line."""
    cuts: list[Cut] = []
    line_above = 0
    for comment in inside:
        if b"\n" in data[comment.start : comment.end]:
            first = comments.cleaned([comment]).partition("\n")[0]
            text = f"{spec.comments.openings[0]} {first}" if first else ""
            cuts.append((comment.start, comment.end, text.encode("utf-8", "surrogatepass")))
        line = lines.number(comment.start)
        if data[lines.start(comment.start) : comment.start].strip(_WHITE):
            line_above = 0
            continue
        if line == line_above + 1 and not comment.is_block:
            cuts.append((comment.start, comment.end, b""))
        line_above = lines.number(comment.end)
    return cuts


def _doc_cut(body: Node, spec: LanguageSpec, data: bytes) -> list[Cut]:
    """What is left out of documentation inside a type: what follows the first sentences."""
    found = spec.inside_doc(body, data) if spec.inside_doc is not None else None
    if found is None or found[1] - found[0] <= _MAX_DOC_BYTES or data[found[1] - 3 : found[1]] not in _QUOTES:
        return []
    first, last = found[0] + len(_QUOTES[0]), found[0] + _MAX_DOC_BYTES
    blank = max(data.rfind(b" ", first, last), data.rfind(b"\n", first, last))
    return [(blank, found[1] - len(_QUOTES[0]), b"")] if blank > first else []
