"""Source text to functions, by tree-sitter queries: one small file a language, one engine for all."""

from __future__ import annotations

from .detect import LANGUAGES, canonical_language, language_of
from .engine import Extraction, extract_definitions
from .errors import ExtractionError
from .parsing import TIME_LIMIT_SECONDS
from .strip import strip_doc

__all__ = [
    "LANGUAGES",
    "TIME_LIMIT_SECONDS",
    "Extraction",
    "ExtractionError",
    "canonical_language",
    "extract_definitions",
    "language_of",
    "strip_doc",
]
