"""What settings ask of the slow classifier."""

from __future__ import annotations

import pytest

from cascode_server.service.reranking import reranking
from cascode_server.settings import Search


@pytest.mark.parametrize(
    ("settings", "wanted", "top", "request_"),
    [
        (Search(), None, None, (True, None)),
        (Search(), False, None, (False, None)),
        (Search(), True, None, (True, 10)),
        (Search(), None, 30, (True, 30)),
        (Search(rerank_top=7), None, None, (True, 7)),
        (Search(rerank_top=7), None, 30, (True, 30)),
        (Search(rerank="always"), None, None, (True, 10)),
        (Search(rerank="always", rerank_top=7), None, None, (True, 7)),
        (Search(rerank="always"), False, None, (False, None)),
        (Search(rerank="never"), None, None, (False, None)),
        (Search(rerank="never", rerank_top=7), None, None, (False, None)),
        (Search(rerank="never"), None, 30, (True, 30)),
        (Search(rerank="never"), True, None, (True, 10)),
    ],
)
def test_one_search_wins_over_what_is_set(
    settings: Search, wanted: bool | None, top: int | None, request_: tuple[bool, int | None]
) -> None:
    """A search's own words count first, then the settings, then what was measured for the model."""
    assert reranking(settings, wanted=wanted, top=top) == request_
