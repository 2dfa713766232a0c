"""Short queries: a few key words, as people type them into a search box, made from doc comments and names."""

from __future__ import annotations

import random
import re

from cascode_models.text import split_identifiers

from ..data import FILLER, TrainingPair, first_clause
from .docstrings import Docstrings
from .source import source

#: Content words of a key-word query.
FEWEST_WORDS, MOST_WORDS = 3, 5
#: Share of the queries of a verb and its object; the others are key words.
SHARE_VERB_OBJECT = 0.4
#: Share of the queries whose first word is the verb of the function's name: ``build`` where the doc says "Creates".
SHARE_NAME_VERB = 0.25
#: Share of the words that are abbreviated where there is an abbreviation.
SHARE_ABBREVIATED = 0.3
#: As programmers write them, in names and in searches alike.
ABBREVIATIONS = {
    "argument": "arg",
    "arguments": "args",
    "asynchronous": "async",
    "authentication": "auth",
    "configuration": "config",
    "connection": "conn",
    "context": "ctx",
    "database": "db",
    "delete": "del",
    "directory": "dir",
    "document": "doc",
    "environment": "env",
    "error": "err",
    "expression": "expr",
    "function": "func",
    "identifier": "id",
    "implementation": "impl",
    "information": "info",
    "initialize": "init",
    "message": "msg",
    "number": "num",
    "object": "obj",
    "parameter": "param",
    "parameters": "params",
    "reference": "ref",
    "regular": "regex",
    "request": "req",
    "response": "resp",
    "specification": "spec",
    "statement": "stmt",
    "string": "str",
    "temporary": "tmp",
    "value": "val",
}

_WORD = re.compile(r"[A-Za-z]{2,}|\d+")
#: Ends of the third person: docstrings say what a function does, people what they want done.
_THIRD_PERSON = ((("sses", "xes", "shes", "tches", "rches"), 2), (("ies",), 3), (("s",), 1))


@source
class Short(Docstrings):
    """Docstring pairs whose query is cut down to a few words."""

    name = "short"

    def query_of(self, pair: TrainingPair, rng: random.Random) -> str:
        """Cut a pair's query down."""
        return short_query(pair, rng)


def short_query(pair: TrainingPair, rng: random.Random) -> str:
    """Cut a pair's query down to a few content words, or to a verb and its object.

    Returns:
        Three to five words in lower case, or two or three of a verb and its object; the beginning of the query where it
        holds fewer than two such words.
    """
    words = [word.lower() for word in _WORD.findall(split_identifiers(first_clause(pair.query)))]
    content = [word for word in words if word not in FILLER]
    if len(content) < 2:
        return first_clause(pair.query)
    verb = base_form(content[0])
    if rng.random() < SHARE_NAME_VERB:
        named = _WORD.findall(split_identifiers(pair.name.rpartition(".")[2]))
        verb = named[0].lower() if len(named) > 1 else verb
    if rng.random() < SHARE_VERB_OBJECT:
        kept = [verb, *content[1 : rng.randint(2, 3)]]
    else:
        count = rng.randint(FEWEST_WORDS, MOST_WORDS)
        # In their order, as people keep it.
        rows = sorted(rng.sample(range(1, len(content)), min(count - 1, len(content) - 1)))
        kept = [verb, *(content[row] for row in rows)]
    return " ".join(ABBREVIATIONS[word] if _abbreviates(word, rng) else word for word in kept)


def base_form(verb: str) -> str:
    """A verb without the ending of the third person: ``parses`` is ``parse``, ``copies`` is ``copy``."""
    for endings, length in _THIRD_PERSON:
        if verb.endswith(endings) and not verb.endswith(("ss", "us", "is")) and len(verb) > length + 2:
            return verb[:-length] + ("y" if endings == ("ies",) else "")
    return verb


def _abbreviates(word: str, rng: random.Random) -> bool:
    """Whether a word that has an abbreviation is abbreviated now."""
    return word in ABBREVIATIONS and rng.random() < SHARE_ABBREVIATED
