"""Names as questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.ranking.collect import collect
from cascode_lab.ranking.names import a_letter_short, a_word_short, in_another_convention, written_together
from cascode_lab.ranking.types import QuestionSet
from fake_encoder import FakeModelHandle


@pytest.mark.parametrize(
    ("name", "other", "short", "together", "misspelt"),
    [
        ("parse_http_header", "parseHttpHeader", "parse_http", "parsehttpheader", "parse_http_heaer"),
        ("parseHttpHeader", "parse_http_header", "parse_http", "parsehttpheader", "parseHttpHeaer"),
        ("HttpHeader", "http_header", "http_header", "httpheader", "HttpHeaer"),
    ],
)
def test_names_as_people_remember_them(name: str, other: str, short: str, together: str, misspelt: str) -> None:
    """In the convention of another language, or without their last word; never as a word that says nothing."""
    assert in_another_convention(name) == other
    assert a_word_short(name) == short
    assert written_together(name) == together
    assert a_letter_short(name) == misspelt


def test_definitions_are_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asks for itself; names of one word, and those that many share, for nothing."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    root = tmp_path / "shop"
    root.mkdir()
    names = ["read_all_lines", "write_all_lines", "close_every_file", "run"]
    (root / "a.py").write_text("".join(f"def {name}(value):\n    return {name}_now(value)\n\n\n" for name in names))
    for number in range(5):
        (root / f"b{number}.py").write_text(f"def visit_node(value):\n    return value + {number}\n")
    asked = collect(QuestionSet("shop", "written", root, []), FakeModelHandle(), ["words", "definition"], names=10)
    assert [question.group for question in asked] == ["names"] * 3
    assert {question.kind for question in asked} == {"identifier"}
    assert {question.sort for question in asked} == {""}
    answers = [
        [question.files.places[at] for at in range(len(question.right)) if question.right[at]] for question in asked
    ]
    assert sorted(answers) == [[("a.py", name)] for name in ("close_every_file", "read_all_lines", "write_all_lines")]
    assert len(collect(QuestionSet("shop", "written", root, []), FakeModelHandle(), ["words"], names=2)) == 2
