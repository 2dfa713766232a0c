"""Names as questions: those of a workspace's own definitions, as they are and as people remember them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.rank.rules.definition import letters_of
from cascode_indexer.store.store import Store
from cascode_indexer.types import StoredDefinition

from .types import Question

#: A name of one word is asked for by everybody who asks for anything, and means nothing in particular.
_FEWEST_WORDS = 2
#: From so many words on one may be forgotten and the rest still say which is meant.
_FORGETTABLE_WORDS = 3
#: A shorter word without a letter is another word.
_MISSPELLABLE = 4
#: More definitions of one name are an interface and what implements it: any of them would do as an answer.
_MOST_NAMESAKES = 3
#: The sort of a question whose letters no definition has.
MISSPELT = "misspelt"


def name_questions(store: Store, limit: int) -> list[Question]:
    """Ask for definitions by name: as it is written, in another convention, a word short, together, misspelt, in turn.

    Beside each name one of its words is asked for, as a topic: every definition whose name has it answers.

    Args:
        store: Of the workspace.
        limit: Names at most, evenly drawn.
    """
    by_name: defaultdict[str, list[StoredDefinition]] = defaultdict(list)
    by_word: defaultdict[str, list[StoredDefinition]] = defaultdict(list)
    for path in sorted(store.file_records()):
        for definition in store.definitions_of_file(path):
            by_name[definition.name].append(definition)
            for word in set(split_identifiers(definition.name)):
                by_word[word].append(definition)
    names = [
        name
        for name, found in by_name.items()
        if len(found) <= _MOST_NAMESAKES and len(split_identifiers(name)) >= _FEWEST_WORDS
    ]
    drawn = names[:: len(names) // limit or 1][:limit]
    known = set(map(letters_of, by_name))
    words = dict.fromkeys(max(split_identifiers(name), key=len) for name in drawn)
    return [
        *filter(None, (_question(number, name, by_name[name], known) for number, name in enumerate(drawn))),
        *(Question(word, _places(by_word[word])) for word in words),
    ]


def _question(number: int, name: str, found: Iterable[StoredDefinition], known: Set[str]) -> Question | None:
    """Ask for a name in one of the ways; None where it cannot be misspelt, or is another's name then."""
    remembered = _REMEMBERED[number % len(_REMEMBERED)]
    if remembered is not a_letter_short:
        return Question(remembered(name), _places(found))
    misspelt = a_letter_short(name)
    return None if letters_of(misspelt) in known else Question(misspelt, _places(found), MISSPELT)


def _places(found: Iterable[StoredDefinition]) -> frozenset[tuple[str, str]]:
    """Where definitions stand."""
    return frozenset((definition.path, definition.qualified_name) for definition in found)


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
    return letters_of(name)


def a_letter_short(name: str) -> str:
    """Without the letter in the middle of its longest word; as it is where all words are short."""
    longest = max(split_identifiers(name), key=len)
    start = name.lower().find(longest)
    if len(longest) < _MISSPELLABLE or start < 0:
        return name
    middle = start + len(longest) // 2
    return name[:middle] + name[middle + 1 :]


_REMEMBERED = (_as_it_is, in_another_convention, a_word_short, written_together, a_letter_short)
