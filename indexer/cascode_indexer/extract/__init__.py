"""Source text to definitions, by tree-sitter queries: one small file a language, one engine for all."""

from __future__ import annotations

from .detect import (
    LANGUAGES,
    canonical_language,
    declares_encoding,
    editor_language,
    head_bytes,
    language_of,
    language_of_text,
    source_suffixes,
)
from .engine import Extraction, extract_definitions
from .errors import ExtractionError
from .languages import SPECS
from .notebooks import Notebook, is_notebook, most_bytes, read_notebook, write_notebook
from .parsing import TIME_LIMIT_SECONDS
from .places import is_example_path, is_test_path
from .strip import strip_doc

__all__ = [
    "LANGUAGES",
    "SPECS",
    "TIME_LIMIT_SECONDS",
    "Extraction",
    "ExtractionError",
    "Notebook",
    "canonical_language",
    "declares_encoding",
    "editor_language",
    "extract_definitions",
    "head_bytes",
    "is_example_path",
    "is_notebook",
    "is_test_path",
    "language_of",
    "language_of_text",
    "most_bytes",
    "read_notebook",
    "source_suffixes",
    "strip_doc",
    "write_notebook",
]
