"""The shape of a query: a name asked for, a path, a sentence, or code."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence

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


#: A word that only code spells so: joined by ``_``, ``.``, ``::`` or ``->``, camelCase, led by an acronym, or called;
#: a test by its file and name, a class of PHP by its namespaces. No part begins with a digit: versions and numbers do.
#: An acronym has two letters: ``HTTPAdapter``, and what begins as ``JUnit`` or ``OAuth`` does is a product's name.
_CODE_WORD = re.compile(
    r"""^(?:[^\W\d]\w*(?:(?:\.|::|->|\#)~?[^\W\d]\w*)+(?:\(\))?
        | (?:[\w.-]+/)+[\w-]+\.\w+(?:::\w+)+
        | \\?(?:[A-Z]\w*\\)+[A-Z]\w*(?:\\[A-Z]\w*|(?:::|->)\w+)(?:\(\))?
        | (?!\d)(?:\w*[a-z0-9][A-Z]\w*|[A-Za-z0-9]*_\w+) | [A-Z]{3,}[a-z]{2,}\w*
        | [^\W\d]\w*\(\))$""",
    re.VERBOSE,
)
#: What a full stop may belong to: e.g., i.e.
_INITIALS = re.compile(r"^[A-Za-z](?:\.[A-Za-z])+$")
#: Characters of a word that may be a name in a sentence: what is longer is data.
_LONGEST_NAME = 200
#: Type arguments in front of a member or of a call: ``Pool<T>::size``.
_TYPE_ARGUMENTS = re.compile(r"(?<=\w)<[^<>]*>(?=::|\.|->|\()")
#: The arguments of a call, or the parameters of a declaration, right behind its name; calls may be among them.
_ARGUMENTS = re.compile(r"(?<=\w)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
#: How often the arguments of the innermost calls are taken off.
_DEPTH = 3
#: Arguments that say nothing: English writes ``function(s)``, and ``decimal(10,2)`` is a type.
_NO_CALL = re.compile(r"[^\W\d_]+|[\d,. ]+")
#: What is followed by parentheses and called by nobody.
_KEYWORDS = frozenset({"if", "for", "while", "switch", "catch", "return"})
#: What stands around a word of a sentence.
_PUNCTUATION = ",;:?!\"'*"
_OPENING = {")": "(", "]": "[", "}": "{"}
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
    names = names_in(query)
    if any(canonical_language(name) is None for name in names):
        return QueryKind.SENTENCE_WITH_NAME
    if _asks_about_language([word.strip(",.;:?!\"'`()") for word in words]):
        return QueryKind.GENERAL
    if names:
        return QueryKind.SENTENCE_WITH_NAME
    return QueryKind.DESCRIPTION if _is_description(query.strip()) else QueryKind.SENTENCE


def _asks_about_language(words: Sequence[str]) -> bool:
    """Whether a sentence names its language.

    JavaScript and TypeScript are also what the code of a project talks to, and then as good as names: they count where
    searches of the web have them, at the beginning or in "how to sort a map in TypeScript".
    """
    return any(
        len(word) >= _SHORTEST_LANGUAGE
        and canonical_language(word)
        and (not _CODE_WORD.match(word) or before in ("", "in", "with", "using"))
        for before, word in zip(["", *words], words, strict=False)
    )


def _is_path(word: str) -> bool:
    """Whether a word is a path, or the name of a source file."""
    file = _FILE_WORD.match(word)
    return _PATH_WORD.match(word) is not None or (file is not None and file[1].lower() in source_suffixes())


def _is_description(query: str) -> bool:
    """Whether a sentence is worded as documentation: with a full stop, or in the third person."""
    stopped = query.endswith(".") and not query.endswith("..")
    return stopped or _THIRD_PERSON.match(query) is not None


def names_in(query: str) -> list[str]:
    """Return the words of a query that name something in code, without their call brackets and arguments."""
    text = query.replace("`", " ")
    # The names of arguments are not what is asked for.
    words = _without_arguments(text).split()
    if len(text.split()) == 1:
        name = _unwrapped(words[0]).removesuffix("()") or words[0].rstrip("()")
        return [name] if name and name.lower() not in STOP_WORDS else []
    bare = ((word, _unwrapped(word.strip(_PUNCTUATION)).strip(_PUNCTUATION)) for word in words)
    return [name.removesuffix("()") for word, name in bare if _is_name(name, word)]


def _without_arguments(text: str) -> str:
    """Take off the arguments of calls and the parameters of declarations."""
    for _ in range(_DEPTH):
        text = _ARGUMENTS.sub(_brackets_of, _TYPE_ARGUMENTS.sub("", text))
    return text


def _brackets_of(call: re.Match[str]) -> str:
    """What is left of arguments: brackets, where they show that the word in front is called."""
    return "" if _NO_CALL.fullmatch(call[1]) else "()"


def _unwrapped(word: str) -> str:
    """A word without brackets around it, and without a full stop or what else divides sentences."""
    if len(word) > 2 * _LONGEST_NAME:
        return word
    word = word.lstrip("([{\"'")
    while word and word[-1] in ").]},;:\"'":
        opening = _OPENING.get(word[-1])
        if opening and word.count(opening) >= word.count(word[-1]):
            break
        word = word[:-1]
    return word


def _is_name(name: str, word: str) -> bool:
    """Whether a word of a sentence, given without and with what stands around it, names something in code."""
    if len(name) > _LONGEST_NAME or not _CODE_WORD.match(name) or name.removesuffix("()") in _KEYWORDS:
        return False
    return not (_INITIALS.match(name) and f"{name}." in word)
