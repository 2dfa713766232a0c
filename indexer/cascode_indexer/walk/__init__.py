"""Walking a workspace: which files are read, and their text."""

from __future__ import annotations

from .reading import read_bytes, read_source, source_text, text_or_reason
from .rules import IGNORE_FILES, IgnoreRules
from .walker import (
    KnownFile,
    checked_root,
    explain,
    is_encodable,
    read_head,
    relative_path,
    walk,
    walk_folders,
)

__all__ = [
    "IGNORE_FILES",
    "IgnoreRules",
    "KnownFile",
    "checked_root",
    "explain",
    "is_encodable",
    "read_bytes",
    "read_head",
    "read_source",
    "relative_path",
    "source_text",
    "text_or_reason",
    "walk",
    "walk_folders",
]
