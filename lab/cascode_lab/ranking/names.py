"""Names as questions: those of a workspace's own definitions, as they are and as people remember them."""

from __future__ import annotations

from collections import defaultdict

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.store.store import Store
from cascode_indexer.types import StoredDefinition

from .types import Question

#: A name of one word is asked for by everybody who asks for anything, and means nothing in particular.
_FEWEST_WORDS = 2
#: From so many words on one may be forgotten and the rest still say which is meant.
_FORGETTABLE_WORDS = 3
#: More definitions of one name are an interface and what implements it: any of them would do as an answer.
_MOST_NAMESAKES = 3
#: The sort of a question whose letters no definition has.
MISSPELT = "misspelt"


def name_questions(store: Store, limit: int) -> list[Question]:
    """Ask for definitions by name: as it is written, in another convention, a word short, together, misspelt, in turn.

    Args:
        store: Of the workspace.
        limit: Questions at most, evenly drawn.
    """
    by_name: defaultdict[str, list[StoredDefinition]] = defaultdict(list)
    for path in sorted(store.file_records()):
        for definition in store.definitions_of_file(path):
            by_name[definition.name].append(definition)
    names = [
        name
        for name, found in by_name.items()
        if len(found) <= _MOST_NAMESAKES and len(split_identifiers(name)) >= _FEWEST_WORDS
    ]
    drawn = names[:: len(names) // limit or 1][:limit]
    questions = []
    for number, name in enumerate(drawn):
        remembered = _REMEMBERED[number % len(_REMEMBERED)]
        answers = frozenset((found.path, found.qualified_name) for found in by_name[name])
        sort = MISSPELT if remembered is a_letter_short else ""
        questions.append(Question(remembered(name), answers, sort))
    return questions


def _as_it_is(name: str) -> str:
    return name


def in_another_convention(name: str) -> str:
    """``parse_header`` for ``parseHeader``, and the other way round."""
    words = split_identifiers(name)
    if "_" in name:
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return "_".join(words)


def a_word_short(name: str) -> str:
    """Without its last word where two are left."""
    words = split_identifiers(name)
    return "_".join(words[:-1] if len(words) >= _FORGETTABLE_WORDS else words)


def written_together(name: str) -> str:
    """``parseheader`` for ``parse_header``."""
    return "".join(split_identifiers(name))


def a_letter_short(name: str) -> str:
    """Its longest word, which is most easily mistyped, without the letter in the middle."""
    longest = max(split_identifiers(name), key=len)
    middle = name.lower().index(longest) + len(longest) // 2
    return name[:middle] + name[middle + 1 :]


_REMEMBERED = (_as_it_is, in_another_convention, a_word_short, written_together, a_letter_short)
