"""Names as questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.ranking.collect import collect
from cascode_lab.ranking.names import (
    MISSPELT,
    a_letter_short,
    a_word_short,
    in_another_convention,
    written_together,
)
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
    """In another convention, without their last word, together, or with a letter too few."""
    assert in_another_convention(name) == other
    assert a_word_short(name) == short
    assert written_together(name) == together
    assert a_letter_short(name) == misspelt


@pytest.mark.parametrize("name", ["a_b", "get_x1", "\u039f\u0394\u039f\u03a3a"])
def test_a_short_word_is_not_misspelt(name: str) -> None:
    """Without a letter it is another word, or none; nor is one whose letters change in lower case."""
    assert a_letter_short(name) == name


def test_definitions_are_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asks for itself, and one of its words for all that have it; names that many share ask for nothing."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    root = tmp_path / "shop"
    root.mkdir()
    names = ["read_all_lines", "write_all_lines", "close_every_file", "open_every_file", "copy_old_folder", "run"]
    (root / "a.py").write_text("".join(f"def {name}(value):\n    return {name}_now(value)\n\n\n" for name in names))
    for number in range(5):
        (root / f"b{number}.py").write_text(f"def visit_node(value):\n    return value + {number}\n")
    rules = ["words", "definition", "spelling"]
    asked = collect(QuestionSet("shop", "written", root, []), FakeModelHandle(), rules, names=10)
    assert {question.group for question in asked} == {"names"}
    assert {question.kind for question in asked} == {"identifier"}
    answers = [
        [question.files.places[at][1] for at in range(len(question.right)) if question.right[at]] for question in asked
    ]
    assert answers[:5] == [[name] for name in names[:5]]
    assert [question.sort for question in asked] == ["", "", "", "", MISSPELT, "", "", "", "", ""]
    # lines, write, close, every, folder
    assert [question.judged_as for question in asked[5:]] == ["word"] * 5
    assert [sorted(found) for found in answers[5:]] == [
        ["read_all_lines", "write_all_lines"],
        ["write_all_lines"],
        ["close_every_file"],
        ["close_every_file", "open_every_file"],
        ["copy_old_folder"],
    ]
    assert len(collect(QuestionSet("shop", "written", root, []), FakeModelHandle(), rules, names=1)) == 2


def test_a_name_that_another_has_is_not_misspelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``read_lies`` would ask for the definition of that name."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    (tmp_path / "shop").mkdir()
    names = ["a_bird", "b_bird", "c_bird", "d_bird", "read_lines", "read_lies"]
    (tmp_path / "shop" / "a.py").write_text("".join(f"def {name}():\n    return 1\n\n\n" for name in names))
    asked = collect(QuestionSet("shop", "written", tmp_path / "shop", []), FakeModelHandle(), ["words"], names=10)
    assert all(question.sort != MISSPELT for question in asked)
