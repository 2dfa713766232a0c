"""Exceptions of reading histories.

HistoryError                a repository's history cannot be read as asked
"""

from __future__ import annotations

from cascode_lab.corpus.errors import CorpusError


class HistoryError(CorpusError):
    """A repository cannot be read; the message is one line that names it and the fix."""
