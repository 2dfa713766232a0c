"""From a doc comment to a query: its first paragraph in plain words, and why some give none."""

from __future__ import annotations

import re

from cascode_indexer.extract.doc_prose import clean_doc, first_paragraph

#: Shorter docs say nothing, longer ones are no summary (bounds of CodeSearchNet, Husain et al., 2019, 3.1).
MIN_QUERY_WORDS, MAX_QUERY_WORDS = 3, 256
#: Share of ASCII among the characters of an English doc; accents and symbols of mathematics fit in the rest.
MIN_ASCII_SHARE = 0.9

_WORD = re.compile(r"\w+")
_BOILERPLATE = re.compile(
    r"""^\W*(?:
        todo|fixme|xxx\b|hack\b|see\b|refer\s+to|same\s+as|similar\s+to\s+\W*\w+\W*$
      | inherit|\(?non-javadoc
      | (?:auto-?\s?generated|automatically\s+generated|generated\s+by)
      | (?:not\s+documented|undocumented|no\s+(?:doc|description)|docstring|(?:missing|add)\s+doc)
      | documentation\s+for
      | deprecated|\.\.\s*deprecated|alias\b|overrid(?:e|es|den|ing)|(?:\S+\s+)?implements?\s+\S+$
      | \$ANTLR|register\s+side\s+effects
      | (?:getter|setter|constructor|destructor|ctor|dtor)\b|copy\s+of\s+|stub\b|placeholder|dummy\b
      | magic\s+method|(?:unit\s+)?tests?\s+(?:that|for|if|whether|the|case)
      | eslint|pylint|noqa|type:\s|nolint|copyright|licensed?\b
      | (?:this|the)\s+(?:method|function|property|class)\s+(?:is|has\s+been)
        \s+(?:auto|deprecated|generated|obsolete)
      | (?:internal|private)(?:\s+(?:method|function|use|helper|only))?\W*$|call\s+self\s+as\s+a\s+function
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DEPRECATED = re.compile(r"(?:^|\n)\s*(?:@deprecated\b|\.\.\s+deprecated::|\W*deprecated\b)", re.IGNORECASE)
# Function words that are no English words: two of them, and more than English ones, make another language.
_FOREIGN = frozenset(
    # German, Dutch; French, Italian; Spanish, Portuguese; Polish, Swedish.
    re.findall(
        r"\w+",
        """der die das und ist nicht ein eine für mit von werden wird het van voor niet een
        le la les des une est pour dans que qui avec sur il che di della sono
        el los las una para por con del como se si um uma os não dos na
        w nie jest się dla oraz och att som är""",
    )
)
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """the a an of to in is and for from with by this that if or as on are be it at into using which given
        not all return returns when whether""",
    )
)


def query_of(doc: str) -> tuple[str, str | None]:
    """Turn a doc comment into a query.

    Args:
        doc: Doc comment without its markers.

    Returns:
        The query, and None or the reason for which the doc gives no usable one.
    """
    if not doc.strip():
        return "", "no doc"
    if _DEPRECATED.search(doc):
        return "", "deprecated"
    if "inheritdoc" in doc.lower():
        return "", "boilerplate doc"
    query = first_paragraph(clean_doc(doc))
    words = _WORD.findall(query)
    if len(words) < MIN_QUERY_WORDS:
        return "", "doc too short"
    if len(words) > MAX_QUERY_WORDS:
        return "", "doc too long"
    if _BOILERPLATE.match(query):
        return "", "boilerplate doc"
    if not is_english(query):
        return "", "doc not English"
    if sum(len(word) for word in words if word.isalpha()) < len(query.replace(" ", "")) / 2:
        return "", "doc not prose"
    return query, None


def is_english(query: str) -> bool:
    """Whether a query reads as English, by its characters and its function words."""
    if sum(character.isascii() for character in query) < MIN_ASCII_SHARE * len(query):
        return False
    lowered = [word.lower() for word in _WORD.findall(query)]
    foreign = sum(word in _FOREIGN for word in lowered)
    return foreign < 2 or foreign <= sum(word in _ENGLISH for word in lowered)
