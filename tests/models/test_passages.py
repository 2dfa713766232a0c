"""A long text is read in passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cascode_models.text import (
    MAX_PASSAGES,
    MIN_PASSAGE_CHARACTERS,
    PASSAGE_CHARACTERS,
    SECOND_PASSAGE,
    passages,
)

LINES = [f"line {number} says what is done there" for number in range(100)]


def test_a_short_text_is_its_own_passage() -> None:
    """What the encoder reads to its end needs no second vector, nor does a short rest."""
    longest = "x" * (SECOND_PASSAGE + MIN_PASSAGE_CHARACTERS - 1)
    assert passages(longest) == [longest]
    assert len(passages(longest + "x")) == 2


def test_further_passages_are_whole_lines_below_the_first_line_of_the_text() -> None:
    """The first passage is the text, whose vector does not change; none of the lines between is lost."""
    text = "\n".join(["Upload.retry", *LINES])
    first, *further = passages(text)
    assert first == text
    assert len(further) == MAX_PASSAGES - 1
    shown = []
    for passage in further:
        header, *lines = passage.split("\n")
        assert header == "Upload.retry"
        assert len("\n".join(lines)) <= PASSAGE_CHARACTERS
        shown += lines
    begins = LINES.index(shown[0])
    assert shown == LINES[begins : begins + len(shown)]
    assert 0 < len("\n".join(["Upload.retry", *LINES[:begins]])) <= SECOND_PASSAGE


def test_a_line_longer_than_a_passage_is_cut() -> None:
    """A table on one line is read as well."""
    further = passages("x" * 5_000)[1:]
    assert [len(passage.split("\n")[1]) for passage in further] == [PASSAGE_CHARACTERS] * (MAX_PASSAGES - 1)


@given(st.text(alphabet="ab \n", max_size=4_000))
def test_all_is_read_up_to_the_last_passage(text: str) -> None:
    """Nothing between two passages is left out but the line break between them."""
    first, *further = passages(text)
    assert first == text
    rest = "".join(passage.split("\n", 1)[1] for passage in further)
    assert rest.replace("\n", "") in text.replace("\n", "")
    assert all(passage.split("\n", 1)[1] for passage in further)
