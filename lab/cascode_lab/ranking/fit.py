"""Fit the weights of the ranking: listwise, regularised, judged on workspaces that were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from .types import Asked

#: Weight of the squared weights, of evidence in standard deviations, beside the mean loss of a question. Out of sample
#: on the dev repositories anything from 0.003 to 0.03 gives the same to .002; more flattens the weights.
PENALTY = 0.01
#: Steps of L-BFGS; a convex loss of some twenty weights is at its end long before.
_STEPS = 200
#: Digits of a weight that are kept: finer ones differ between processors.
DIGITS = 3

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights by the name of their rule, in the units of the evidence, the first of them 1 where it says something."""

    weights: Mapping[str, float]
    #: The same of evidence in standard deviations: how much each one decides.
    standardised: Mapping[str, float]


def fit(asked: Sequence[Asked], rules: Sequence[str], *, penalty: float = PENALTY) -> Fit:
    """Fit weights that put right answers first.

    The loss of a question is the negative log-likelihood of any of its answers under the softmax of the scores of its
    candidates (ListNet, Cao et al. 2007, with one relevant class). Workspaces count alike within their group, and
    groups alike: a repository with many questions must not decide for the others.

    Args:
        asked: Evidence of each question; those whose answer is not a candidate teach nothing and are left out.
        rules: Names of the columns of the evidence.
        penalty: See ``PENALTY``.

    Returns:
        The weights, rounded to ``DIGITS``.
    """
    useful = [question for question in asked if question.right.any()]
    scale = np.concatenate([question.evidence for question in useful]).astype(np.float64).std(axis=0)
    scale[scale == 0] = 1.0
    size = max(len(question.right) for question in useful)
    features = torch.zeros(len(useful), size, len(rules), dtype=torch.float64)
    right = torch.zeros(len(useful), size, dtype=torch.bool)
    present = torch.zeros(len(useful), size, dtype=torch.bool)
    for row, question in enumerate(useful):
        count = len(question.right)
        features[row, :count] = torch.from_numpy(question.evidence.astype(np.float64) / scale)
        right[row, :count] = torch.from_numpy(question.right)
        present[row, :count] = True
    shares = torch.from_numpy(_shares(useful))
    weights = torch.zeros(len(rules), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = features @ weights
        every = scores.masked_fill(~present, -torch.inf).logsumexp(1)
        answers = scores.masked_fill(~right, -torch.inf).logsumexp(1)
        value: torch.Tensor = (shares * (every - answers)).sum() + penalty * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = weights.detach().numpy()
    return Fit(
        {name: round(float(weight), DIGITS) for name, weight in zip(rules, found / scale, strict=True)},
        {name: round(float(weight), DIGITS) for name, weight in zip(rules, found, strict=True)},
    )


def _shares(asked: Sequence[Asked]) -> Array:
    """``[questions]`` share of each question in the loss: groups alike, workspaces alike within a group."""
    in_set = Counter((question.group, question.set_name) for question in asked)
    sets = Counter(group for group, _ in in_set)
    return np.array(
        [1 / (len(sets) * sets[question.group] * in_set[question.group, question.set_name]) for question in asked]
    )


def reciprocal_rank(question: Asked, scores: Array, depth: int = 10) -> float:
    """1 over the rank of the first right answer, 0 beyond ``depth``; copies of a definition are one hit."""
    rank = 0
    seen: dict[int, None] = {}
    right = set(question.copies[question.right].tolist())
    for at in np.argsort(-scores, kind="stable"):
        copy = int(question.copies[at])
        if copy in seen:
            continue
        seen[copy] = None
        rank += 1
        if rank > depth:
            break
        if copy in right:
            return 1.0 / rank
    return 0.0


def file_ndcg(question: Asked, scores: Array, depth: int = 10) -> float:
    """NDCG of the files that a person opens going down the list; a file that holds an answer has a gain of 1.

    Järvelin and Kekäläinen (2002), with binary gains: what is reported by benchmarks that judge files.
    """
    order = np.argsort(-scores, kind="stable")
    files = question.files
    _, first = np.unique(files.numbers[order], return_index=True)
    opened = order[np.sort(first)][:depth]
    discounts = 1.0 / np.log2(np.arange(depth) + 2.0)
    best = discounts[: min(files.answers, depth)].sum()
    return float(discounts[: len(opened)][files.right[opened]].sum() / best)


def scores_of(question: Asked, rules: Sequence[str], weights: Mapping[str, float]) -> Array:
    """``[candidates]`` scores by some weights; rules that they do not name count nothing."""
    vector = np.array([weights.get(name, 0.0) for name in rules])
    scores: Array = question.evidence.astype(np.float64) @ vector
    return scores
