"""What the settings of a search ask of the slow classifier."""

from __future__ import annotations

from cascode_indexer.search.types import DEFAULT_RERANK_TOP
from cascode_server.settings.tree import Search


def reranking(settings: Search, *, wanted: bool | None = None, top: int | None = None) -> tuple[bool, int | None]:
    """Say whether the slow classifier is asked, and about how many candidates.

    Args:
        settings: What is set.
        wanted: What this one search asks for; None for what is set.
        top: K of this one search; None for what is set.

    Returns:
        ``rerank`` and ``rerank_top`` of a search request.
    """
    if wanted is False or (wanted is None and top is None and settings.rerank == "never"):
        return False, None
    measured = None if settings.rerank == "auto" and not wanted else DEFAULT_RERANK_TOP
    return True, top or settings.rerank_top or measured
