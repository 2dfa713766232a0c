"""The words of a text as the full-text index keeps them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascode_indexer.lexical import terms
from cascode_indexer.lexical.terms import STOP_WORDS, index_terms, split_identifiers

#: Letters with and without case, digits, marks and signs of one to four bytes, also a surrogate from an editor.
_CHARACTERS = "aZbQxR19_ -.(\n\t\u00a0éÉßİΣς\u0301жЖ長数٣²½\u2014🎉\udc80"
_texts = st.one_of(
    st.text(), st.text(_CHARACTERS), st.lists(st.sampled_from(["getHTTPUrl2", "retry", "the"])).map(" ".join)
)


def as_defined(text: str) -> str:
    """The terms of a text that is split as a whole."""
    counts = Counter(split_identifiers(text))
    kept = {term: min(count, 3) for term, count in counts.items() if 1 < len(term) <= 40 and term not in STOP_WORDS}
    return " ".join(term for term, count in kept.items() for _ in range(count))


@given(_texts)
def test_terms_of_pieces_are_those_of_the_text(text: str) -> None:
    """In the order of their first place, three times at most."""
    assert index_terms(text) == as_defined(text)


def test_pieces_that_are_forgotten_are_split_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered stays small, whatever is read."""
    monkeypatch.setattr(terms, "_MOST_PIECES", 3)
    text = " ".join(f"readBuffer{number} writeBuffer" for number in range(50))
    assert index_terms(text) == as_defined(text)
    assert len(terms._kept) <= 3


def test_long_pieces_are_not_remembered() -> None:
    """A literal of a megabyte is split and let go."""
    data = "aB" * 1_000
    assert index_terms(data) == as_defined(data)
    assert data.encode() not in terms._kept
