"""Text preparation: what the model reads of a function and of a query."""

from __future__ import annotations

import re
import textwrap

from .types import FunctionSource

#: Part of every model fingerprint: raise it whenever a function gives another text than before.
TEXT_VERSION = 1

#: More characters than this never reach the model (256 tokens are about 1,000): they are not prepared.
MAX_CODE_CHARACTERS = 8_000
#: A doc comment above this says the same again; the code must still fit behind it (about 100 tokens).
MAX_DOC_CHARACTERS = 500
#: A query longer than this is pasted text; its beginning carries the question.
MAX_QUERY_CHARACTERS = 2_000

#: Between the words of a camelCase identifier: an uncased tokenizer would lose the boundary; a blank keeps it.
WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TRAILING_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n\s*\n+")
_WHITESPACE = re.compile(r"\s+")


def function_text(function: FunctionSource) -> str:
    """Return the text that is encoded for a function; it depends on the function alone.

    A method is headed by its qualified name, because its own code does not name its container. A doc comment
    that stands above the code goes before the code, as a docstring would; one inside the code stays there.

    Args:
        function: The function; ``doc`` may repeat a doc comment that ``code`` holds.

    Returns:
        Header, doc comment and code, one below the other, identifiers split into words.
    """
    code = textwrap.dedent(function.code[:MAX_CODE_CHARACTERS].replace("\r\n", "\n")).strip("\n")
    doc = function.doc[:MAX_DOC_CHARACTERS].strip()
    parts = []
    if "." in function.name:
        parts.append(function.name)
    if doc and not _holds(code, doc):
        parts.append(doc)
    parts.append(code)
    text = _BLANK_LINES.sub("\n", _TRAILING_BLANKS.sub("", "\n".join(parts)))
    return split_identifiers(text)


def query_text(query: str) -> str:
    """Return the text that is encoded for a query: on one line, identifiers split into words."""
    return split_identifiers(_WHITESPACE.sub(" ", query[:MAX_QUERY_CHARACTERS]).strip())


def split_identifiers(text: str) -> str:
    """Set a blank between the words of camelCase identifiers (``getHTTPBody`` -> ``get HTTP Body``)."""
    return WORD_BOUNDARY.sub(" ", text)


def _holds(code: str, doc: str) -> bool:
    """Whether the first line of ``doc`` stands in ``code``: the doc comment is inside the function."""
    first_line = doc.split("\n", 1)[0].strip()
    return bool(first_line) and first_line in code
