"""Code to code: how well a function finds the same problem's solutions in other languages (DyHardCode, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cascode_lab.evaluation.metrics import bootstrap
from cascode_models.types import Encoder, FloatArray

from .mbxp import Solution
from .results import Score


def average_precision(scores: FloatArray, right: npt.NDArray[np.bool_]) -> float:
    """Mean of the precisions at the ranks of the right candidates; a wrong one that ties with a right one goes first.

    Args:
        scores: ``[candidates]``.
        right: ``[candidates]``, one or more true.
    """
    # The last key counts most: by score, then the wrong ones first.
    order = np.lexsort((right, -scores))
    hits = right[order]
    places = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places))


def measure_clones(encoder: Encoder, solutions: Sequence[Solution]) -> list[Score]:
    """Measure the mean average precision of one encoder.

    MBXP has one solution a language, so that a function has no clone in its own. Each function asks: among the
    functions of one other language (the mean over languages, and a line for each language asked in); among those of
    all other languages; and among all functions, its own language's included, which is what a search meets.

    Args:
        encoder: The fast encoder.
        solutions: What :func:`.mbxp.read_solutions` gave.

    Returns:
        MAP of each, with the 95 % interval over problems.
    """
    vectors = encoder.encode_texts([solution.text for solution in solutions])
    problems = np.array([solution.problem for solution in solutions])
    languages = np.array([solution.language for solution in solutions])
    names = sorted(set(languages.tolist()))
    pools = {name: np.flatnonzero(languages == name) for name in names}
    everyone = np.arange(len(solutions))
    #: Measure, and problem, to the precisions of its functions.
    found: dict[str, dict[int, list[float]]] = {}

    def note(measure: str, problem: int, value: float) -> None:
        found.setdefault(measure, {}).setdefault(problem, []).append(value)

    for row, vector in enumerate(vectors):
        scores = vectors @ vector
        problem, own = int(problems[row]), str(languages[row])
        right = problems == problem
        right[row] = False
        others = languages != own
        for measure, pool in (("other languages", everyone[others]), ("all", everyone[everyone != row])):
            if right[pool].any():
                note(measure, problem, average_precision(scores[pool], right[pool]))
        for name in names:
            if name != own and right[pools[name]].any():
                value = average_precision(scores[pools[name]], right[pools[name]])
                note("one other language", problem, value)
                note(f"from {own}", problem, value)
    return [_score(measure, by_problem) for measure, by_problem in sorted(found.items())]


def _score(measure: str, by_problem: dict[int, list[float]]) -> Score:
    """The mean over problems, each of which weighs the same."""
    interval = bootstrap(np.array([np.mean(values) for values in by_problem.values()]))
    return Score(
        name=measure,
        metric="MAP",
        count=sum(map(len, by_problem.values())),
        mean=interval.mean,
        low=interval.low,
        high=interval.high,
    )
