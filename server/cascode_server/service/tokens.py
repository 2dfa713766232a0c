"""How many tokens a text costs whoever reads it, without a tokenizer at hand.

Every client counts with a tokenizer of its own, and none of them may be downloaded at run time. The count here is an
estimate from above: ``tests/fixtures/tokens`` holds what three tokenizers of large language models make of code in
every language, of Markdown and of JSON, and a test holds the estimate against them. It is about 1.3 times the largest
of the three.
"""

from __future__ import annotations

import re

#: Letters of a part of a name that one token holds at least: shorter parts of names and words are one token each.
_LETTERS_PER_TOKEN = 6
#: Parts of camelCase names, runs of spaces, and everything else one character at a time.
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\S\n]+|[^\x00-\x7f]+|.", re.DOTALL)


def count_tokens(text: str) -> int:
    """Return an estimate from above of the tokens of a text.

    The count of a text is never more than the sum of the counts of its lines, each with its line break, so that an
    answer may be put together from counted pieces.

    Args:
        text: Any text.
    """
    return sum(_cost(piece) for piece in _PIECES.findall(text))


def _cost(piece: str) -> int:
    """Count one piece."""
    first = piece[0]
    if not first.isascii():
        return len(piece.encode("utf-8", "surrogatepass"))  # a tokenizer that works on bytes has no more than these
    if first.isalpha():
        return -(-len(piece) // _LETTERS_PER_TOKEN)
    # A space belongs to the word after it; more of them, or a tab, are a token. So is a sign, a digit, a new line.
    return 0 if piece == " " else 1
