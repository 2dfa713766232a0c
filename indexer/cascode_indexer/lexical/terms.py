"""Splits source text and queries into lower-case terms: ``retryFailedUpload`` gives retry, failed, upload."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

#: Parts of identifiers: HTTPServer -> HTTP, Server; get_url2 -> get, url, 2; letters outside ASCII stay whole.
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")

#: Words of English questions and of every program: they match nearly every function and rank none.
STOP_WORDS = frozenset(
    """
    a an and any are as at be by can could do does for from has have how i if in into is it its me my of on or our
    please should so some that the their then there this to us want was we what when where which who why will with
    would you your
    self cls def return elif else function func fn var let const public private protected static void new null none
    nil true false end begin import package class struct int str string bool boolean final override
    """.split()  # noqa: SIM905
)

#: A word that fills a generated function must not outweigh the words of its name; BM25 saturates at about
#: this count anyway, and a short body column is quicker to write and to search.
_MOST_REPEATS = 3
#: Longer tokens are data (base64, hashes), not words.
_LONGEST_TERM = 40
#: ASCII letters and digits and all that is not ASCII stay; a blank takes the place of everything else.
_APART = bytes(byte if byte >= 0x80 or chr(byte).isalnum() else 0x20 for byte in range(256))
#: Pieces whose terms are remembered, about 4 MB of them: a batch of files to index holds some 5,000.
_MOST_PIECES = 16_384
#: More than the terms of most names and paths, which seldom repeat one.
_FEW = 10
#: Longer pieces are data or prose without blanks, and seldom come again.
_LONGEST_PIECE = 60


def split_identifiers(text: str) -> list[str]:
    """Split ``text`` into lower-case identifier parts, in order, stop words included."""
    return [part.lower() for part in _PART.findall(text)]


def index_terms(text: str) -> str:
    """Return the terms of ``text`` to store in the full-text index, separated by blanks."""
    if not text:  # most definitions have no documentation
        return ""
    pieces = text.encode("utf-8", "surrogatepass").translate(_APART).split()
    terms = [*chain.from_iterable(map(_kept.__getitem__, pieces))]
    if len(terms) < _FEW and len(set(terms)) == len(terms):  # a Counter takes longer to make
        return " ".join(terms)
    counts = Counter(terms)
    # Most stand once: this runs for every term of a workspace.
    return " ".join(
        [term if count == 1 else " ".join([term] * min(count, _MOST_REPEATS)) for term, count in counts.items()]
    )


class _Kept(dict[bytes, tuple[str, ...]]):
    """Pieces of text, UTF-8, with the terms that the full-text index keeps of each: programs repeat their words.

    A piece is what stands between ASCII characters that are no letters and no digits, so that the terms of a text are
    those of its pieces. Threads share it: each fills in what it misses.
    """

    def __missing__(self, piece: bytes) -> tuple[str, ...]:
        text = piece.decode("utf-8", "surrogatepass")
        # Most pieces are one word in small letters.
        parts = (text,) if piece.isalpha() and piece.islower() else map(str.lower, _PART.findall(text))
        terms = tuple([part for part in parts if 1 < len(part) <= _LONGEST_TERM and part not in STOP_WORDS])
        if len(piece) <= _LONGEST_PIECE:
            if len(self) >= _MOST_PIECES:
                self.clear()
            self[piece] = terms
        return terms


_kept = _Kept()


def query_terms(query: str) -> list[str]:
    """Return the distinct terms of a query that can distinguish definitions, in order."""
    parts = dict.fromkeys(split_identifiers(query))
    terms = [term for term in parts if 1 < len(term) <= _LONGEST_TERM and term not in STOP_WORDS]
    # A query of nothing but common words ("what is this for") still deserves an answer.
    return terms or [term for term in parts if len(term) <= _LONGEST_TERM]


def stem(word: str) -> str:
    """Cut the commonest English endings: retries, retried and retrying meet in retr."""
    for ending in ("ing", "ies", "ied", "es", "ed", "er", "e", "s", "y"):
        # Three letters must stay, or unrelated short words meet.
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def match_expression(terms: Iterable[str]) -> str:
    """Return the FTS5 expression that matches any of ``terms``; quoted, so that no term is an operator."""
    return " OR ".join('"' + term.replace('"', "") + '"' for term in terms)
