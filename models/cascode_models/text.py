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
# Of passages: whoever changes one of these raises EXTRACTION_VERSION, so that stored texts are split again.
#: A passage of a long text after its first, without its header: with that it fills the 128 tokens that the encoder
#: reads, of 3.3 characters each on average of 4,000 definitions of 15 repositories.
PASSAGE_CHARACTERS = 360
#: Where the second passage begins: three quarters of the long texts are read a little further than this as a whole.
SECOND_PASSAGE = 340
#: A shorter rest says too little for a vector of its own.
MIN_PASSAGE_CHARACTERS = 100
#: Passages of a text, the first included: they cover what 95 % of the definitions hold.
MAX_PASSAGES = 4
#: Of the text's first line, which heads every passage: a qualified name or what the documentation begins with.
_HEADER_CHARACTERS = 60
#: A query longer than this is pasted text; its beginning carries the question.
MAX_QUERY_CHARACTERS = 2_000

#: First letter of a further word of a camelCase identifier: behind a small letter or digit, or behind a capital and in
#: front of a small letter. The letter comes first: an expression that begins with what it looks back at is tried at
#: every character.
_WORD_START = re.compile(r"[A-Z](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]))")
_INDENTATION = re.compile(r"[ \t]+(?=[^ \t\n])")
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
    code = _dedented(function.code[:MAX_CODE_CHARACTERS].replace("\r\n", "\n"))
    doc = function.doc[:MAX_DOC_CHARACTERS].strip()
    parts = []
    if "." in function.name:
        parts.append(function.name)
    if doc and not _holds(code, doc):
        parts.append(doc)
    parts.append(code)
    text = "\n".join(parts)
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):  # spares most texts the expression
        text = _TRAILING_BLANKS.sub("", text)
    return split_identifiers(_BLANK_LINES.sub("\n", text))


def passages(text: str) -> list[str]:
    """Split a text into what the encoder reads at a time.

    A vector of the first 128 tokens knows nothing of what a long function does at its end, so each passage has a
    vector, and the nearest one speaks for the text (max-passage: Dai and Callan, 2019, section 3).

    Args:
        text: Made by :func:`function_text`.

    Returns:
        The text itself, of which the encoder reads the beginning; then passages of whole lines of the rest, headed by
        the text's first line, :data:`MAX_PASSAGES` in all at most.
    """
    found = [text]
    if len(text) < SECOND_PASSAGE + MIN_PASSAGE_CHARACTERS:
        return found
    header = text.split("\n", 1)[0][:_HEADER_CHARACTERS]
    # From the line that the first passage may have been cut in.
    start = text.rfind("\n", 0, SECOND_PASSAGE) + 1 or SECOND_PASSAGE
    while len(text) - start >= MIN_PASSAGE_CHARACTERS and len(found) < MAX_PASSAGES:
        end = text.rfind("\n", start, start + PASSAGE_CHARACTERS) if len(text) - start > PASSAGE_CHARACTERS else -1
        # A line longer than a passage is cut where the passage ends.
        end = end if end > start else start + PASSAGE_CHARACTERS
        found.append(f"{header}\n{text[start:end]}")
        start = end + (text[end : end + 1] == "\n")
    return found


def query_text(query: str) -> str:
    """Return the text that is encoded for a query: on one line, identifiers split into words."""
    return split_identifiers(_WHITESPACE.sub(" ", query[:MAX_QUERY_CHARACTERS]).strip())


def split_identifiers(text: str) -> str:
    """Set a blank between the words of camelCase identifiers (``getHTTPBody`` -> ``get HTTP Body``)."""
    words = []
    start = 0
    for match in _WORD_START.finditer(text):
        words.append(text[start : match.start()])
        start = match.start()
    return " ".join([*words, text[start:]]) if words else text


def _dedented(code: str) -> str:
    """Code without the indentation that its lines share, and without blank lines at its ends."""
    if code[:1] not in " \t\n":
        return code.rstrip(" \t\n")
    first = _INDENTATION.match(code)
    # Mostly every line begins like the first one or is empty: a fifth of the time that looking at each takes.
    if first and code.count(f"\n{first[0]}") + code.count("\n\n") == code.count("\n"):
        return code[first.end() :].replace(f"\n{first[0]}", "\n").rstrip(" \t\n")
    return textwrap.dedent(code).strip("\n")


def _holds(code: str, doc: str) -> bool:
    """Whether the first line of ``doc`` stands in ``code``: the doc comment is inside the function."""
    first_line = doc.split("\n", 1)[0].strip()
    return bool(first_line) and first_line in code
