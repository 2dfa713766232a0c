"""Arguments are read as leniently as they can be used, and refused with a complete message."""

from __future__ import annotations

from typing import Any

import pytest

from cascode_server.schema.read import ShapeError, read_argument
from cascode_server.schema.shapes import ReindexArgument, SearchArgument, SimilarArgument

SEARCH = "cascode.server.search"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"query": "x", "limit": 10.0}, {"query": "x", "limit": 10}),
        ({"query": "x", "languages": {}}, {"query": "x", "languages": []}),
        ({"query": "x", "limit": None, "kinds": None}, {"query": "x"}),
        ({"query": "x", "strange": 1}, {"query": "x"}),
        ({"query": "x", "partialResultToken": 7}, {"query": "x", "partialResultToken": 7}),
    ],
)
def test_what_can_be_used_is_used(given: dict[str, Any], read: dict[str, Any]) -> None:
    """Whole numbers written as fractions, empty tables, nulls and unknown fields are no mistakes."""
    assert read_argument(SearchArgument, [given], SEARCH) == read


@pytest.mark.parametrize("arguments", [None, [], [None], [[]], [{}], {}])
def test_every_spelling_of_nothing_is_nothing(arguments: object) -> None:
    """Clients differ in how they send no argument."""
    assert read_argument(ReindexArgument, arguments, "cascode.server.reindex") == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "query is missing; it must be a string"),
        ({"query": 3}, "query must be a string, not 3"),
        ({"query": "x", "limit": 0}, "limit must be a whole number from 1 to 1000, not 0"),
        ({"query": "x", "limit": 1.5}, "limit must be a whole number from 1 to 1000, not 1.5"),
        ({"query": "x", "limit": True}, "limit must be a whole number from 1 to 1000, not True"),
        ({"query": "x", "limit": float("inf")}, "limit must be a whole number from 1 to 1000, not inf"),
        ({"query": "x", "kinds": "f"}, "kinds must be a list of strings, not 'f'"),
        ({"query": "x", "rerank": "yes"}, "rerank must be true or false, not 'yes'"),
        ({"query": "x", "partialResultToken": []}, "partialResultToken must be a whole number or a string, not []"),
    ],
)
def test_messages_name_field_value_and_expectation(given: dict[str, Any], message: str) -> None:
    """A refusal says what is wrong and what would be right."""
    with pytest.raises(ShapeError) as refused:
        read_argument(SearchArgument, [given], SEARCH)
    assert str(refused.value) == f"{SEARCH}: {message}"


def test_objects_are_read_to_the_bottom() -> None:
    """A wrong field of an inner object is a wrong field."""
    place = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 1e0}}
    assert read_argument(SimilarArgument, [place], "similar")["position"] == {"line": 1}
    with pytest.raises(ShapeError, match="position must be an object with 'line', not "):
        read_argument(SimilarArgument, [{**place, "position": {"line": -1}}], "similar")


def test_more_than_one_argument_is_refused() -> None:
    """A command takes one object."""
    with pytest.raises(ShapeError, match="takes one object"):
        read_argument(SearchArgument, [{"query": "x"}, {}], SEARCH)
