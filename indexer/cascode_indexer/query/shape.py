"""The shape of a query: a name asked for, a path, a sentence, or code."""

from __future__ import annotations

import enum
import re

from cascode_indexer.extract import canonical_language, source_suffixes
from cascode_indexer.lexical.terms import STOP_WORDS


class QueryKind(str, enum.Enum):
    """Which evidence a query asks for."""

    #: ``retry_upload``, ``Session.send``, ``HTTPAdapter``: the definition of this name is meant.
    IDENTIFIER = "identifier"
    #: ``src/upload/retry.py``: what stands in this file is meant.
    PATH = "path"
    #: ``how does Session.send retry``: words with a name among them.
    SENTENCE_WITH_NAME = "sentence_with_name"
    #: ``where do we retry a failed upload``: as a person asks about a project.
    SENTENCE = "sentence"
    #: ``Returns the number of attempts.``: as documentation is worded, and as it is copied from there.
    DESCRIPTION = "description"
    #: ``python check if a list is empty``: names its language, as searches of the web do, and asks for what any program
    #: may have rather than for what is particular to this one.
    GENERAL = "general"
    #: A traceback, or a text of several sentences: a bug report, an error with its context.
    REPORT = "report"
    #: The text of a definition: code like it is asked for.
    CODE = "code"


#: A word that only code spells so: joined by ``_``, ``.``, ``::`` or ``->``, camelCase, or called.
_CODE_WORD = re.compile(r"^(?:\w+(?:(?:\.|::|->|#)\w+)+(?:\(\))?|\w*[a-z0-9][A-Z]\w*|[A-Za-z0-9]*_\w+|\w+\(\))$")
#: Folders, or a folder and a file, on a drive or not.
_PATH_WORD = re.compile(r"^(?:[A-Za-z]:)?[\w.@~-]*(?:[/\\][\w.@~-]+)+[/\\]?$")
#: A file of this folder, where its ending is that of a language: ``retry.py``, ``date-range.test.ts``.
_FILE_WORD = re.compile(r"^[\w-]+(?:\.[\w-]+)*(\.[\w+]+)$")

#: The third person of documentation. The word behind it distinguishes it from a plural: ``errors when parsing``.
_THIRD_PERSON = re.compile(
    r"^[A-Za-z]+s (?:the|a|an|all|any|each|every|if|this|whether|new|its|one|true|null)\b", re.IGNORECASE
)
#: Shorter names of languages are words of English, or of anything: ``go``, ``c``.
_SHORTEST_LANGUAGE = 3


def kind_of(query: str, *, frames: bool = False, pieces: int = 1) -> QueryKind:
    """Detect the kind of a query by the shape of its words.

    Args:
        query: The text.
        frames: Whether it names places of a traceback.
        pieces: How many the encoder reads of it.
    """
    words = query.split()
    if not words:
        return QueryKind.SENTENCE
    if len(words) > 1 and (frames or pieces > 1):
        return QueryKind.REPORT
    if len(words) == 1:
        if frames or _is_path(words[0]):
            return QueryKind.PATH
        # One bare word may be a name as well as a topic; both are answered by the definition of that name.
        return QueryKind.IDENTIFIER
    if names_in(query):
        return QueryKind.SENTENCE_WITH_NAME
    named = (word.strip(",.;:?!\"'`()") for word in words)
    if any(len(word) >= _SHORTEST_LANGUAGE and canonical_language(word) for word in named):
        return QueryKind.GENERAL
    return QueryKind.DESCRIPTION if _is_description(query.strip()) else QueryKind.SENTENCE


def _is_path(word: str) -> bool:
    """Whether a word is a path, or the name of a source file."""
    file = _FILE_WORD.match(word)
    return _PATH_WORD.match(word) is not None or (file is not None and file[1].lower() in source_suffixes())


def _is_description(query: str) -> bool:
    """Whether a sentence is worded as documentation: with a full stop, or in the third person."""
    stopped = query.endswith(".") and not query.endswith("..")
    return stopped or _THIRD_PERSON.match(query) is not None


def names_in(query: str) -> list[str]:
    """Return the words of a query that name something in code, without their call brackets."""
    words = query.replace("`", " ").split()
    if len(words) == 1:
        return [words[0].rstrip("()")] if words[0].lower() not in STOP_WORDS else []
    stripped = [word.strip(",;:?!\"'") for word in words]
    return [word.rstrip("()") for word in stripped if _CODE_WORD.match(word)]
