"""A stage of a run: its step reads from top to bottom here."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import torch

from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random

from .config import StageConfig
from .context import RunContext
from .hard_negatives import STRATEGIES, InBatch, NegativeStrategy
from .mixture import Mixture
from .objectives import make_objectives
from .optimizer import MasterOptimizer, schedule
from .precision import CHUNKS
from .sources import Draws, Example, make_sources
from .step_scores import StepScores
from .teacher import Teacher


class StageRun:
    """Takes the steps of one stage, each a function of the seed, the step and the weights alone.

    Args:
        run: The run.
        stage: The stage.
        weights: Weights that it begins with by name, unrounded.
        teachers: Models whose scores are learnt.
    """

    def __init__(
        self, run: RunContext, stage: StageConfig, weights: Mapping[str, torch.Tensor], teachers: Sequence[Teacher]
    ) -> None:
        self._run = run
        self._stage = stage
        self._teachers = teachers
        self._seed = f"{run.config.seed}/{stage.name}"
        self._objectives = make_objectives(stage.objectives)
        self._pairs, self._groups = _strategies(run, stage, self._seed)
        rates = {
            "encoder": stage.learning_rate,
            "head": stage.head_learning_rate,
            "gates": stage.gate_learning_rate,
        }
        # An encoder that does not learn computes no gradients, in a third of the time.
        self._trains_encoder = stage.learning_rate > 0
        for parameter in run.network.backbone.parameters():
            parameter.requires_grad_(self._trains_encoder)
        self.optimizer = MasterOptimizer(run.network, weights, rates, run.config.weight_decay, run.config.clip)

    def step(self, step: int) -> dict[str, float]:
        """Take a step.

        Args:
            step: Steps taken before.

        Returns:
            The mean losses by name, before the step.

        Raises:
            ModelError: The gradient is no number: the weights would be none either from then on.
        """
        stage = self._stage
        rng = seeded_random(f"{self._seed}/{step}")
        groups = _draw(self._groups, step, rng)
        examples = _draw(self._pairs, step, rng)
        scores = StepScores(
            self._run,
            examples,
            groups,
            teachers=self._teachers,
            chunk=stage.chunk or CHUNKS[self._run.network.dtype],
            cache_gradients=stage.cache_gradients and self._trains_encoder,
        )
        losses = {objective.name: objective.loss(scores) for objective in self._objectives}
        scores.backward(sum((term.weight * losses[term.name] for term in self._objectives), torch.zeros(())))
        factor = schedule(step, stage.steps, stage.warmup, stage.final_rate)
        try:
            norm = self.optimizer.step(factor)
        except FloatingPointError as error:
            rate = max(stage.learning_rate, stage.head_learning_rate, stage.gate_learning_rate)
            raise ModelError(
                f"{stage.name} came to nothing in step {step + 1} of {stage.steps}, at a learning rate of "
                f"{factor * rate:.3g} ({error}): set lower rates, such as {stage.name}.learning_rate"
            ) from error
        means = {name: float(loss.detach()) for name, loss in losses.items()} | {"gradient_norm": norm}
        if groups:
            # Share of the groups whose right definition scores highest.
            means["first"] = float((scores.groups.argmax(1) == 0).float().mean())
        return means


def _strategies(
    run: RunContext, stage: StageConfig, seed: str
) -> tuple[NegativeStrategy | None, NegativeStrategy | None]:
    """What pairs and groups of a stage are drawn by; None where it has none."""
    config = run.config
    sources = make_sources(config.sources, run.corpora, Draws(seed, stage.neighbours, config.renamed_share))
    filled = {name: source for name, source in sources.items() if len(source)}
    in_batch = InBatch(Mixture(filled, config.sources, stage.batch_pairs, seed, mixed=config.mixed))
    if stage.strategy == "in_batch":
        return in_batch, None
    count = stage.groups or stage.batch_pairs
    from_pools = STRATEGIES[stage.strategy](run, stage, count, seed)
    return (in_batch if stage.batch_pairs else None, from_pools) if stage.groups else (from_pools, None)


def _draw(strategy: NegativeStrategy | None, step: int, rng: random.Random) -> list[Example]:
    """The examples of a step by a strategy."""
    return strategy.examples(step, rng) if strategy else []
