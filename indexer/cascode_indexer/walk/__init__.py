"""Walking a workspace: which files are read, and their text."""

from __future__ import annotations

from .reading import read_source
from .rules import IGNORE_FILES, IgnoreRules
from .walker import DEFAULT_MAX_BYTES, checked_root, explain, relative_path, walk

__all__ = [
    "DEFAULT_MAX_BYTES",
    "IGNORE_FILES",
    "IgnoreRules",
    "checked_root",
    "explain",
    "read_source",
    "relative_path",
    "walk",
]
