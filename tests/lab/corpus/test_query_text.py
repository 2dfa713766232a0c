"""What a doc comment is worth as a query."""

from __future__ import annotations

import pytest

from cascode_indexer.extract.doc_prose import clean_doc
from cascode_lab.corpus.query_text import MAX_QUERY_WORDS, query_of


def test_query_is_the_first_paragraph_on_one_line() -> None:
    """Lines of the first paragraph are joined, later paragraphs are left out."""
    assert query_of("Return the largest\n  value of a list.\n\nRaises when empty.") == (
        "Return the largest value of a list.",
        None,
    )


@pytest.mark.parametrize(
    "tail",
    [
        "@param items what to sum",
        ":param items: what to sum",
        "Args:\n    items: what to sum",
        "Parameters\n----------\nitems : list",
        ">>> total([1])",
        ".. versionadded:: 1.2",
        "Returns",
    ],
)
def test_sections_tags_and_examples_end_the_query(tail: str) -> None:
    """A summary that runs into a section without a blank line stops there."""
    assert query_of(f"Sum all the items.\n{tail}") == ("Sum all the items.", None)


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        (
            "Convert a :class:`~numpy.ndarray` to a :func:`list <builtins.list>`.",
            "Convert a numpy.ndarray to a list.",
        ),
        ("Opens {@link Foo#bar} with {@code x} set.", "Opens Foo bar with x set."),
        ("Reads ``path`` as `text` at once.", "Reads path as text at once."),
        ("Encodes as in [RFC 1](https://example.org/1) strictly.", "Encodes as in RFC 1 strictly."),
        ("Adds <b>two</b> numbers &amp; more.<p>Second.", "Adds two numbers & more."),
        ("@description Draws the outer frame.", "Draws the outer frame."),
        ("call-seq:\n  a.each {|x| } -> a\n\nYields every item once.", "Yields every item once."),
        ("Internal: Resolve the list marker.", "Resolve the list marker."),
        ("<!-- begin-user-doc -->\nClears the cache.", "Clears the cache."),
    ],
)
def test_markup_becomes_plain_words(marked: str, plain: str) -> None:
    """Roles, inline tags, HTML and links leave the words a reader sees."""
    assert query_of(marked) == (plain, None)


def test_urls_are_removed() -> None:
    """Addresses say nothing about a function."""
    assert "example" not in clean_doc("Fetch the page at https://example.org/a?b=c now.")


@pytest.mark.parametrize(
    ("doc", "reason"),
    [
        ("", "no doc"),
        ("Does it.", "doc too short"),
        ("word " * (MAX_QUERY_WORDS + 1), "doc too long"),
        ("TODO: describe this function properly", "boilerplate doc"),
        ("See the base class for details.", "boilerplate doc"),
        ("{@inheritDoc} and some more words", "boilerplate doc"),
        ("Return the old value.\n\n.. deprecated:: 1.0\n   Use other.", "deprecated"),
        ("Liefert die Summe der Werte und ist schnell.", "doc not English"),
        ("Возвращает сумму всех значений списка", "doc not English"),
        ("f(x) = ((x + 1) * (y - 2)) / {z} == [0, 1, 2]", "doc not prose"),
    ],
)
def test_docs_that_make_no_query_give_their_reason(doc: str, reason: str) -> None:
    """Each kind of unusable doc comment is counted under its own reason."""
    assert query_of(doc) == ("", reason)


def test_english_doc_with_a_foreign_word_is_kept() -> None:
    """One word that another language shares does not make a doc foreign."""
    assert query_of("Sort the cards and let the dealer die.")[1] is None
