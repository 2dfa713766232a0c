"""Changes that leave the code as it is: comments, blank lines, indentation, line breaks."""

from __future__ import annotations

import re

from cascode_lab.history.types import Hunk

# A line of nothing but a comment, in any of the languages. A leading ``*`` continues a block comment; ``#`` begins
# a preprocessor line in C and an attribute in Rust, which are code.
_COMMENT_LINE = re.compile(
    r"^\s*(?://|/\*|\*(?:\s|/|$)|#(?!\s*(?:include|define|undef|if|ifdef|ifndef|else|elif|endif|pragma|error|line|region)\b|!?\[)|\"\"\"[^\"]*\"\"\"\s*$|'''[^']*'''\s*$)"
)
_TRAILING_COMMENT = re.compile(r"\s(?://|#)\s.*$")
_SAYS_SOMETHING = re.compile(r"\w")
_SPACE = re.compile(r"\s+")


def is_trivial(hunk: Hunk) -> bool:
    """Return whether a hunk changes comments or the layout alone."""
    return _code(hunk.removed) == _code(hunk.added)


def is_code(line: str) -> bool:
    """Return whether a line is more than a comment, a blank or brackets."""
    return bool(_SAYS_SOMETHING.search(line)) and not _COMMENT_LINE.match(line)


def _code(lines: tuple[str, ...]) -> str:
    """Lines without comments and blanks, in one string."""
    return "".join(_SPACE.sub("", _TRAILING_COMMENT.sub("", line)) for line in lines if not _COMMENT_LINE.match(line))
