"""What the scores that order a search say of its hits, by the kind of query.

A model's own calibration is of its fused score. A search weighs names, places and sizes beside that, each kind of query
by weights of its own, so each kind is calibrated by itself, on the questions that the weights were tuned on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascode_indexer.query import WORD, QueryKind
from cascode_indexer.rank.weights import FAST, LATE
from cascode_indexer.search.confidence import ordering_scores
from cascode_indexer.search.stages import in_the_spread_of
from cascode_indexer.search.types import LIKELY
from cascode_lab.evaluation.calibration import BestHits, expected_calibration_error, fit_probability
from cascode_models.export import export_model
from cascode_models.inference import fused_score
from cascode_models.late import COSINE_SCALE
from cascode_models.probability import CONTENDERS, Probability
from cascode_models.settings import ModelSettings
from cascode_models.token_states import read_codec
from cascode_models.torch_load import read_folder
from cascode_models.types import FloatArray

from .fit import scores_of
from .names import MISSPELT
from .types import Asked

#: Fewer questions of a kind say nothing about a probability; the kind keeps the model's own calibration.
FEWEST = 100
#: Kinds that hardly anybody asks here, beside those whose questions they are calibrated on, by weights of their own. A
#: path that is there counts what a name does that is there.
_ASKED_BY = {
    QueryKind.REPORT.value: QueryKind.SENTENCE_WITH_NAME.value,
    QueryKind.PATH.value: QueryKind.IDENTIFIER.value,
}
#: A group of fewer questions counts as many as it has: one question must not stand for hundreds.
_A_GROUP = 20
#: Right first hits that may stand under "nothing matches well".
_LOST_SHARE = 0.05
#: Halves of the workspaces: each is judged by the calibration of the other.
_HALVES = 2
_DIGITS = 4
#: Draws behind a calibration error by chance: its mean is known to .002.
_DRAWS = 200
#: What stands where a list has fewer candidates: far below any score, and a number.
_NONE = -1e6


@dataclass(frozen=True, slots=True)
class KindCalibration:
    """The calibration of one kind of query, and how far it can be believed."""

    #: Temperature, bias, share temperature, threshold; see ``CasCodeConfig.calibration_by_kind``.
    values: tuple[float, float, float, float]
    questions: int
    #: Group of sets to the expected calibration error of the first hits, by the calibration of other workspaces.
    errors: Mapping[str, float]
    #: Group of sets to the share of first hits that answer.
    right: Mapping[str, float]
    #: Share of the questions called without a good match: with their answers, and with those taken out.
    flagged: float
    flagged_without_answer: float


def calibrate(asked: Sequence[Asked], rules: Sequence[str]) -> dict[str, KindCalibration]:
    """Fit a calibration to each kind of query that enough questions were asked of.

    The groups of sets count alike, whatever their numbers, but for those of hardly any questions. Misspelt names are
    left out, here and where a calibration is judged: no definition has their letters, so that nothing matches well is
    true of them, and what they mean is the first of the closest.

    Args:
        asked: Questions with the logits of the slow classifier.
        rules: Names of the columns of the evidence.

    Returns:
        By the name of the kind.
    """
    found = {}
    weighed_as = {kind.value: kind for kind in QueryKind} | {WORD: QueryKind.IDENTIFIER}
    for name, kind in weighed_as.items():
        alike = {name, _ASKED_BY.get(name, name)}
        questions = [
            question
            for question in asked
            if question.judged_as in alike and question.sort != MISSPELT and _read(question) > 1
        ]
        if len(questions) >= FEWEST:
            found[name] = _calibrate_kind(questions, kind, rules)
    return found


def _calibrate_kind(questions: Sequence[Asked], kind: QueryKind, rules: Sequence[str]) -> KindCalibration:
    """Fit questions as they are weighed as a kind; judge that on workspaces that were left out."""
    hits = BestHits.join([_best_hits(question, kind, rules) for question in questions])
    sets = {name: number for number, name in enumerate(sorted({question.set_name for question in questions}))}
    half = np.array([sets[question.set_name] % _HALVES for question in questions])
    if len(sets) == 1:
        half = np.arange(len(questions)) % _HALVES
    groups = np.array([question.group for question in questions])
    judged = np.zeros(len(questions), dtype=np.float32)
    for number in range(_HALVES):
        (others,) = np.nonzero(half != number)
        (own,) = np.nonzero(half == number)
        judged[own] = _fit(hits, groups, others).of(hits.rows(own).fused)[:, 0]
    probability = _fit(hits, groups, np.arange(len(questions)))
    answered, right = probability.has_answer(hits.first), hits.first_right
    threshold = float(np.quantile(answered[right], _LOST_SHARE)) if right.any() else 1.0
    names = list(dict.fromkeys(groups.tolist()))
    return KindCalibration(
        values=(
            round(probability.temperature, _DIGITS),
            round(probability.bias, _DIGITS),
            round(probability.share_temperature, _DIGITS),
            round(threshold, _DIGITS),
        ),
        questions=len(questions),
        errors={name: expected_calibration_error(judged[groups == name], right[groups == name]) for name in names},
        right={name: float(right[groups == name].mean()) for name in names},
        flagged=_share(answered < threshold),
        flagged_without_answer=_share(probability.has_answer(hits.without_answer().first) < threshold),
    )


def _share(flags: np.ndarray) -> float:
    """The share of flags that are set; 0 where no list is left."""
    return float(flags.mean()) if flags.size else 0.0


def _fit(hits: BestHits, groups: np.ndarray, rows: np.ndarray) -> Probability:
    """Fit to some rows; those of smaller groups are repeated until every group counts about alike."""
    counted = Counter(groups[rows].tolist())
    most = max(counted.values())
    repeated = np.concatenate(
        [
            np.repeat(rows[groups[rows] == name], round(most / count) if count >= _A_GROUP else 1)
            for name, count in sorted(counted.items())
        ]
    )
    return fit_probability(hits.rows(repeated))


def _read(question: Asked) -> int:
    """How many candidates the classifier has read."""
    if question.mean_late is not None:
        return len(question.right)
    return 0 if question.logits is None else int((~np.isnan(question.logits)).sum())


def _best_hits(question: Asked, kind: QueryKind, rules: Sequence[str]) -> BestHits:
    """What the classifier has read of a question, by the score that orders it where it is weighed as a kind."""
    read, ordering = _ordering_scores(question, kind, rules)
    lists = np.full((1, max(len(read), CONTENDERS + 1)), _NONE, dtype=np.float32)
    right = np.zeros(lists.shape, dtype=np.bool_)
    lists[0, : len(read)], right[0, : len(read)] = ordering, question.right[read]
    return BestHits.of(lists, right)


def _ordering_scores(question: Asked, kind: QueryKind, rules: Sequence[str]) -> tuple[np.ndarray, FloatArray]:
    """Places of the candidates that were read, and the scores that order them, in units of the fused score."""
    columns = list(rules)
    if question.mean_late is not None:
        weights = LATE[kind]
        found, late = (question.evidence[:, columns.index(name)] for name in ("similarity", "late"))
        parts: FloatArray = weights["similarity"] * found + weights["late"] * late
        whole: FloatArray = (COSINE_SCALE * (parts + weights["late"] * question.mean_late)).astype(np.float32)
        scores = scores_of(question, rules, weights).astype(np.float32)
        return np.arange(len(scores)), ordering_scores(whole, parts, scores)
    assert question.logits is not None
    weights = FAST[kind]
    (read,) = np.nonzero(~np.isnan(question.logits))
    similarities = question.evidence[read, columns.index("similarity")]
    # Weight 1 of the released models.
    fused = fused_score(similarities, question.logits[read], 1.0)
    instead = in_the_spread_of(similarities, fused)
    scores = scores_of(question, rules, weights)[read] + weights["similarity"] * (instead - similarities)
    return read, ordering_scores(fused, instead, scores.astype(np.float32))


def write(found: Mapping[str, KindCalibration], model: Path, output: Path) -> None:
    """Write a model folder with the calibrations; other kinds keep what the model says."""
    network, _, tokenizer = read_folder(model)
    network.config.calibration_by_kind = {kind: list(item.values) for kind, item in found.items()}
    export_model(network, tokenizer, output)
    if (codec := read_codec(model, network.dimension)) is not None:
        codec.save(output)


def judge(asked: Sequence[Asked], rules: Sequence[str], settings: ModelSettings) -> str:
    """Compare what a model says of the first hits with the truth, by kind of query and group of sets.

    Args:
        asked: Questions with the logits of the slow classifier.
        rules: Names of the columns of the evidence.
        settings: Of the model.

    Returns:
        A Markdown table. Beside the calibration error stands the one that probabilities which are exactly right would
        have by chance on as many questions.
    """
    lines = [
        "| kind of query, set | questions | said, true | calibration error (by chance) "
        "| called likely, right of these | no good match, answer there / taken out |",
        "|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[Asked]] = {}
    for question in asked:
        if question.sort != MISSPELT and _read(question) > 1:
            groups.setdefault((question.judged_as, question.group), []).append(question)
    for (kind, group), questions in groups.items():
        calibration = settings.calibration(kind)
        hits = BestHits.join([_best_hits(question, question.kind, rules) for question in questions])
        said, right = calibration.probability.of(hits.fused)[:, 0], hits.first_right
        error, chance = expected_calibration_error(said, right), _error_by_chance(said)
        flagged, flagged_without = (
            calibration.probability.has_answer(some.first) < calibration.no_match_threshold
            for some in (hits, hits.without_answer())
        )
        likely = (said >= LIKELY) & ~flagged
        cells = [
            f"{kind}, {group}",
            str(len(questions)),
            f"{said.mean():.2f}, {right.mean():.2f}",
            f"{error:.3f} ({chance:.3f})",
            f"{likely.mean():.0%}, {_share(right[likely]):.0%}",
            f"{flagged.mean():.0%} / {_share(flagged_without):.0%}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _error_by_chance(probabilities: FloatArray) -> float:
    """Mean calibration error of outcomes drawn with these very probabilities."""
    generator = np.random.default_rng(0)
    draws = generator.random((_DRAWS, len(probabilities))) < probabilities
    return float(np.mean([expected_calibration_error(probabilities, drawn) for drawn in draws]))


def report(found: Mapping[str, KindCalibration]) -> str:
    """Return a Markdown table of what was fitted."""
    lines = [
        "| kind of query | questions | first hit right | calibration error | no good match, answer there / taken out |",
        "|---|---|---|---|---|",
    ]
    for kind, item in found.items():
        right = ", ".join(f"{group} {share:.2f}" for group, share in item.right.items())
        errors = ", ".join(f"{group} {error:.3f}" for group, error in item.errors.items())
        flagged = f"{item.flagged:.0%} / {item.flagged_without_answer:.0%}"
        lines.append(f"| {kind} | {item.questions} | {right} | {errors} | {flagged} |")
    return "\n".join(lines)
