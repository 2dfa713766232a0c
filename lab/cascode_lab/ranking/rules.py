"""The rules whose evidence is measured for questions in words."""

from __future__ import annotations

#: In this order. What needs a path or a traceback is left out: no question names one.
MEASURED = (
    "similarity", "words", "definition", "spelling", "name", "container", "file", "file_similarity", "size", "tests",
    "aside", "types", "types_asked", "late",
)  # fmt: skip
