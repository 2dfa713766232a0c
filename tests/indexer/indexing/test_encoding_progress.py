"""Progress counts texts, not passages."""

from __future__ import annotations

from cascode_indexer.indexing.encoding_progress import EncodingProgress
from cascode_indexer.store.passages import passage_id
from cascode_indexer.store.types import PendingPassage


def passage(text_id: int, place: int = 0) -> PendingPassage:
    """A passage of a text."""
    return PendingPassage(passage_id(text_id, place), b"", 1, "a.py", 1)


def test_a_text_is_done_with_its_last_passage() -> None:
    """In whatever order they come."""
    progress = EncodingProgress([passage(1), passage(2), passage(2, 1)])
    assert (progress.done, progress.total) == (0, 2)
    progress.advance([passage(2), passage(1)])
    assert (progress.done, progress.total) == (1, 2)
    progress.advance([passage(2, 1)])
    assert (progress.done, progress.total) == (2, 2)


def test_what_was_stored_meanwhile_is_expected_and_what_went_is_not() -> None:
    """The total follows the workspace."""
    progress = EncodingProgress([passage(1), passage(2)])
    progress.expect([passage(3), passage(3, 1)])
    assert progress.total == 3
    progress.forget([passage(2), passage(3)])
    assert (progress.done, progress.total) == (0, 2)
