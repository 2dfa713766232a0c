"""Rankings of the same candidates side by side: what words, vectors, the weights in force and fitted ones are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import compress

import numpy as np

from cascode_indexer.query import QueryKind
from cascode_indexer.rank.types import Table, Weights
from cascode_indexer.rank.weights import FAST, LATE
from cascode_indexer.search.stages import in_the_spread_of
from cascode_models.inference import fused_score

from .fit import Array, file_ndcg, fit, reciprocal_rank, scores_of
from .types import WRITTEN, Asked

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
#: A question, as a ranking saw its candidates, and the scores of those.
Scored = tuple[Asked, Array]


def functions_of(asked: Sequence[Asked], rules: Sequence[str]) -> list[Asked]:
    """What the fast stage sees: nothing that the slow classifier read, and no types for mined questions.

    What commits change was mined as functions: a type among the candidates would only be seen to be wrong.
    """
    types = list(rules).index("types")
    kept = []
    for question in map(partial(_without_late, rules), asked):
        if question.group == WRITTEN:
            kept.append(question)
            continue
        functions = question.evidence[:, types] == 0
        arrays = {name: getattr(question, name)[functions] for name in ("evidence", "right", "copies")}
        files = replace(
            question.files,
            numbers=question.files.numbers[functions],
            right=question.files.right[functions],
            places=tuple(compress(question.files.places, functions)),
        )
        kept.append(replace(question, **arrays, files=files))
    return kept


def _without_late(rules: Sequence[str], question: Asked) -> Asked:
    """A question as it is before the slow classifier reads anything: a fit would weigh what it read."""
    seen = np.array([name != "late" for name in rules])
    return replace(question, evidence=question.evidence * seen, logits=None, mean_late=None)


def table(asked: Sequence[Asked], rules: Sequence[str], progress: Callable[[str], None] = lambda _line: None) -> str:
    """Compare rankings on every group of sets: MRR@10, the sets of a group alike.

    Args:
        asked: What was found for each question.
        rules: Names of the columns of the evidence.
        progress: Given one line a fold of the fit.

    Returns:
        A Markdown table. Where there are questions written by hand it has the NDCG@10 of their files as well. Its last
        column is the gain of each ranking over the hand-set one on the first group, with the 95 % interval of a
        bootstrap over repositories.
    """
    asked = [question for question in asked if question.kind in KINDS or question.group == WRITTEN]
    functions = functions_of(asked, rules)

    def score_by(some: Sequence[Asked], weights: Callable[[Asked], Mapping[str, float]]) -> list[Scored]:
        return [(question, scores_of(question, rules, weights(question))) for question in some]

    in_force = partial(_weights_of, FAST)
    rankings = {
        "words alone (BM25)": score_by(functions, lambda _: {"words": 1.0}),
        "vectors alone": score_by(functions, lambda _: {"similarity": 1.0}),
        "weights set by hand, before": score_by(functions, partial(_weights_of, {**FAST, **BEFORE})),
        "weights in force": score_by(functions, in_force),
        "the same, types among the candidates": score_by(asked, in_force),
        "fitted to the other workspaces": score_left_out(functions, rules, FAST, progress),
    }
    if all(question.is_read for question in asked):
        rankings["the cascade, types among the candidates"] = [
            (question, cascade_scores(question, rules)) for question in asked
        ]
    if all(question.mean_late is not None for question in asked):
        rankings["the cascade, fitted to the other workspaces"] = score_left_out(asked, rules, LATE, progress)
    groups = list(dict.fromkeys(question.group for question in asked))
    sorts = [sort for sort in dict.fromkeys(question.sort for question in asked) if sort]
    files = ["files, NDCG@10"] if WRITTEN in groups else []
    lines = [
        f"| ranking | {' | '.join([*groups, *files, *sorts])} | over before |",
        f"|---{'|---' * (len(groups + files + sorts) + 1)}|",
    ]
    before = [reciprocal_rank(*scored) for scored in rankings["weights set by hand, before"]]
    for name, scored in rankings.items():
        ranks = [reciprocal_rank(question, scores) for question, scores in scored]
        cells = [float(np.mean(_means(asked, ranks, group))) for group in groups]
        if files:
            cells.append(float(np.mean(_means(asked, [file_ndcg(*pair) for pair in scored], WRITTEN))))
        cells += [
            float(np.mean([rank for question, rank in zip(asked, ranks, strict=True) if question.sort == sort]))
            for sort in sorts
        ]
        both = zip(_means(asked, ranks, groups[0]), _means(asked, before, groups[0]), strict=True)
        gains = [mean - other for mean, other in both]
        lines.append(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {interval(gains)} |")
    return "\n".join(lines)


def _weights_of(weights: Table, question: Asked) -> Mapping[str, float]:
    """The weights of a question's kind."""
    return weights[question.kind]


def cascade_scores(question: Asked, rules: Sequence[str]) -> Array:
    """``[candidates]`` scores once the slow classifier has read the best, as in a search.

    Args:
        question: With its logits.
        rules: Names of the columns of the evidence.
    """
    if question.mean_late is not None:
        return scores_of(question, rules, _weights_of(LATE, question))
    assert question.logits is not None
    weights = _weights_of(FAST, question)
    scores = scores_of(question, rules, weights)
    (read,) = np.nonzero(~np.isnan(question.logits))
    if not len(read):
        return scores
    column = list(rules).index("similarity")
    similarities = question.evidence[read, column]
    # Weight 1 of the released models; where theirs is 0 the row says what reading would do.
    fused = fused_score(similarities, question.logits[read], 1.0)
    instead = in_the_spread_of(similarities, fused) - similarities
    scores[read] += weights["similarity"] * instead
    return scores


def score_left_out(
    asked: Sequence[Asked], rules: Sequence[str], in_force: Table, progress: Callable[[str], None]
) -> list[Scored]:
    """Scores of each question, with weights of its kind of query that were fitted without its workspace.

    A group of one workspace is dealt out by its questions: there is no other to fit on. Kinds of queries without
    questions to fit to keep the weights in force.
    """
    sets = sorted({question.set_name for question in asked})
    counted = Counter(group for group, _ in {(question.group, question.set_name) for question in asked})
    part = [
        (at if counted[question.group] == 1 else sets.index(question.set_name)) % _FOLDS
        for at, question in enumerate(asked)
    ]
    found = [scores_of(question, rules, _weights_of(in_force, question)) for question in asked]
    for fold in range(_FOLDS):
        for kind in KINDS:
            dealt = [(at, question, part[at]) for at, question in enumerate(asked) if question.kind is kind]
            training = [question for _, question, other in dealt if other != fold and question.right.any()]
            if not training:
                continue
            weights = fit(training, rules).weights
            for at, question, other in dealt:
                if other == fold:
                    found[at] = scores_of(question, rules, weights)
        progress(f"fold {fold + 1} of {_FOLDS} ranked with weights of the others")
    return list(zip(asked, found, strict=True))


def _means(asked: Sequence[Asked], ranks: Sequence[float], group: str) -> list[float]:
    """Mean of each set of a group: a repository with many questions counts as one with few."""
    sets: dict[str, list[float]] = {}
    for question, rank in zip(asked, ranks, strict=True):
        if question.group == group:
            sets.setdefault(question.set_name, []).append(rank)
    return [float(np.mean(some)) for some in sets.values()]


def interval(gains: Sequence[float]) -> str:
    """Return a mean over workspaces with its 95 % bootstrap interval."""
    generator = np.random.default_rng(0)
    means = [generator.choice(gains, len(gains)).mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{np.mean(gains):+.3f} [{low:+.3f}, {high:+.3f}]"
