"""Walking a workspace: which files are read, and their text."""

from __future__ import annotations

from .decoding import decode
from .reading import code_of_notebook, read_bytes, read_source, read_text, source_text, text_worth_parsing
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
    "code_of_notebook",
    "decode",
    "explain",
    "is_encodable",
    "read_bytes",
    "read_head",
    "read_source",
    "read_text",
    "relative_path",
    "source_text",
    "text_worth_parsing",
    "walk",
    "walk_folders",
]
