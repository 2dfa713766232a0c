"""Scripted agents: what they have read, what that costs, and when they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.agents.compare import Compared, Reading, table
from cascode_lab.agents.grep import grep_until_found, words_of
from cascode_lab.agents.reading import MOST_TOKENS, Context, SourceTree, Span

FILES = {
    "a.py": [f"line {number} of a" for number in range(1, 101)],
    "b.py": [f"line {number} of b" for number in range(1, 101)],
}


def words(text: str) -> int:
    """Count as a tokenizer that knows every word does."""
    return len(text.split())


def context(*wanted: Span, files: dict[str, list[str]] | None = None) -> Context:
    """A context that counts words."""
    return Context(files or FILES, wanted, words)


def test_an_answer_is_found_when_all_its_lines_are_read() -> None:
    """One line less is not enough, lines of another file are none of it, and any answer will do."""
    reader = context(Span("a.py", 10, 20), Span("b.py", 1, 2))
    reader.read(Span("a.py", 10, 19))
    reader.read(Span("b.py", 2, 40))
    assert not reader.found
    reader.read(Span("a.py", 20, 20))
    assert reader.found


def test_lines_are_paid_for_once() -> None:
    """A line costs its words; one that was read, or is not there, costs nothing more."""
    reader = context()
    reader.read(Span("a.py", 99, 105))
    assert reader.tokens == 2 * 4
    reader.read(Span("a.py", 98, 100))
    assert reader.tokens == 3 * 4
    reader.hear("three more words", [Span("a.py", 1, 1)])
    reader.read(Span("a.py", 1, 1))
    assert reader.tokens == 3 * 4 + 3


def test_calls_are_outputs_and_opened_files() -> None:
    """Several places of a file that is open are one call; what has been read already is none."""
    reader = context()
    reader.hear("output", [Span("b.py", 1, 1)])
    reader.read(Span("b.py", 1, 1))
    assert reader.calls == 1
    reader.read(Span("a.py", 1, 3))
    reader.read(Span("a.py", 50, 60))
    assert reader.calls == 2
    reader.read(Span("b.py", 5, 6))
    reader.hear("more")
    reader.read(Span("b.py", 7, 8))
    assert reader.calls == 5


def test_content_words_of_a_question() -> None:
    """Stop words and short ones are left out; names stay as they are; each word counts once."""
    assert words_of("Fix the retry of an upload in send_file when Retry is 3") == ["retry", "upload", "send_file"]


def test_the_rarest_word_is_looked_for_first() -> None:
    """A word that occurs once leads to its place before a usual one is paid for."""
    files = {"usual.py": ["upload"] * 90, "rare.py": [*["x"] * 50, "retry", "y"]}
    reader = context(Span("rare.py", 49, 52), files=files)
    grep_until_found("retry upload", files, reader)
    assert reader.found
    # The output of one grep (a path, a line of one word), and lines 31 to 52, one of which stood in the output.
    assert reader.tokens == 2 + 21


def test_files_with_more_of_the_words_are_opened_first() -> None:
    """Of two files with the rarest word the one that holds the other word too is read, and then no more."""
    files = {
        "a_one.py": ["retry", *["filler"] * 100],
        "b_both.py": ["retry", "upload", *["filler"] * 100],
        "c_usual.py": ["upload"] * 5,
    }
    reader = context(Span("b_both.py", 1, 3), files=files)
    grep_until_found("upload retry", files, reader)
    assert reader.found
    assert reader.tokens == 2 * 2 + 20


@pytest.mark.parametrize(
    ("query", "line"),
    [("validators", "class Validator"), ("parseLinkHeaders", "link = header.get()"), ("retrying", "def RETRY(): ...")],
)
def test_a_word_that_occurs_nowhere_is_looked_for_otherwise(query: str, line: str) -> None:
    """A person who greps in vain tries the parts of a name, or a word without its ending."""
    files = {"a.py": ["filler", line, "filler"], "b.py": ["retrial"]}
    reader = context(Span("a.py", 1, 3), files=files)
    grep_until_found(query, files, reader)
    assert reader.found


def test_a_word_that_occurs_is_looked_for_as_it_is() -> None:
    """Its parts and its stem are not: they would cost what the word itself does not."""
    files = {"a.py": ["parse_links"], "b.py": ["parse"] * 50}
    reader = context(Span("b.py", 1, 1), files=files)
    grep_until_found("parse_links", files, reader)
    assert not reader.found
    assert reader.tokens == 2


def test_the_path_of_several_matches_is_paid_for_once() -> None:
    """As ``rg --heading`` prints them: the path, then a line number and the line of each."""
    files = {"a.py": ["retry", "retry", "x"], "b.py": ["retry"]}
    texts: list[str] = []
    reader = Context(files, [], lambda text: texts.append(text) or 0)
    grep_until_found("retry", files, reader)
    assert texts[0] == "a.py\n1:retry\n2:retry\nb.py\n1:retry\n"


def test_an_agent_gives_up() -> None:
    """What is not there is not looked for beyond a bound of tokens."""
    files = {f"{number}.py": ["retry " * 200] * 100 for number in range(20)}
    reader = context(Span("missing.py", 1, 1), files=files)
    grep_until_found("retry", files, reader)
    assert not reader.found
    assert MOST_TOKENS <= reader.tokens < 1.2 * MOST_TOKENS


def test_answers_are_read_from_the_workspace(tmp_path: Path) -> None:
    """A definition's own lines, the first sixty of a long one; copies of a name are several, a missing one is none."""
    body = "".join(f"    x{number} = {number}\n" for number in range(100))
    (tmp_path / "a.py").write_text(f"import os\n\n\ndef long():\n{body}\n\ndef short():\n    return 1\n")
    tree = SourceTree(tmp_path)
    assert tree.spans_of([("a.py", "short")]) == [Span("a.py", 107, 108)]
    assert tree.spans_of([("a.py", "long")]) == [Span("a.py", 4, 63)]
    assert tree.spans_of([("a.py", "gone"), ("gone.py", "short")]) == []
    assert tree.files["a.py"][3] == "def long():"


def test_the_table_compares_what_both_found() -> None:
    """Counts are of all questions; medians are of those that both answered."""

    def one(grep: int, search: int, *, grep_found: bool = True, search_found: bool = True) -> Compared:
        return Compared("o/r", "q", Reading(grep, grep_found, 7), Reading(search, search_found, 2))

    rows = table([one(1_000, 300), one(2_000, 400), one(4_000, 2_000), one(50_000, 10, grep_found=False)]).split("\n")
    assert rows[2] == "| o/r | 4 | 3 | 4 | 2,000 | 400 | 0.30x | 7 | 2 |"
    assert len(rows) == 3


@pytest.mark.parametrize(("grep", "search"), [(True, False), (False, True), (False, False)])
def test_a_repository_without_common_answers_has_no_median(grep: bool, search: bool) -> None:
    """Nothing is divided by nothing."""
    row = table([Compared("o/r", "q", Reading(1, grep, 1), Reading(1, search, 1))]).split("\n")[2]
    assert row.endswith("| - | - | - | - | - |")
