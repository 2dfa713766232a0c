"""Search requests, from what a front end was asked and what the settings say."""

from __future__ import annotations

import pytest

from cascode_server.service.requests import search_request
from cascode_server.settings import Search


@pytest.mark.parametrize(
    ("setting", "field"),
    [("limit", "limit"), ("rerank_top", "rerank_top"), ("poly_top", "poly_top")],
)
def test_settings_stand_in_for_what_a_question_leaves_out(setting: str, field: str) -> None:
    """What the user set once holds for every search."""
    assert getattr(search_request({"query": "q"}, Search(**{setting: 77})), field) == 77
