"""Text preparation."""

from __future__ import annotations

import pytest

from cascode_models.text import function_text, query_text, split_identifiers
from cascode_models.types import FunctionSource


def test_method_is_headed_by_its_container() -> None:
    """A method's text begins with its qualified name; a plain function's with its code."""
    assert function_text(FunctionSource("Session.send", "def send(self): pass")).startswith("Session.send\ndef")
    assert function_text(FunctionSource("send", "def send(): pass")) == "def send(): pass"


def test_doc_above_the_code_comes_first_and_only_once() -> None:
    """A doc comment outside the code is put before it; one inside the code is not repeated."""
    outside = function_text(FunctionSource("f", "function f() {}", "Sends it."))
    assert outside == "Sends it.\nfunction f() {}"
    code = 'def f():\n    """Sends it."""\n    return 1'
    assert function_text(FunctionSource("f", code, "Sends it.")).count("Sends it.") == 1


def test_layout_does_not_change_the_text() -> None:
    """Indentation of the whole function, trailing blanks, blank lines and CRLF leave the text as it is."""
    plain = FunctionSource("f", "def f():\n    a = 1\n    return a")
    untidy = FunctionSource("f", "    def f():  \r\n        a = 1\r\n\r\n\r\n        return a\r\n")
    assert function_text(plain) == function_text(untidy)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("\ta\n\t\tb\n\n\tc", "a\n\tb\nc"),
        ("  a\n b", " a\nb"),
        ("  a\n\tb", "  a\n\tb"),
        ("    a\n  \n    b \n  ", "a\nb"),
        ("a\n  b\n \n", "a\n  b"),
        ("\n  a\n   b", "a\n b"),
        ("  a\n\n\n\n   b", "a\n b"),
        ("  \n\t\n", ""),
    ],
)
def test_shared_indentation_goes_and_the_rest_stays(code: str, text: str) -> None:
    """Lines keep what they are indented further than the others; tabs are not blanks; empty lines do not count."""
    assert function_text(FunctionSource("f", code)) == text


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("getHTTPBody", "get HTTP Body"),
        ("utf8Decoder", "utf8 Decoder"),
        ("ABc", "A Bc"),
        ("AB", "AB"),
        ("Ab", "Ab"),
        ("A1B", "A1 B"),
        ("_Ab_AB", "_Ab_AB"),
        ("größeÜber", "größeÜber"),
        ("", ""),
    ],
)
def test_words_begin_at_capitals(word: str, words: str) -> None:
    """Behind a small letter or digit, and at the last capital of several in front of a small letter."""
    assert split_identifiers(word) == words


def test_camel_case_is_split_in_code_and_query() -> None:
    """Words of camelCase identifiers become words of the text."""
    assert query_text("  what does\n getHTTPBody do ") == "what does get HTTP Body do"
    assert "parse Json File" in function_text(FunctionSource("f", "function parseJsonFile() {}"))


def test_endless_input_is_cut() -> None:
    """A function or query of a megabyte gives a short text."""
    assert len(function_text(FunctionSource("f", "x = 1\n" * 200_000))) < 20_000
    assert len(query_text("word " * 10_000)) <= 2_000
