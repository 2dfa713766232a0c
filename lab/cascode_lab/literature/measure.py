"""Measuring a system of the literature: ranks, time and memory on a retrieval set."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import psutil

from cascode_lab.evaluation.metrics import RECALL_DEPTHS, bootstrap, ranks_of, recall_at
from cascode_lab.evaluation.results import Interval
from cascode_lab.evaluation.sets import RetrievalSet

from .rankers import Cascade, Ranker
from .results import Cost, SetScores

#: K of the curves (CasCode, Figures 4 to 6), as far as a cascade reads so many.
DEPTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def measure_set(
    ranker: Ranker, task: RetrievalSet, *, parameters: int, queries: int | None = None, progress: Callable[[str], None]
) -> tuple[SetScores, Cost]:
    """Rank the answers of a set, a query at a time as a person asks.

    Args:
        ranker: The system.
        task: The set.
        parameters: Weights of the system's models.
        queries: Only the first so many: they were drawn, so that any are as good.
        progress: Called with lines for a person.

    Returns:
        What it found, and what that cost.
    """
    begun = time.perf_counter()
    ranker.prepare(task.texts)
    pool_seconds = time.perf_counter() - begun
    progress(f"{task.name}: {len(task.texts):,} functions encoded in {pool_seconds:.1f} s")
    asked = list(zip(task.queries, task.answers.tolist(), strict=True))[:queries]
    everything = range(len(task.texts))
    ranks, curves, seconds = [], [], 0.0
    for query, answer in asked:
        begun = time.perf_counter()
        scores = ranker.scores(query, everything)
        seconds += time.perf_counter() - begun
        ranks.append(int(ranks_of(scores[None], np.array([answer]))[0]))
        if isinstance(ranker, Cascade):
            curves.append([ranker.rank_at(depth, answer) for depth in DEPTHS])
    found = np.array(ranks, dtype=np.int64)
    return SetScores(
        name=task.name,
        queries=len(asked),
        functions=len(task.texts),
        mrr=mean_of((1.0 / found).astype(np.float32)),
        recall={str(depth): recall_at(found, depth) for depth in RECALL_DEPTHS},
        mrr_by_depth=_curve(curves, ranker),
    ), Cost(
        parameters=parameters,
        functions=len(task.texts),
        seconds_a_query=seconds / len(asked),
        seconds_a_pool=pool_seconds,
        resident_bytes=psutil.Process().memory_info().rss,
        bytes_a_function=ranker.bytes_a_function,
    )


def mean_of(values: npt.NDArray[np.floating]) -> Interval:
    """Mean of values a query with its 95 % interval."""
    found = bootstrap(values)
    return Interval(mean=found.mean, low=found.low, high=found.high)


def _curve(curves: Sequence[Sequence[int]], ranker: Ranker) -> dict[str, float]:
    """MRR by K."""
    if not curves or not isinstance(ranker, Cascade):
        return {}
    means = (1.0 / np.array(curves, dtype=np.float64)).mean(axis=0).tolist()
    return {str(depth): mean for depth, mean in zip(DEPTHS, means, strict=True) if depth <= ranker.depth}
