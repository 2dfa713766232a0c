"""One step of each stage: texts drawn, tokenized, and their loss taken back through the network."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .config import ContrastiveStage, JointStage
from .data import TrainingPair, can_be_renamed, varied_texts
from .mined import MinedPools
from .negatives import MinedPool, draw_group
from .objective import Interaction, classifier_loss, contrastive_step_loss, same_answers
from .sampling import SEARCHES, Sampler, draw_pool

if TYPE_CHECKING:
    from .run import Trainer

#: Means of one step by name.
Losses = dict[str, float]


class StageSteps:
    """Takes the steps of one stage, each a function of the seed, the step and the weights alone.

    Args:
        trainer: The run.
        name: Name of the stage.
        stage: Its settings.
        seed: Seed of the run and the stage.
    """

    def __init__(self, trainer: Trainer, name: str, stage: ContrastiveStage | JointStage, seed: str) -> None:
        self._trainer = trainer
        self._stage = stage
        needs_pools = isinstance(stage, JointStage) or stage.hard_negatives > 0
        self._pools = MinedPools(trainer, name, stage, seed) if needs_pools else None
        self._interaction: Interaction | None = None
        if isinstance(stage, ContrastiveStage) and stage.interaction_weight:
            self._interaction = Interaction(
                stage.interaction_weight, stage.interaction_temperature, share=stage.teacher_share
            )
        self._sampler = Sampler(
            trainer.grouped,
            stage.steps,
            stage.batch_pairs,
            trainer.config.search_share,
            seed,
            stage.neighbours,
        )

    def take(self, step: int, rng: random.Random) -> Losses:
        """Add the gradients of a step."""
        if isinstance(self._stage, JointStage):
            losses = self._classify(self._stage, step, rng)
            if self._stage.contrastive_weight:
                losses |= self._contrast(self._sampler.pairs(step), [], rng, weight=self._stage.contrastive_weight)
            return losses
        pairs, further = self._drawn(self._stage, step, rng)
        return self._contrast(
            pairs,
            further,
            rng,
            interaction=self._interaction,
            cache_gradients=self._stage.cache_gradients,
        )

    def _drawn(
        self, stage: ContrastiveStage, step: int, rng: random.Random
    ) -> tuple[list[TrainingPair], list[TrainingPair]]:
        """Pairs of a step, and further functions that the encoder takes for theirs."""
        if self._pools is None:
            return self._sampler.pairs(step), []
        pool = self._pool(step, rng)
        rows = pool.rows(stage.batch_pairs, 0.0, rng)
        hard = [draw_group(pool, row, stage.hard_negatives, 0, rng)[1:] for row in rows]
        return [pool.pairs[row] for row in rows], [pool.pairs[other] for drawn in hard for other in drawn]

    def _pool(self, step: int, rng: random.Random) -> MinedPool:
        """The pool that a step draws from."""
        assert self._pools is not None
        found = self._pools.of_step(step)
        sizes = {name: len(pool.pairs) for name, pool in found.items()}
        return found[draw_pool(sizes, self._trainer.config.search_share if SEARCHES in found else 0.0, rng)]

    def _renamed(self, pairs: Sequence[TrainingPair], rng: random.Random) -> bool:
        """Whether the functions of a step lose their names: all of them, or names would tell right from wrong."""
        share = self._trainer.config.renamed_share
        # No number is drawn where nothing is renamed: presets without it see what they always saw.
        return share > 0 and can_be_renamed(pairs[0]) and rng.random() < share

    def _contrast(
        self,
        pairs: list[TrainingPair],
        further: list[TrainingPair],
        rng: random.Random,
        *,
        weight: float = 1.0,
        interaction: Interaction | None = None,
        cache_gradients: bool = False,
    ) -> Losses:
        """Add the gradients of InfoNCE on pairs and further negatives (section 3.1)."""
        trainer, stage = self._trainer, self._stage
        renamed = self._renamed(pairs, rng)
        texts = [varied_texts(pair, rng, renamed=renamed) for pair in [*pairs, *further]]
        queries, functions = [query for query, _ in texts[: len(pairs)]], [text for _, text in texts]
        if interaction and trainer.teachers:
            said = [teacher.scores(queries, functions, stage.chunk) for teacher in trainer.teachers]
            interaction = interaction._replace(taught=torch.stack(said).mean(0))
        return contrastive_step_loss(
            trainer.network,
            trainer.tokenizer.ids(queries, trainer.config.max_query_tokens),
            trainer.tokenizer.ids(functions, trainer.config.max_text_tokens),
            # The queries as they were mined: two may be shortened to different words and still ask the same.
            same_answers([pair.query for pair in pairs], functions, [pair.query for pair in [*pairs, *further]]),
            pad_id=trainer.tokenizer.pad_id,
            temperature=stage.temperature,
            chunk=stage.chunk,
            weight=weight,
            interaction=interaction,
            cache_gradients=cache_gradients,
        )

    def _classify(self, stage: JointStage, step: int, rng: random.Random) -> Losses:
        """Add the gradients of the classifier on groups of one right and several wrong functions (section 3.2)."""
        config, tokenizer = self._trainer.config, self._trainer.tokenizer
        pool = self._pool(step, rng)
        queries, groups = [], []
        renamed = self._renamed(pool.pairs, rng)
        for row in pool.rows(stage.groups, stage.hard_share, rng):
            drawn = draw_group(pool, row, stage.negatives, stage.random_negatives, rng)
            queries.append(varied_texts(pool.pairs[row], rng)[0])
            functions = [varied_texts(pool.pairs[other], rng, renamed=renamed)[1] for other in drawn]
            groups.append(tokenizer.ids(functions, config.max_text_tokens))
        loss, accuracy = classifier_loss(
            self._trainer.network,
            tokenizer.ids(queries, config.max_query_tokens),
            groups,
            pad_id=tokenizer.pad_id,
            binary_weight=stage.binary_weight,
            chunk=stage.chunk,
        )
        loss.backward()  # type: ignore[no-untyped-call]
        return {"classifier": float(loss.detach()), "first": accuracy}
