"""Whether a query names a definition, and which definitions stand beside it."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import Definition
from cascode_lab.history.files import FileVersion, file_version
from cascode_lab.history.naming import names
from cascode_lab.history.neighbours import MOST_NEIGHBOURS, neighbours
from cascode_lab.history.trivial import is_trivial
from cascode_lab.history.types import Hunk


def definition(source: str, language: str, name: str) -> Definition:
    """A definition of a source text."""
    return next(
        function for function in extract_definitions(source, language).definitions if function.qualified_name == name
    )


PYTHON = """
class Reader:
    def __init__(self, path):
        self.path = path

    def add(self, line):
        self.lines.append(line)

    def parse_header(self):
        return self.lines[0]
"""


@pytest.mark.parametrize(
    ("name", "query", "named"),
    [
        ("Reader.parse_header", "Fix parse_header on empty files", True),
        ("Reader.parse_header", "Let Reader.parse_header() fail early", True),
        ("Reader.parse_header", "Parse header lines only once", True),
        ("Reader.parse_header", "Fix parseHeader on empty files", True),
        ("Reader.parse_header", "Parse the header lines only once", False),
        ("Reader.parse_header", "Header parse errors are told", False),
        ("Reader.add", "Add a way to read lines", False),
        ("Reader.add", "add a way to read lines", False),
        ("Reader.add", "Let add take several lines", True),
        ("Reader.add", "Reader.add takes several lines", True),
        ("Reader.add", "add() takes several lines", True),
        ("Reader.add", "Let Add-ons take several lines", False),
        ("Reader.add", "Support adding several lines", False),
        ("Reader.__init__", "Let the Reader open its file late", True),
        ("Reader.__init__", "Open the file late in init", False),
    ],
)
def test_a_query_names_a_definition(name: str, query: str, named: bool) -> None:
    """By its own name, as one word or in parts; everyday words only where they are written as code."""
    assert names(query, definition(PYTHON, "python", name)) is named


def version(source: str) -> FileVersion:
    """A parsed file."""
    parsed = file_version("many.py", source.encode())
    assert isinstance(parsed, FileVersion)
    return parsed


def test_neighbours_share_words_with_the_question_or_stand_near() -> None:
    """The most alike first, then the nearest; not the answer, its copies, what holds it, or tests."""
    plain = "".join(f"def plain_{letter}(a):\n    return a + '{letter}'\n\n\n" for letter in "abcdefghijkl")
    answer = "def outer(a):\n    def retry(a):\n        return a.upload()\n\n    return retry\n\n\n"
    alike = "def upload_again(a):\n    return a.retry_upload()\n\n\n"
    tests = "def test_upload():\n    retry_upload()\n"
    parsed = version(alike + plain + answer + tests)
    changed = {index for index, item in enumerate(parsed.definitions) if item.name == "retry"}
    found = neighbours("Retry a failed upload", [parsed], {"many.py": changed})
    assert len(found) == MOST_NEIGHBOURS
    chosen = [place.definition.name for place in found]
    assert chosen == ["upload_again", *(f"plain_{letter}" for letter in "lkjihgf")]


@pytest.mark.parametrize(
    ("removed", "added", "trivial"),
    [
        (["    return a\n"], ["  return  a\n"], True),
        ([], ["# why\n", "\n"], True),
        (["// old\n"], ["// new\n", " * more\n"], True),
        (["call(a, b)\n"], ["call(a,\n", "     b)\n"], True),
        (["x = 1  # one\n"], ["x = 1  # two\n"], True),
        (["x = 1\n"], ["x = 2\n"], False),
        ([], ["#include <a>\n"], False),
        ([], ["#[inline]\n"], False),
        (["*p = 1;\n"], [], False),
    ],
)
def test_comments_and_layout_are_no_change(removed: list[str], added: list[str], trivial: bool) -> None:
    """What begins like a comment in one language may be code in another."""
    assert is_trivial(Hunk(1, len(removed), 1, len(added), tuple(removed), tuple(added))) is trivial
