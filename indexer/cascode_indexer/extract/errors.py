"""What extraction can refuse."""

from __future__ import annotations

from cascode_indexer.errors import CascodeError


class ExtractionError(CascodeError):
    """A source that cannot be read for functions: unknown language, or parsing takes too long."""
