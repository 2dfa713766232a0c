"""A workspace of two files, indexed by a model that costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import Answer
from fake_encoder import FakeEncoder, FakeModelHandle

SHOP = '''class Cart:
    """What a person buys."""

    def add(self, item):
        """Put an item into the cart."""
        self.items.append(item)

    def remove(self, item):
        """Take an item out of the cart."""
        self.items.remove(item)
'''
MAIL = '''def send_mail(address, text):
    """Send a mail to an address."""
    return smtp.send(address, text)


def queue_mail(address, text):
    """Keep a mail until it can be sent."""
    waiting.append((address, text))
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of two files."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cart.py").write_text(SHOP, encoding="utf-8")
    (root / "mail.py").write_text(MAIL, encoding="utf-8")
    return root


@pytest.fixture
def encoder() -> FakeEncoder:
    """A model with a classifier."""
    return FakeEncoder(classifier=True)


@pytest.fixture
def engine(root: Path, encoder: FakeEncoder) -> Iterator[Engine]:
    """The workspace, indexed."""
    with Engine([root], model=FakeModelHandle(encoder)) as engine:
        engine.update()
        yield engine


def names(answer: Answer) -> list[str]:
    """The hits in their order."""
    return [hit.name for hit in answer.hits]
