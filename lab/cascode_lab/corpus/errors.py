"""Exceptions of corpus mining.

CorpusError                 the corpus cannot be built as asked
    ManifestError           the manifest is missing or malformed
    FetchError              a package could not be had
    ArchiveError            a downloaded archive cannot be read
"""

from __future__ import annotations

from cascode_models.errors import ModelError


class CorpusError(ModelError):
    """The corpus cannot be built; the message is one line that names the offending value and the fix."""


class ManifestError(CorpusError):
    """The manifest is missing or malformed."""


class FetchError(CorpusError):
    """A package could not be had from its registry."""


class ArchiveError(CorpusError):
    """A downloaded archive cannot be read."""
