"""A scripted agent that has ripgrep alone.

1. It takes the content words of the question: no stop words, none of fewer than three letters. A word that occurs
   nowhere is replaced by its parts where it is a name of several, or else by itself without its ending (*validators*:
   *validator*).
2. It greps for each, in any case and as a part of longer words, on source files alone, the rarest word first; words
   without a match cost nothing. It reads the first 100 lines of the output, each file's path once (``rg --heading``).
3. After each word it opens files around the matches, 20 lines before and after each: those files first in which most of
   the question's words occur, eight files a word, each line once, without line numbers.
4. It ends when all lines of an answer are in its context (the first 60 of a longer one), or after 50,000 tokens.

What it does not do: guess other words, or stop at a file that looks right. A real agent does both, for more tokens of
thought, which are not counted here. It gets for nothing what a real one pays for: its calls, words in vain, knowing
which words are rare, and knowing when it is done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from cascode_indexer.lexical.terms import split_identifiers
from cascode_lab.agents.reading import Context, Span

#: Lines of output that an agent looks at, by ``| head -100``.
_OUTPUT_LINES = 100
#: A line of a generated file is cut, as agents' tools do.
_LINE_CHARACTERS = 300
#: Read before and after a match: most functions are no longer.
_AROUND = 20
#: Files opened for one word.
_FILES_A_WORD = 8
#: Shorter words occur in too many others.
_FEWEST_LETTERS = 3
#: What is left of a word without its ending has more letters than this, or it is another word.
_STEM_LETTERS = 3
_ENDING = re.compile(r"(?:ings?|ed|es|ers?|ly|s)$")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_STOP = frozenset(
    _WORD.findall(
        """
        about add adds after all also and any are because been before being but can change changes could did does done
        during each else ensure ensures every fix fixed fixes for from get gets had has have how into its just make
        makes may more most must not now off only other our out over properly same set sets should some such support
        supports than that the their them then there these they this those too under update updates upon use used uses
        using via was were what when where which while who will with within without would you your
        """
    )
)


def words_of(query: str) -> list[str]:
    """Return the content words of a question, each once, as they are written."""
    words: dict[str, str] = {}
    for word in _WORD.findall(query):
        if word.lower() not in _STOP:
            words.setdefault(word.lower(), word)
    return list(words.values())


def grep_until_found(query: str, files: Mapping[str, list[str]], context: Context) -> None:
    """Look for the answer of a question until it is read, or until too much is.

    Args:
        query: The question.
        files: The lines of each file.
        context: What the agent reads; what it has read before counts.
    """
    matches: dict[str, list[tuple[str, int]]] = {}
    for word in words_of(query):
        found = _matches(word, files)
        for tried in [word] if found else _instead_of(word):
            matches.setdefault(tried.lower(), found or _matches(tried, files))
    matches = {word: found for word, found in matches.items() if found}
    occurring: Counter[str] = Counter(path for found in matches.values() for path in {path for path, _ in found})
    for word in sorted(matches, key=lambda word: (len(matches[word]), word)):
        if context.ended():
            return
        found = matches[word]
        output = found[:_OUTPUT_LINES]
        context.hear(_as_printed(output, files), [Span(path, line, line) for path, line in output])
        places = Counter(path for path, _ in found)
        best = sorted(places, key=lambda path: (-occurring[path], -places[path], path))[:_FILES_A_WORD]
        for path in best:
            for at, line in found:
                if context.ended():
                    return
                if at == path:
                    context.read(Span(path, line - _AROUND, line + _AROUND))


def _instead_of(word: str) -> list[str]:
    """What an agent looks for where a word occurs nowhere: the parts of a name, or the word without its ending."""
    parts = split_identifiers(word)
    if len(parts) > 1:
        return [part for part in parts if len(part) >= _FEWEST_LETTERS and part not in _STOP]
    stem = _ENDING.sub("", word)
    return [stem] if _STEM_LETTERS < len(stem) < len(word) else []


def _as_printed(output: Sequence[tuple[str, int]], files: Mapping[str, list[str]]) -> str:
    """Matches as ``rg --heading --line-number`` prints them."""
    text, above = "", None
    for path, line in output:
        text += f"{path}\n" if path != above else ""
        text += f"{line}:{files[path][line - 1][:_LINE_CHARACTERS]}\n"
        above = path
    return text


def _matches(word: str, files: Mapping[str, list[str]]) -> list[tuple[str, int]]:
    """The lines that hold a word, as ``rg --ignore-case --fixed-strings --sort path`` finds them."""
    lowered = word.lower()
    return [
        (path, number)
        for path in sorted(files)
        for number, line in enumerate(files[path], start=1)
        if lowered in line.lower()
    ]
