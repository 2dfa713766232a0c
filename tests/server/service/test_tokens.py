"""Counting tokens without a tokenizer: never less than real ones make of a text, in pieces never less than whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascode_server.service.tokens import count_tokens

ROOT = Path(__file__).parents[3]
#: Written by scripts/count_tokens.py: by sample, as it is and inside of JSON, the count of each real tokenizer.
COUNTS: dict[str, dict[str, dict[str, int]]] = json.loads(
    (ROOT / "tests" / "fixtures" / "tokens" / "counts.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("sample", COUNTS)
def test_the_count_is_never_less_than_that_of_a_real_tokenizer(sample: str, form: str) -> None:
    """Code of every language, prose, signs and scripts: the estimate is above, and not far above, the largest count."""
    text = (ROOT / sample).read_text(encoding="utf-8")
    counted = count_tokens(text if form == "text" else json.dumps({"code": text}, ensure_ascii=False))
    largest = max(COUNTS[sample][form].values())
    assert largest <= counted <= 1.5 * largest


def test_every_language_has_a_sample() -> None:
    """What is extracted from is counted: no language is left to hope."""
    from cascode import LANGUAGES

    counted = {Path(sample).parent.name for sample in COUNTS}
    assert set(LANGUAGES) - {"tsx"} <= counted


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("return", 1),
        ("returned", 2),
        ("retryFailedUploads", 4),
        ("HTTPServer", 2),
        ("a b", 2),
        ("\n        x", 3),
        ("12345", 5),
        ("):", 2),
        ("ü", 2),
    ],
)
def test_pieces_of_a_text_are_counted_by_what_they_are(text: str, tokens: int) -> None:
    """Six letters of a part of a name, a run of spaces, a sign, a digit, a line break, a byte of other scripts."""
    assert count_tokens(text) == tokens


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8")), max_size=6))
def test_lines_together_cost_no_more_than_one_by_one(lines: list[str]) -> None:
    """An answer that is put together from counted lines is within the sum."""
    ended = [line.replace("\n", "") + "\n" for line in lines]
    assert count_tokens("".join(ended)) <= sum(map(count_tokens, ended))
