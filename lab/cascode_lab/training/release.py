"""From a trained model to one that can be shipped: fusion weight and probabilities set on dev data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascode_lab.corpus.types import LANGUAGES
from cascode_lab.evaluation.calibration import BestHits, expected_calibration_error, fit_probability
from cascode_lab.evaluation.cascade import StageScores, fast_scores, stage_scores
from cascode_lab.evaluation.cosqa import cosqa_set
from cascode_lab.evaluation.metrics import mean_reciprocal_rank, ranks_of, stratified_bootstrap
from cascode_lab.evaluation.pairs import count_queries, held_out_set
from cascode_lab.evaluation.sets import RetrievalSet
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.inference import CasCodeModel
from cascode_models.load import load_model
from cascode_models.settings import ModelSettings
from cascode_models.torch_load import read_folder

#: K of the served cascade.
DEPTH = 10
#: Weight of a classifier that is on. Its logit has the units of the scaled similarity; weights from 0.75 to 2 differ by
#: 0.001 MRR on the dev sets of six languages, and choosing among them costs more than it finds.
WEIGHT = 1.0
#: Dev queries and functions a language, as the test sets have: with 400 queries a gain of 0.004 has an interval as wide
#: as that to both sides.
QUERIES, POOL = 1_000, 4_000
#: Sets with fewer queries than this share of the largest are left out: every set counts the same in the mean.
SMALLEST = 0.2
#: Tokens of a query at serving: longer than in training costs nothing, and no one's sentence is cut.
MAX_QUERY_TOKENS = 64
#: Tokens of a function that a late head reads, twice the encoder's: where names say nothing (AdvTest's dev set) its
#: gain grows from 0.019 to 0.032 MRR, on the six languages by 0.002; 384 tokens add nothing to either.
MAX_CLASSIFIED_TOKENS = 256
#: Share of the right first hits that may fall under "no good match".
LOST_SHARE = 0.05
#: What tuning gave is written here, beside the weights.
REPORT = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """What tuning on dev data gave; MRR by name of the set."""

    fast: dict[str, float]
    classifier: dict[str, float]
    fused: dict[str, float]
    #: Mean gain of the fused ranking over the fast stage, with its 95 % interval.
    gain: tuple[float, float, float]
    #: 0 where the interval of the gain holds 0.
    fusion_weight: float
    temperature: float
    share_temperature: float
    calibration_bias: float
    no_match_threshold: float
    #: Expected calibration error, fitted on one half of the queries and measured on the other.
    calibration_error: float
    #: Share of right first hits below and above the threshold.
    right_below: float
    right_above: float
    queries: int


def release(
    model: Path,
    output: Path,
    *,
    data: Path,
    cosqa: Path | None,
    queries: int = QUERIES,
    pool: int = POOL,
    fast_only: bool = False,
    progress: Callable[[str], None],
) -> Release:
    """Tune a trained model on dev data and write the folder to ship.

    Args:
        model: Folder of the trained model.
        output: Folder to write.
        data: Folder of mined pairs with their dev pools.
        cosqa: Folder of CoSQA; None tunes on the mined pairs alone.
        queries: Dev queries a language.
        pool: Functions a language.
        fast_only: Leave the classifier out, which is nine tenths of the time: the fusion weight is 0.
        progress: Takes a line for each set.

    Returns:
        What was measured and chosen; also written as ``release.json``.

    Raises:
        ModelError: There are no dev data.
    """
    loaded = load_model(str(model))
    # Tuned as it will be served.
    serving = loaded.settings
    serving.max_query_tokens = MAX_QUERY_TOKENS
    if serving.head == "late":
        serving.max_classified_tokens = min(MAX_CLASSIFIED_TOKENS, _places(serving))
    tasks = _dev_sets(data, cosqa, queries, pool)
    scores: dict[str, StageScores] = {}
    for task in tasks:
        scores[task.name] = found = _scores(loaded, task, fast_only=fast_only)
        progress(
            f"{task.name}: fast {mean_reciprocal_rank(found.fast_ranks):.4f}, "
            f"classifier {mean_reciprocal_rank(found.ranks(float('inf'))):.4f}"
        )
    result = choose(scores)
    network, _, tokenizer = read_folder(model)
    config = network.config
    config.max_query_tokens = serving.max_query_tokens
    config.max_classified_tokens = serving.max_classified_tokens
    for name in ("fusion_weight", "temperature", "share_temperature", "calibration_bias", "no_match_threshold"):
        setattr(config, name, getattr(result, name))
    export_model(network, tokenizer, output)
    (output / REPORT).write_text(json.dumps(dataclasses.asdict(result), indent=2) + "\n", encoding="utf-8")
    return result


def _places(settings: ModelSettings) -> int:
    """Tokens that a backbone has places for; RoBERTa-like ones use up two for the padding."""
    return int(settings.backbone.get("max_position_embeddings", MAX_CLASSIFIED_TOKENS + 2)) - 2


def choose(scores: dict[str, StageScores]) -> Release:
    """Choose fusion weight, calibration and threshold by what both stages scored on dev sets, by name."""
    sets = list(scores.values())
    fused = {name: stages.ranks(WEIGHT, DEPTH) for name, stages in scores.items()}
    interval = stratified_bootstrap([1.0 / fused[name] - 1.0 / stages.fast_ranks for name, stages in scores.items()])
    weight = WEIGHT if interval.low > 0 else 0.0
    hits = BestHits.join([BestHits.of(stages.fuse(weight), stages.right) for stages in sets])
    right = hits.first_right
    probability = fit_probability(hits)
    answered = probability.has_answer(hits.first)
    # Without one right hit there is nothing to lose.
    threshold = float(np.quantile(answered[right], LOST_SHARE)) if right.any() else 1.0
    below = answered < threshold
    return Release(
        fast={name: mean_reciprocal_rank(stages.fast_ranks) for name, stages in scores.items()},
        classifier={name: mean_reciprocal_rank(stages.ranks(float("inf"), DEPTH)) for name, stages in scores.items()},
        fused={name: mean_reciprocal_rank(ranks) for name, ranks in fused.items()},
        gain=(interval.mean, interval.low, interval.high),
        fusion_weight=weight,
        temperature=round(probability.temperature, 4),
        share_temperature=round(probability.share_temperature, 4),
        calibration_bias=round(probability.bias, 4),
        no_match_threshold=round(threshold, 3),
        calibration_error=_calibration_error(hits),
        right_below=float(right[below].mean()) if below.any() else 0.0,
        right_above=float(right[~below].mean()) if not below.all() else 0.0,
        queries=len(right),
    )


def _dev_sets(data: Path, cosqa: Path | None, queries: int, pool: int) -> list[RetrievalSet]:
    """The dev sets there are; a damaged one is an error, since the others alone would tune another release."""
    tasks = []
    for language in LANGUAGES:
        if (data / f"pool-{language}-dev.jsonl").is_file() and _has_queries(data, language):
            tasks.append(held_out_set(data, language, "dev", queries=queries, pool=pool))
    if cosqa:
        tasks.append(cosqa_set(cosqa, "dev"))
    if not tasks:
        raise ModelError(f"no dev pairs in {data}: mine it with 'cascode train mine', or name CoSQA")
    most = max(len(task.queries) for task in tasks)
    return [task for task in tasks if len(task.queries) >= SMALLEST * most]


def _has_queries(data: Path, language: str) -> bool:
    """Whether a language has dev pairs.

    Raises:
        ModelError: Its pairs cannot be read.
    """
    try:
        return count_queries(data, language, "dev") > 0
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{data / language}.jsonl holds no mined pairs ({error}): mine them again") from error


def _scores(model: CasCodeModel, task: RetrievalSet, *, fast_only: bool) -> StageScores:
    """Both stages; where the classifier is missing or left out, similarities stand for its logits: no weight gains."""
    if model.has_classifier and not fast_only:
        return stage_scores(model, task, DEPTH)
    scores = fast_scores(model, task)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    similarities = np.take_along_axis(scores, best, axis=1)
    return StageScores(
        fast_ranks=ranks_of(scores, task.answers),
        similarities=similarities,
        logits=similarities,
        right=best == task.answers[:, None],
    )


def _calibration_error(hits: BestHits) -> float:
    """Expected calibration error, fitted on one half of the queries and measured on the other."""
    order = np.random.default_rng(0).permutation(len(hits.right))
    fitted, measured = hits.rows(order[: len(order) // 2]), hits.rows(order[len(order) // 2 :])
    return expected_calibration_error(fit_probability(fitted).of(measured.fused)[:, 0], measured.first_right)
