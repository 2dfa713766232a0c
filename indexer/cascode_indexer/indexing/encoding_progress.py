"""How far encoding has come, in the texts that a person counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cascode_indexer.store.passages import text_of
from cascode_indexer.store.types import PendingPassage


class EncodingProgress:
    """Counts texts whose last missing passage was encoded.

    Args:
        missing: The passages that will be encoded.
    """

    def __init__(self, missing: Iterable[PendingPassage]) -> None:
        self._left: Counter[int] = Counter()
        #: Texts encoded to their end.
        self.done = 0
        self.expect(missing)

    @property
    def total(self) -> int:
        """Texts that are encoded, or will be."""
        return self.done + len(self._left)

    def expect(self, missing: Iterable[PendingPassage]) -> None:
        """Take further passages into account."""
        self._left.update(text_of(passage.id) for passage in missing)

    def advance(self, encoded: Iterable[PendingPassage]) -> None:
        """Note passages that were encoded."""
        for passage in encoded:
            self.done += self._ends(passage)

    def forget(self, gone: Iterable[PendingPassage]) -> None:
        """Take no account of passages whose text is gone."""
        for passage in gone:
            self._ends(passage)

    def _ends(self, passage: PendingPassage) -> bool:
        """Count a passage off; say whether it was the last of its text."""
        text_id = text_of(passage.id)
        self._left[text_id] -= 1
        if self._left[text_id] > 0:
            return False
        del self._left[text_id]
        return True
