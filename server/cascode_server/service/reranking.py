"""The rerank policy: whether the slow classifier reads candidates, and how many."""

from __future__ import annotations

from cascode import DEFAULT_RERANK_TOP
from cascode_server.settings import Search


def reranking(settings: Search, *, wanted: bool | None = None, top: int | None = None) -> tuple[bool, int | None]:
    """Decide whether the slow classifier reads candidates, and how many.

    Args:
        settings: The settings.
        wanted: What this one search asks for; None for the setting.
        top: K of this one search; None for the setting.

    Returns:
        ``rerank`` and ``rerank_top`` of a search request.
    """
    if wanted is False or (wanted is None and top is None and settings.rerank == "never"):
        return False, None
    # Left to itself the engine reads candidates only where its model was measured to gain by that.
    measured = None if settings.rerank == "auto" and not wanted else DEFAULT_RERANK_TOP
    return True, top or settings.rerank_top or measured
