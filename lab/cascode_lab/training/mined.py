"""The pools of a stage that trains on hard negatives: chosen, mined and kept epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random

from .config import StageConfig
from .context import RunContext
from .data import TrainingPair
from .negatives import MinedPool, load_negatives, mine_negatives, save_negatives
from .sampling import BALANCE, POOLED, SEARCHES, draw_packages, pools


def read_pools(run: RunContext) -> dict[str, list[TrainingPair]]:
    """Pairs that negatives are looked for among: docstrings by language, searches apart, each if it has a share.

    Raises:
        ModelError: There are none.
    """
    shares = run.config.sources
    docstrings, cosqa = (shares.get(name, 0.0) > 0 for name in POOLED)
    found = pools([*(run.corpora.docstrings if docstrings else ()), *(run.corpora.cosqa if cosqa else ())])
    if not found:
        raise ModelError(
            f"no pairs of docstrings or cosqa to look for negatives among in {run.corpora.data}: mine some with "
            "'cascode train mine', or use the strategy in_batch"
        )
    return found


def random_pools(run: RunContext) -> dict[str, MinedPool]:
    """The same as pools without any candidates: all negatives are drawn at random."""
    return {
        name: MinedPool(pairs, np.full((len(pairs), 0), -1, dtype=np.int32), np.zeros(len(pairs), dtype=np.int32))
        for name, pairs in read_pools(run).items()
    }


class MinedPools:
    """Hands out the mined pools of each step, which are mined again every epoch (DyHardCode, section 3.1).

    What an epoch found is kept with the run: a resumed run reads it, since its weights at that step may be gone.

    Args:
        run: The run.
        stage: The stage.
        count: Queries a step.
        seed: Seed of the run and the stage.
    """

    def __init__(self, run: RunContext, stage: StageConfig, count: int, seed: str) -> None:
        self._run = run
        self._stage = stage
        self._seed = seed
        self._grouped = read_pools(run)
        self._epoch = -1
        self._pools: dict[str, MinedPool] = {}
        self.epoch_steps = max(1, sum(self._counts().values()) // count)

    def of_step(self, step: int) -> dict[str, MinedPool]:
        """The pools of a step by name, mined now where its epoch begins."""
        epoch = step // self.epoch_steps if self._stage.refresh_index else 0
        if epoch != self._epoch:
            self._pools = self._mine(epoch)
            self._epoch = epoch
        return self._pools

    def _counts(self) -> dict[str, int]:
        """Pairs drawn from each language: as the sampler draws them; the searches are few and all taken."""
        grouped = self._grouped
        mined = {name: len(pairs) for name, pairs in grouped.items() if name != SEARCHES}
        total = sum(count**BALANCE for count in mined.values())
        wanted = self._stage.pool or sum(mined.values())
        counts = {
            name: count if wanted >= sum(mined.values()) else min(count, max(2, round(wanted * count**BALANCE / total)))
            for name, count in mined.items()
        }
        return counts | ({SEARCHES: len(grouped[SEARCHES])} if SEARCHES in grouped else {})

    def _mine(self, epoch: int) -> dict[str, MinedPool]:
        """Choose the pairs of an epoch and find their hard negatives, or read those a killed run found."""
        run = self._run
        chosen: dict[str, Sequence[TrainingPair]] = {
            name: draw_packages(self._grouped[name], count, seeded_random(f"{self._seed}/{epoch}/{name}"))
            for name, count in self._counts().items()
        }
        if SEARCHES in chosen:
            # Codes of searches without a query of their own are negatives only.
            chosen[SEARCHES] = [*chosen[SEARCHES], *(pair for pair in run.corpora.cosqa if not pair.query)]
        path = run.output / f"negatives-{self._stage.name}-{epoch}.npz"
        kept = load_negatives(path, chosen, run.digest)
        if kept is not None:
            return kept
        run.progress(f"looking for hard negatives among {sum(map(len, chosen.values()))} pairs")
        run.network.train(False)
        encoder = run.encoder()
        stage = self._stage
        found = {
            name: mine_negatives(encoder, pairs, stage.candidates, mined_by=stage.mined_by, csls=stage.csls)
            for name, pairs in chosen.items()
        }
        run.network.train()
        save_negatives(path, found, run.digest)
        for name, pool in found.items():
            first, candidate = int((pool.ranks == 1).sum()), int((pool.ranks > 1).sum())
            run.progress(f"{name}: right functions first {first}, candidates {candidate}, of {len(pool.pairs)}")
        return found
