"""The way of a query, top to bottom: candidates, evidence, score, order, lines checked, stages.

What the fast stage is asked for and what a stage reads are values; nothing here opens a file, loads a model or knows
who asks. A search, the measurement of a person's own code and the benchmarks all go this way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import rank, without_copies
from cascode_indexer.rank.types import Candidate, Ranked
from cascode_indexer.rank.weights import FAST, WORDS_ALONE
from cascode_indexer.search.source import Source
from cascode_indexer.search.stages import Stage
from cascode_indexer.types import StoredDefinition
from cascode_indexer.vectors.types import Vectors
from cascode_models.probability import CONTENDERS


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates of a query after a stage, or after those that nobody waits for."""

    #: Best first, as many as are wanted or more; their lines were checked.
    ranked: tuple[Ranked, ...]
    #: Candidates left out because their file no longer holds them.
    dropped: int
    #: The stage that has just read; None after the fast one.
    stage: Stage | None = None
    #: Whether no stage is to come.
    last: bool = True


def rankings(
    query: Query,
    vector: Vectors | None,
    sources: Sequence[Source],
    stages: Sequence[Stage],
    limit: int,
    excluded: Callable[[Candidate], bool] = lambda _candidate: False,
    *,
    rivals: int = CONTENDERS,
) -> Iterator[Ranking]:
    """Rank what answers a query: after the stages that read what the index keeps, then after each that reads texts.

    Args:
        query: What was asked.
        vector: ``[dimension]``, its vector; None while there is no model: words and code rank alone.
        sources: The indexes and buffers to search, as one.
        stages: What reads the best of them after the fast stage, in order.
        limit: Hits wanted.
        excluded: Whether a candidate must not answer.
        rivals: Candidates ranked at least, where there are as many: a probability is one beside those, however few hits
            are wanted.

    Yields:
        The ranking at once, then that of each stage which reads texts, which the caller need not wait for.
    """
    at_once = list(itertools.takewhile(lambda stage: not stage.reads_text, stages))
    later = stages[len(at_once) :]
    candidates = [
        candidate for source in sources for candidate in source.candidates(query, vector) if not excluded(candidate)
    ]
    ranked = without_copies(rank(query, candidates, FAST if vector is not None else WORDS_ALONE))
    for stage in at_once if ranked else ():
        ranked = stage.of(query, ranked)
    ranked, dropped = _check_lines(ranked, max([limit, rivals, *(stage.depth for stage in later)]))
    later = later if ranked else ()
    yield Ranking(tuple(ranked), dropped, at_once[-1] if at_once else None, last=not later)
    for number, stage in enumerate(later, start=1):
        ranked = stage.of(query, ranked)
        yield Ranking(tuple(ranked), dropped, stage, last=number == len(later))


def _check_lines(ranked: Sequence[Ranked], wanted: int) -> tuple[list[Ranked], int]:
    """Check candidates against their files, from the best on, until ``wanted`` stand; count those that do not."""
    kept: list[Ranked] = []
    # Where the file changed, what is left of two overloads is found for both of them.
    places: set[object] = set()
    dropped = 0
    for start in range(0, len(ranked), wanted):
        for hit in with_texts(ranked[start : start + wanted]):
            source: Source = hit.candidate.owner
            now = source.stands(hit.definition, hit.text) if hit.text else None
            place = None if now is None else (id(source), *_place(now.definition))
            if now is None or place in places:
                dropped += 1
                continue
            places.add(place)
            candidate = replace(hit.candidate, definition=now.definition)
            kept.append(replace(hit, candidate=candidate, text=now.new_text or hit.text))
            if len(kept) == wanted:
                return kept, dropped
    return kept, dropped


def _place(definition: StoredDefinition) -> tuple[str, str, str, int, int]:
    """What no two definitions have in common; two overloads may stand on one line."""
    return (
        definition.path,
        definition.kind,
        definition.qualified_name,
        definition.name_line,
        definition.name_column,
    )


def with_texts(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Look the texts of some candidates up, a source at a time; those that are gone stay without."""
    texts: dict[tuple[int, int], str] = {}
    for source in {id(candidate.candidate.owner): candidate.candidate.owner for candidate in ranked}.values():
        found = source.texts([candidate.definition for candidate in ranked if candidate.candidate.owner is source])
        texts.update({(id(source), number): text for number, text in found.items()})
    return [
        replace(candidate, text=texts.get((id(candidate.candidate.owner), candidate.definition.id), ""))
        for candidate in ranked
    ]
