"""Rankings of the same candidates side by side: what words, vectors, the weights in force and fitted ones are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cascode_indexer.query import QueryKind
from cascode_indexer.rank.types import Table, Weights
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.stages import in_the_spread_of
from cascode_models.inference import fused_score

from .fit import fit, reciprocal_rank, scores_of
from .types import Asked

#: Kinds of queries that there are questions of.
KINDS = (QueryKind.SENTENCE, QueryKind.DESCRIPTION, QueryKind.GENERAL, QueryKind.SENTENCE_WITH_NAME)
#: Weights of sentences before there were questions about repositories: tuned by hand on web queries and documentation.
_BEFORE: Weights = {"similarity": 1.0, "words": 0.03, "tests": -0.08, "aside": -0.048}
BEFORE: Table = {
    QueryKind.SENTENCE: _BEFORE,
    QueryKind.DESCRIPTION: _BEFORE,
    QueryKind.GENERAL: _BEFORE,
    QueryKind.SENTENCE_WITH_NAME: {
        "similarity": 1.0,
        "words": 0.1,
        "definition": 0.3,
        "name": 0.05,
        "file": 0.02,
        "tests": -0.08,
        "aside": -0.048,
    },
}
#: Parts that the workspaces are dealt into: each is ranked with weights of the others.
_FOLDS = 5
#: Resamples of the workspaces behind a 95 % interval.
_RESAMPLES = 2_000


def functions_of(asked: Sequence[Asked], rules: Sequence[str]) -> list[Asked]:
    """Leave types out of the candidates.

    What commits change was mined as functions: a type among the candidates would only be seen to be wrong.
    """
    types = list(rules).index("types")
    kept = []
    for question in asked:
        functions = question.evidence[:, types] == 0
        arrays = {name: getattr(question, name)[functions] for name in ("evidence", "right", "copies")}
        kept.append(replace(question, **arrays, logits=None))
    return kept


def table(asked: Sequence[Asked], rules: Sequence[str], progress: Callable[[str], None] = lambda _line: None) -> str:
    """Compare rankings on every group of sets: MRR@10, the sets of a group alike.

    Args:
        asked: What was found for each question.
        rules: Names of the columns of the evidence.
        progress: Given one line a fold of the fit.

    Returns:
        A Markdown table. Its last column is the gain of each ranking over the hand-set one on ``history``, with the
        95 % interval of a bootstrap over repositories.
    """
    sentences = [question for question in asked if QueryKind(question.kind) in KINDS]
    functions = functions_of(sentences, rules)

    def rank_by(some: Sequence[Asked], weights: Callable[[Asked], Mapping[str, float]]) -> list[float]:
        return [reciprocal_rank(question, scores_of(question, rules, weights(question))) for question in some]

    before = rank_by(functions, lambda question: BEFORE[QueryKind(question.kind)])
    rankings = {
        "words alone (BM25)": rank_by(functions, lambda _: {"words": 1.0}),
        "vectors alone": rank_by(functions, lambda _: {"similarity": 1.0}),
        "weights set by hand, before": before,
        "weights in force": rank_by(functions, lambda question: FAST[QueryKind(question.kind)]),
        "the same, types among the candidates": rank_by(sentences, lambda question: FAST[QueryKind(question.kind)]),
        "fitted to the other workspaces": rank_left_out(functions, rules, progress),
    }
    if all(question.logits is not None for question in sentences):
        rankings["the cascade, types among the candidates"] = [cascade_rank(question, rules) for question in sentences]
    groups = list(dict.fromkeys(question.group for question in sentences))
    sorts = [sort for sort in dict.fromkeys(question.sort for question in sentences) if sort]
    lines = [
        f"| ranking | {' | '.join([*groups, *sorts])} | over before |",
        f"|---{'|---' * (len(groups + sorts) + 1)}|",
    ]
    for name, ranks in rankings.items():
        cells = [float(np.mean(_means(sentences, ranks, group))) for group in groups]
        cells += [
            float(np.mean([rank for question, rank in zip(sentences, ranks, strict=True) if question.sort == sort]))
            for sort in sorts
        ]
        both = zip(_means(sentences, ranks, groups[0]), _means(sentences, before, groups[0]), strict=True)
        gains = [mean - other for mean, other in both]
        lines.append(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {_interval(gains)} |")
    return "\n".join(lines)


def cascade_rank(question: Asked, rules: Sequence[str]) -> float:
    """Reciprocal rank of the first right answer once the slow classifier has read the best, as in a search.

    Args:
        question: With its logits.
        rules: Names of the columns of the evidence.
    """
    assert question.logits is not None
    weights = FAST[QueryKind(question.kind)]
    scores = scores_of(question, rules, weights)
    (read,) = np.nonzero(~np.isnan(question.logits))
    if not len(read):
        return reciprocal_rank(question, scores)
    column = list(rules).index("similarity")
    similarities = question.evidence[read, column]
    # Weight 1 of the released models; where theirs is 0 the row says what reading would do.
    fused = fused_score(similarities, question.logits[read], 1.0)
    instead = in_the_spread_of(similarities, fused) - similarities
    # What was read stands above what was not, whatever the scores: so a stage orders.
    scores[read] += weights["similarity"] * instead + (scores.max() - scores.min()) + 1.0
    return reciprocal_rank(question, scores)


def rank_left_out(asked: Sequence[Asked], rules: Sequence[str], progress: Callable[[str], None]) -> list[float]:
    """Reciprocal ranks, each with weights of its kind of query that were fitted without its workspace.

    A group of one workspace is dealt out by its questions: there is no other to fit on.
    """
    sets = sorted({question.set_name for question in asked})
    counted = Counter(group for group, _ in {(question.group, question.set_name) for question in asked})
    part = [
        (at if counted[question.group] == 1 else sets.index(question.set_name)) % _FOLDS
        for at, question in enumerate(asked)
    ]
    found = [0.0] * len(asked)
    for fold in range(_FOLDS):
        for kind in KINDS:
            dealt = [(at, question, part[at]) for at, question in enumerate(asked) if question.kind == kind.value]
            training = [question for _, question, other in dealt if other != fold and question.right.any()]
            if not training:
                continue
            weights = fit(training, rules).weights
            for at, question, other in dealt:
                if other == fold:
                    found[at] = reciprocal_rank(question, scores_of(question, rules, weights))
        progress(f"fold {fold + 1} of {_FOLDS} ranked with weights of the others")
    return found


def _means(asked: Sequence[Asked], ranks: Sequence[float], group: str) -> list[float]:
    """Mean of each set of a group: a repository with many questions counts as one with few."""
    sets: dict[str, list[float]] = {}
    for question, rank in zip(asked, ranks, strict=True):
        if question.group == group:
            sets.setdefault(question.set_name, []).append(rank)
    return [float(np.mean(some)) for some in sets.values()]


def _interval(gains: Sequence[float]) -> str:
    """A mean over workspaces with its 95 % bootstrap interval."""
    generator = np.random.default_rng(0)
    means = [generator.choice(gains, len(gains)).mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{np.mean(gains):+.3f} [{low:+.3f}, {high:+.3f}]"
