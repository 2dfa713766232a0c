"""Source text to definitions, by tree-sitter queries: one small file a language, one engine for all."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .detect import (
    LANGUAGES,
    canonical_language,
    declares_encoding,
    editor_language,
    head_bytes,
    language_of,
    language_of_text,
    languages_named,
    source_suffixes,
)
from .errors import ExtractionError
from .languages import SPECS
from .notebooks import Notebook, is_notebook, most_bytes, read_notebook, write_notebook
from .places import is_example_path, is_test_path
from .version import EXTRACTION_VERSION

if TYPE_CHECKING:
    from .engine import Extraction, extract_definitions
    from .parsing import TIME_LIMIT_SECONDS
    from .strip import strip_doc

__all__ = [
    "EXTRACTION_VERSION",
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
    "languages_named",
    "most_bytes",
    "read_notebook",
    "source_suffixes",
    "strip_doc",
    "write_notebook",
]

#: What reads sources, by its module: imported when the first source is read.
_READERS = {
    "Extraction": "engine",
    "TIME_LIMIT_SECONDS": "parsing",
    "extract_definitions": "engine",
    "strip_doc": "strip",
}


def __getattr__(name: str) -> Any:
    """Load what reads sources when it is first used."""
    if name not in _READERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_READERS[name]}"), name)
    globals()[name] = value
    return value
