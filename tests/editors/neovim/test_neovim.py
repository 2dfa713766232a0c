"""The Neovim client, driven by keys in a real Neovim, against the real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.editor

Scenario = Callable[[str], None]


def test_search_picks_and_opens(scenario: Scenario) -> None:
    """A query shows hits with a preview; <CR> opens one at its name; the last query is offered; filters narrow."""
    scenario("search")


def test_server_missing(scenario: Scenario) -> None:
    """A server that is missing or dies at its start is named by the search, with what mends it; opening files is quiet."""
    scenario("server_missing")
