"""What to do about paths that were skipped."""

from __future__ import annotations

import pytest

from cascode_indexer.types import SkipCounts, SkipReason

_FORCE = "force files in with '!' lines in .cascodeignore"


@pytest.mark.parametrize(
    ("reasons", "advice"),
    [
        ({}, "name another folder"),
        ({SkipReason.BINARY: 3, SkipReason.UNSUPPORTED_LANGUAGE: 1}, "name another folder"),
        ({SkipReason.TOO_LARGE: 1}, "name another folder, or raise --max-file-bytes"),
        ({SkipReason.UNREADABLE: 1}, "name another folder, or make files readable"),
        ({SkipReason.IGNORED: 1}, f"name another folder, or {_FORCE}"),
        ({SkipReason.VENDORED: 1}, f"name another folder, or {_FORCE}"),
        ({SkipReason.GENERATED: 1, SkipReason.BINARY: 1}, f"name another folder, or {_FORCE}"),
        ({SkipReason.LINE_TOO_LONG: 1, SkipReason.TOO_LARGE: 0}, f"name another folder, or {_FORCE}"),
        (
            {SkipReason.IGNORED: 1, SkipReason.TOO_LARGE: 1},
            f"name another folder, raise --max-file-bytes, or {_FORCE}",
        ),
    ],
)
def test_the_advice_is_what_helps_against_the_reasons(reasons: dict[SkipReason, int], advice: str) -> None:
    """No line of an ignore file brings a large file in, and nothing one of a language that is not known."""
    assert SkipCounts(reasons).advice() == advice
