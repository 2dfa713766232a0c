"""One step of each stage: texts drawn, tokenized, and their loss taken back through the network."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .config import ContrastiveStage, JointStage
from .data import varied_query, varied_texts
from .mined import MinedPools
from .mixture import Mixture, other_answers
from .negatives import MinedPool, draw_group
from .objective import Interaction, classifier_loss, contrastive_step_loss
from .precision import CHUNKS
from .sampling import draw_pool
from .sources import DefinitionText, Draws, Example, make_sources
from .sources.docstrings import example, renames

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
        self._chunk = stage.chunk or CHUNKS[trainer.dtype]
        needs_pools = isinstance(stage, JointStage) or stage.hard_negatives > 0
        self._pools = MinedPools(trainer, name, stage, seed) if needs_pools else None
        self._interaction: Interaction | None = None
        if isinstance(stage, ContrastiveStage) and stage.interaction_weight:
            self._interaction = Interaction(
                stage.interaction_weight, stage.interaction_temperature, share=stage.teacher_share
            )
        config = trainer.config
        sources = make_sources(config.sources, trainer.corpora, Draws(seed, stage.neighbours, config.renamed_share))
        self._mixture = Mixture(
            {name: source for name, source in sources.items() if len(source)},
            config.sources,
            stage.batch_pairs,
            seed,
            mixed=config.mixed,
        )

    def take(self, step: int, rng: random.Random) -> Losses:
        """Add the gradients of a step."""
        if isinstance(self._stage, JointStage):
            losses = self._classify(self._stage, step, rng)
            if self._stage.contrastive_weight:
                examples = self._mixture.draw(step, rng)
                losses |= self._contrast(examples, weight=self._stage.contrastive_weight)
            return losses
        return self._contrast(
            self._drawn(self._stage, step, rng),
            interaction=self._interaction,
            cache_gradients=self._stage.cache_gradients,
        )

    def _drawn(self, stage: ContrastiveStage, step: int, rng: random.Random) -> list[Example]:
        """Examples of a step; with hard negatives those that the encoder takes for the answers stand beside them."""
        if self._pools is None:
            return self._mixture.draw(step, rng)
        pool = self._pool(step, rng)
        rows = pool.rows(stage.batch_pairs, 0.0, rng)
        renamed = renames(pool.pairs, self._trainer.config.renamed_share, rng)

        def shown(row: int) -> Example:
            pair = pool.pairs[row]
            return example(pair, pair.query if pair.is_search else varied_query(pair, rng), rng, renamed=renamed)

        groups = [(row, draw_group(pool, row, stage.hard_negatives, 0, rng)[1:]) for row in rows]
        return [
            dataclasses.replace(shown(row), negatives=tuple(shown(other).answer for other in hard))
            for row, hard in groups
        ]

    def _pool(self, step: int, rng: random.Random) -> MinedPool:
        """The pool that a step draws from."""
        assert self._pools is not None
        found = self._pools.of_step(step)
        sizes = {name: len(pool.pairs) for name, pool in found.items()}
        return found[draw_pool(sizes, self._trainer.config.sources.get("cosqa", 0.0), rng)]

    def _contrast(
        self,
        examples: Sequence[Example],
        *,
        weight: float = 1.0,
        interaction: Interaction | None = None,
        cache_gradients: bool = False,
    ) -> Losses:
        """Add the gradients of InfoNCE on the examples and their further negatives (section 3.1)."""
        trainer, stage = self._trainer, self._stage
        queries = [example.query for example in examples]
        shown: list[DefinitionText] = [example.answer for example in examples]
        shown += [negative for example in examples for negative in example.negatives]
        functions = [definition.text for definition in shown]
        if interaction and trainer.teachers:
            said = [teacher.scores(queries, functions, self._chunk) for teacher in trainer.teachers]
            interaction = interaction._replace(taught=torch.stack(said).mean(0))
        return contrastive_step_loss(
            trainer.network,
            trainer.tokenizer.ids(queries, trainer.config.max_query_tokens),
            trainer.tokenizer.ids(functions, trainer.config.max_text_tokens),
            torch.tensor(other_answers(examples)),
            pad_id=trainer.tokenizer.pad_id,
            temperature=stage.temperature,
            chunk=self._chunk,
            weight=weight,
            interaction=interaction,
            cache_gradients=cache_gradients,
        )

    def _classify(self, stage: JointStage, step: int, rng: random.Random) -> Losses:
        """Add the gradients of the classifier on groups of one right and several wrong functions (section 3.2)."""
        config, tokenizer = self._trainer.config, self._trainer.tokenizer
        pool = self._pool(step, rng)
        queries, groups = [], []
        renamed = renames(pool.pairs, config.renamed_share, rng)
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
            chunk=self._chunk,
        )
        loss.backward()  # type: ignore[no-untyped-call]
        return {"classifier": float(loss.detach()), "first": accuracy}
