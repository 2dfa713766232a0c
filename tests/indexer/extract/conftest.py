"""The option of the extraction tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-golden``: rewrite the expected functions beside the sources, then review the diff."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/fixtures/extract/*/*.json from what is extracted now; review the diff",
    )
