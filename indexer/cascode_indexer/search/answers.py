"""From a ranking to the answer that a front end shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascode_indexer.rank.rules import RULES
from cascode_indexer.rank.types import Ranked
from cascode_indexer.search.confidence import confidence_of
from cascode_indexer.search.pipeline import Ranking
from cascode_indexer.search.source import Source
from cascode_indexer.search.types import Answer, Hit
from cascode_indexer.store.store import Store

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel


class Clock:
    """Measures the steps of an answer in milliseconds."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        """End a step; a step that comes again adds up."""
        now = time.perf_counter()
        self._laps[step] = self._laps.get(step, 0.0) + (now - self._last) * 1000
        self._last = now

    def report(self) -> dict[str, float]:
        """Return the steps and their total."""
        total = (time.perf_counter() - self._started) * 1000
        return {step: round(took, 2) for step, took in {**self._laps, "total": total}.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer says of its search beside the hits."""

    #: The query as it is shown.
    label: str
    #: See :attr:`cascode_indexer.query.Query.judged_as`.
    judged_as: str
    #: Hits wanted.
    limit: int
    #: Those of the workspaces that are searched.
    stores: Sequence[Store]
    #: What the search has of the model; None where words have to do.
    model: CasCodeModel | None
    #: Why the model cannot be loaded, where that is the reason.
    model_error: str | None
    clock: Clock
    #: Definitions of open files that are searched without a workspace.
    outside: int
    #: Why the team's index has no part in it, where it was to have one.
    team_note: str | None = None


def answer_of(asked: Asked, ranking: Ranking) -> Answer:
    """Put the answer together that a ranking gives."""
    fingerprint = None if asked.model is None else asked.model.fingerprint
    pending = sum(_pending(store, fingerprint) for store in asked.stores)
    complete = not pending and all(store.get_meta("last_indexed") is not None for store in asked.stores)
    judged = confidence_of(asked.model, ranking.ranked, asked.judged_as)
    return Answer(
        query=asked.label,
        hits=tuple(
            _hit(ranked, probability, doubtful=not judged.confident)
            for ranked, probability in zip(ranking.ranked[: asked.limit], judged.probabilities, strict=False)
        ),
        state="ready" if complete and asked.model is not None else "indexing",
        functions=sum(store.counts().functions for store in asked.stores) + asked.outside,
        pending=pending,
        timings_ms=asked.clock.report(),
        confident=judged.confident,
        dropped=ranking.dropped,
        model_ready=asked.model is not None,
        model_error=None if asked.model is not None else asked.model_error,
        team_note=asked.team_note,
    )


def _pending(store: Store, fingerprint: str | None) -> int:
    """Definitions of a workspace without a vector of this model: all, where the index was made with another one."""
    counts = store.counts()
    other = fingerprint is not None and store.get_meta("model") not in (None, fingerprint)
    return counts.functions if other else counts.pending


def _hit(ranked: Ranked, probability: float | None, *, doubtful: bool) -> Hit:
    """Turn a candidate into a hit."""
    found = ranked.definition
    source: Source = ranked.candidate.owner
    origin = source.origin(found)
    return Hit(
        root=source.root,
        path=found.path,
        name=found.qualified_name,
        kind=found.kind,
        language=found.language,
        signature=found.signature,
        start_line=found.start_line,
        end_line=found.end_line,
        name_line=found.name_line,
        name_column=found.name_column,
        score=ranked.score,
        probability=probability,
        doubtful=doubtful,
        stage=ranked.stage,
        why=_why(ranked),
        repository=None if origin is None else origin.repository,
        revision="" if origin is None else origin.revision,
        code="" if origin is None else origin.code,
    )


def _why(ranked: Ranked) -> dict[str, float]:
    """What each rule added to a score, by the rule's label."""
    parts = sorted(ranked.parts.items(), key=lambda part: -abs(part[1]))
    return {RULES[name].label: float(added) for name, added in parts}
