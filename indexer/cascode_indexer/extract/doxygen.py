"""What comments of C and C++ hold beside their sentence: the name again, Doxygen's commands, banners."""

from __future__ import annotations

import re

# Gtk-doc and libxml2: the name and a colon, a line for each parameter, then the text.
_GTK_HEAD = re.compile(r"\A\s*[A-Za-z_]\w*(?:(?:\(\))?:|\(\))[ \t]*\n(?:[ \t]*@[^\n]*\n)*\s*")
#: Doxygen's commands that mark words, and those that stand alone on the first lines.
_MARKING = re.compile(r"(?<![\w\\@])[@\\](?:a|c|p|e|b|em|ref|link|endlink)(?=\s)[ \t]*")
_LEADING = re.compile(r"\A(?:\s*[@\\](?:fn|ingroup|addtogroup|relates|memberof|name|static)\b[^\n]*\n)+")
_DESCRIPTION = re.compile(r"\A\s*Description:\s*")
#: What follows the text in Doxygen.
_AFTER = re.compile(r"(?m)^\s*[@\\](?:tparam|retval|sa|note|pre|post|warning|see|ingroup|since|remark)\b")
_BANNER = re.compile(r"[%=*#~_/+-]{6,}|(?:\b\w ){6,}")
_FORM = re.compile(r"\A\s*class:\s+\S+\s+method:", re.IGNORECASE)


def plain_comment(doc: str, name: str) -> str:
    """Take out of a comment what is no part of its text.

    Args:
        doc: The comment without its markers.
        name: Qualified name of its function, which many comments begin with and a query must not.

    Returns:
        The text; empty where the comment is a banner or a form.
    """
    text = _LEADING.sub("", _GTK_HEAD.sub("", doc))
    text = _AFTER.split(_DESCRIPTION.sub("", text), maxsplit=1)[0]
    text = _MARKING.sub("", text)
    last = re.escape(re.split(r"[.:]+", name)[-1])
    text = re.sub(rf"\A\W*(?:\w+::)*{last}\s*(?:\([^()]*\))?\s*(?:--?|—|:)\s+", "", text)
    if _FORM.match(text) or _BANNER.search(text.split("\n\n", maxsplit=1)[0]):
        return ""
    return text
