"""The prose of a doc comment: without markup, its first paragraph, its first sentence."""

from __future__ import annotations

import html
import re

_END_OF_SUMMARY = re.compile(
    r"""^\s*(?:
        @(?!desc)\w+
      | [:\\](?:param|params|parameter|type|returns?|rtype|raises?|arg|args|keyword|ivar|cvar)\b
      | (?:args?|arguments|parameters?|params|returns?|raises|yields|examples?|usage|notes?|attributes
          |references|see\ also|warnings?|throws|inputs?|outputs?|keyword\ arg(?:ument)?s|request\ syntax)
        \s*:{0,2}\s*$
      | >>> | \.\.\s+[\w-]+:: | [-=~*^\#]{3,}\s*$ | ```
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DESCRIPTION_TAG = re.compile(r"^\s*@desc(?:ription)?\s+", re.IGNORECASE | re.MULTILINE)
_INLINE_TAG = re.compile(r"\{@(?:link|linkplain|linkcode|code|literal|value|see|tutorial)\s+([^{}]*)\}")
_ROLE = re.compile(r":(?:[\w.+-]+:)?[\w.+-]+:`([^`]*)`")
_ROLE_TARGET = re.compile(r"\s*<[^<>]*>\s*$")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]+)\](?:\([^()\s]*\)|\[[^\[\]]*\])")
_URL = re.compile(r"<?\b(?:https?|ftp)://\S+|\bwww\.\S+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_PARAGRAPH_TAG = re.compile(r"</?(?:p|br|ul|ol|pre|table|h\d)\b[^<>]*>", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[(?:\d+|#\w*)\]_")
_DOXYGEN = re.compile(r"^\s*[@\\](?:brief|internal|public|private|static|function|method|summary)\b", re.IGNORECASE)

_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# RDoc's block of example calls, up to the blank line that ends it.
_CALL_SEQUENCE = re.compile(r"^\s*:?call-seq:.*?(?:\n[ \t]*\n|\Z)", re.IGNORECASE | re.DOTALL)
_TOMDOC = re.compile(r"^\s*(?:Internal|Public|Private|API):\s+", re.IGNORECASE)
#: What ends a sentence: a full stop that a capital follows, so that neither "e.g. a log" nor "1.2" does.
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])")


def clean_doc(doc: str) -> str:
    """Return a doc comment without markup: roles, inline tags, HTML, links and URLs become plain words.

    Args:
        doc: Doc comment without its comment markers.

    Returns:
        Lines kept, so that paragraphs and sections stay apart.
    """
    text = _CALL_SEQUENCE.sub("", _HTML_COMMENT.sub("", doc))
    text = _DESCRIPTION_TAG.sub("", text)
    text = _TOMDOC.sub("", _DOXYGEN.sub("", text))
    text = _INLINE_TAG.sub(lambda match: match[1].replace("#", " ").strip(), text)
    text = _PARAGRAPH_TAG.sub("\n\n", text)
    text = _ROLE.sub(lambda match: _ROLE_TARGET.sub("", match[1]).lstrip("~!").split("(")[0], text)
    text = _MARKDOWN_LINK.sub(r"\1", text)
    text = _URL.sub("", text)
    text = html.unescape(_TAG.sub("", text))
    text = _FOOTNOTE.sub("", text)
    return text.replace("``", "").replace("`", "").replace("**", "")


def first_paragraph(doc: str) -> str:
    """Return the first paragraph of a cleaned doc on one line, up to a section, a tag or an example."""
    lines: list[str] = []
    for line in doc.strip().splitlines():
        if _END_OF_SUMMARY.match(line):
            # An underline below a single line makes that line a heading, such as ``Parameters``.
            if re.match(r"^\s*[-=~*^#]{3,}\s*$", line) and len(lines) == 1:
                return ""
            break
        if not line.strip():
            if lines:
                break
            continue
        lines.append(line.strip())
    return re.sub(r"\s+", " ", " ".join(lines)).strip(" -:*")


def first_sentence(doc: str) -> str:
    """Return the first sentence of a doc comment in plain words on one line; empty where there is none.

    Args:
        doc: Doc comment without its comment markers.
    """
    paragraph = first_paragraph(clean_doc(doc))
    end = _SENTENCE_END.search(paragraph)
    return paragraph[: end.end()] if end else paragraph
