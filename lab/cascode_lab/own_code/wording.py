"""What is asked with a definition's documentation: the sentence without the name that it begins with."""

from __future__ import annotations

import re

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.types import Definition
from cascode_lab.corpus.query_text import MIN_QUERY_WORDS
from cascode_lab.corpus.types import MINED
from cascode_lab.history.naming import own_name

#: Languages whose documentation begins with the name by convention, everyday words among the names too.
_NAME_COMES_FIRST = frozenset({"go"})
_WORD = re.compile(r"\w+")
# "parse_header: reads ...", "parse_header() -- reads ...".
_MARK = re.compile(r"(?:\s*:|\s+(?:--?|[\u2013\u2014]))\s+")
_BEING = re.compile(r"\s+(?:is|are|was|were)\s+")
# The third person, which a noun or the imperative after a name is not: "empties", no "pass", "this".
_VERB = re.compile(r"\s+(?=(?!(?:as|its|this|thus|us|less)\b)[a-z]+(?<!s)s\b)")


def plain_doc(definition: Definition) -> str:
    """Return a definition's documentation without what only documentation tools read."""
    mining = MINED.get(definition.language)
    if mining is None or mining.plain_doc is None:
        return definition.doc
    return mining.plain_doc(definition.doc, definition.qualified_name)


def without_own_name(query: str, definition: Definition) -> str:
    """Take the name of a definition off the sentence that documents it, where a sentence remains.

    Of "DrainRing empties the ring" and "DrainRing: empties the ring" remains "empties the ring", of "A Ring is a
    buffer" "a buffer". A name of one part may be the sentence's verb ("Read a file"): it goes where a mark, a call's
    parentheses or "is" show that it is none, and before a verb in languages that have names there by convention.

    Args:
        query: First paragraph of the documentation, in plain words.
        definition: What it documents.

    Returns:
        The rest; empty where too few words remain to ask anything.
    """
    name = own_name(definition)
    begins = re.match(rf"(?:(?:An?|The)\s+)?(?:\w+(?:\.|::|#|->))*{re.escape(name)}(?!\w)(?P<call>\s?\(\))?", query)
    if not name or begins is None:
        return query
    is_noun = begins["call"] is not None or len(split_identifiers(name)) > 1 or definition.language in _NAME_COMES_FIRST
    after = _MARK.match(query, begins.end()) or _BEING.match(query, begins.end())
    if after is None and is_noun:
        after = _VERB.match(query, begins.end())
    if after is None:
        return query
    rest = query[after.end() :]
    return rest if len(_WORD.findall(rest)) >= MIN_QUERY_WORDS else ""
