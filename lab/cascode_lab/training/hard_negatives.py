"""Strategies for choosing the wrong definitions that a step shows beside each right one."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from typing import Protocol

from .config import StageConfig
from .context import RunContext
from .data import TrainingPair, vary_query
from .mined import MinedPools, random_pools
from .mixture import Mixture
from .negatives import MinedPool, draw_group
from .sampling import draw_pool, search_share
from .sources import Example
from .sources.docstrings import example, renames


class NegativeStrategy(Protocol):
    """Draws the examples of a step with negatives of its choice."""

    def examples(self, step: int, rng: random.Random) -> list[Example]:
        """The examples of a step, a function of the seed, the step and the weights alone."""


class InBatch:
    """No negatives but the other examples of the step; those of one package or repository are the hardest of them.

    Args:
        mixture: Draws the examples.
    """

    def __init__(self, mixture: Mixture) -> None:
        self._mixture = mixture

    def examples(self, step: int, rng: random.Random) -> list[Example]:
        """See :class:`NegativeStrategy`."""
        return self._mixture.draw(step, rng)


class FromPools:
    """Negatives from a pool of mined pairs: hard ones that the encoder confuses with the answer, or random ones.

    Docstring pairs and searches alone are drawn from; a query never meets a definition of another language.

    Args:
        run: The run.
        stage: How many of what.
        count: Examples a step.
        pools: The pools of a step by name.
    """

    def __init__(
        self, run: RunContext, stage: StageConfig, count: int, pools: Callable[[int], Mapping[str, MinedPool]]
    ) -> None:
        self._config = run.config
        self._stage = stage
        self._count = count
        self._pools = pools

    def examples(self, step: int, rng: random.Random) -> list[Example]:
        """See :class:`NegativeStrategy`."""
        stage = self._stage
        found = self._pools(step)
        sizes = {name: len(pool.pairs) for name, pool in found.items()}
        pool = found[draw_pool(sizes, search_share(self._config.sources), rng)]
        renamed = renames(pool.pairs, self._config.renamed_share, rng)

        def shown(pair: TrainingPair) -> Example:
            return example(pair, pair.query if pair.is_search else vary_query(pair, rng), rng, renamed=renamed)

        examples = []
        for row in pool.rows(self._count, stage.hard_share, rng):
            _, *others = draw_group(pool, row, stage.negatives, stage.random_negatives, rng)
            negatives = tuple(shown(pool.pairs[other]).answer for other in others)
            examples.append(dataclasses.replace(shown(pool.pairs[row]), negatives=negatives))
        return examples


def dynamic_hard(run: RunContext, stage: StageConfig, count: int, seed: str) -> NegativeStrategy:
    """DyHardCode (section 3.1): the wrong definitions that the encoder ranks high, mined again every epoch."""
    return FromPools(run, stage, count, MinedPools(run, stage, count, seed).of_step)


def random_draws(run: RunContext, stage: StageConfig, count: int, seed: str) -> NegativeStrategy:  # noqa: ARG001
    """Any wrong definitions of the language: what hard ones are compared with."""
    pools = random_pools(run)
    return FromPools(run, stage, count, lambda _step: pools)


#: Strategies by the name that presets give them.
STRATEGIES: dict[str, Callable[[RunContext, StageConfig, int, str], NegativeStrategy]] = {
    "dynamic_hard": dynamic_hard,
    "random": random_draws,
}
