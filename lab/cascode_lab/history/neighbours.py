"""Definitions that a commit could have changed and did not: hard wrong answers stand beside the right ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cascode_indexer.lexical.terms import query_terms
from cascode_lab.corpus.code_filters import MAX_CODE_CHARACTERS, is_test_function
from cascode_lab.history.files import FileVersion
from cascode_lab.history.types import Place

#: Neighbours of a pair: a batch has some two score of other wrong answers, more of one file add little.
MOST_NEIGHBOURS = 8


def neighbours(query: str, files: Sequence[FileVersion], changed: Mapping[str, set[int]]) -> tuple[Place, ...]:
    """Choose untouched definitions of the files that a commit changed.

    Args:
        query: The question.
        files: The files before the commit.
        changed: By path, indices of the definitions that it changed, tests included.

    Returns:
        At most ``MOST_NEIGHBOURS``, those that share most words with the question first, then the nearest in lines.
        None holds a changed definition or lies inside one, and none is a copy of one.
    """
    wanted = frozenset(query_terms(query))
    answers = {file.definitions[index].code for file in files for index in changed[file.path]}
    found: list[tuple[int, int, str, int, Place]] = []
    for file in files:
        touched = [file.definitions[index] for index in changed[file.path]]
        for index, definition in enumerate(file.definitions):
            if (
                definition.code in answers
                or is_test_function(definition.qualified_name)
                or len(definition.code) > MAX_CODE_CHARACTERS
            ):
                continue
            if any(
                definition.start_line <= other.end_line and other.start_line <= definition.end_line for other in touched
            ):
                continue
            shared = len(wanted & file.words(index))
            away = min((abs(definition.start_line - other.start_line) for other in touched), default=1 << 30)
            found.append((-shared, away, file.path, definition.start_line, Place(file.path, definition)))
    found.sort(key=lambda item: item[:4])
    chosen: dict[str, Place] = {}
    for *_, place in found:
        chosen.setdefault(place.definition.code, place)
        if len(chosen) == MOST_NEIGHBOURS:
            break
    return tuple(chosen.values())
