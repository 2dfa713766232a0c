"""Long texts in pieces that the encoder reads whole: nothing of a bug report is cut off unread."""

from __future__ import annotations

import re

from cascode_indexer.query.frame_forms import LINE_PREFIX

#: Words of a piece: with code among them they come to some 60 of the 64 tokens that the encoder reads of a query.
_WORDS = 40
#: Pieces of a text: 640 words hold all but the longest reports, and each costs the encoder as much as a question.
MOST_PIECES = 16

#: A line of a traceback, which names places and says nothing in words.
_FRAME_LINE = re.compile(
    r"""^\s*(?:
        File\ ".*",\ line\ \d+.* | at\ .*[(:]\d*.* | \#\d+\s.* | \d+:\ [\w:<>{} ]+$ | goroutine\ \d+.*
        | .*\.\w{1,5}:\d+(?:\s.*|:in\ .*)? | [\w./\\:-]+\.py:\d+:(?:\ in\ .*)? | Traceback\ .*
        | stack\ backtrace:.* | \.\.\.\ \d+\ more
    )$""",
    re.VERBOSE,
)


def pieces_of(text: str) -> tuple[str, ...]:
    """Cut a text into pieces, in order.

    Short texts are one piece as they are. Of a text with a traceback the lines of the frames are left out: they are
    looked up as places. What is beyond the last piece joins it.

    Returns:
        One piece or more; the text itself where nothing else is left.
    """
    if len(text.split()) <= _WORDS and "\n" not in text.strip():
        return (text,)
    lines = [line for line in text.splitlines() if line.strip() and not _FRAME_LINE.match(LINE_PREFIX.sub("", line))]
    words = [line.split() for line in lines]
    pieces: list[list[str]] = []
    for some in words:
        if not pieces or len(pieces[-1]) + len(some) > _WORDS:
            pieces.append([])
        pieces[-1].extend(some)
    short = [" ".join(piece[start : start + _WORDS]) for piece in pieces for start in range(0, len(piece), _WORDS)]
    if len(short) > MOST_PIECES:
        short = [*short[: MOST_PIECES - 1], " ".join(short[MOST_PIECES - 1 :])]
    return tuple(short) or (text,)
