"""The pools of a stage that trains on hard negatives: chosen, mined and kept epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cascode_models.randomness import seeded

from .config import ContrastiveStage, JointStage
from .data import TrainingPair
from .negatives import MinedPool, load_negatives, mine_negatives, save_negatives
from .sampling import BALANCE, SEARCHES, draw_packages

if TYPE_CHECKING:
    from .run import Trainer


class MinedPools:
    """Hands out the mined pools of each step, made anew at the start of every epoch (DyHardCode, section 3.1).

    What an epoch found is kept with the run: a resumed run reads it, since its weights at that step may be gone.

    Args:
        trainer: The run.
        name: Name of the stage.
        stage: Its settings.
        seed: Seed of the run and the stage.
    """

    def __init__(self, trainer: Trainer, name: str, stage: ContrastiveStage | JointStage, seed: str) -> None:
        self._trainer = trainer
        self._name = name
        self._stage = stage
        self._seed = seed
        self._epoch = -1
        self._pools: dict[str, MinedPool] = {}
        queries = stage.batch_pairs if isinstance(stage, ContrastiveStage) else stage.groups
        self.epoch_steps = max(1, sum(self._counts().values()) // queries)

    def of_step(self, step: int) -> dict[str, MinedPool]:
        """The pools of a step by name, mined now where its epoch begins."""
        epoch = step // self.epoch_steps
        if epoch != self._epoch:
            self._pools = self._mined(epoch)
            self._epoch = epoch
        return self._pools

    def _counts(self) -> dict[str, int]:
        """Pairs drawn from each language: as the sampler draws them; the searches are few and all taken."""
        grouped = self._trainer.grouped
        mined = {name: len(pairs) for name, pairs in grouped.items() if name != SEARCHES}
        total = sum(count**BALANCE for count in mined.values())
        wanted = self._stage.pool or sum(mined.values())
        counts = {
            name: count if wanted >= sum(mined.values()) else min(count, max(2, round(wanted * count**BALANCE / total)))
            for name, count in mined.items()
        }
        return counts | ({SEARCHES: len(grouped[SEARCHES])} if SEARCHES in grouped else {})

    def _mined(self, epoch: int) -> dict[str, MinedPool]:
        """Choose the pairs of an epoch and find their hard negatives, or read those a killed run found."""
        trainer = self._trainer
        chosen: dict[str, Sequence[TrainingPair]] = {
            name: draw_packages(trainer.grouped[name], count, seeded(f"{self._seed}/{epoch}/{name}"))
            for name, count in self._counts().items()
        }
        if SEARCHES in chosen:
            chosen[SEARCHES] = [*chosen[SEARCHES], *trainer.distractors]
        path = trainer.output / f"negatives-{self._name}-{epoch}.npz"
        kept = load_negatives(path, chosen, trainer.digest)
        if kept is not None:
            return kept
        trainer.progress(f"looking for hard negatives among {sum(map(len, chosen.values()))} pairs")
        trainer.network.train(False)
        encoder = trainer.encoder()
        found = {name: mine_negatives(encoder, pairs, self._stage.candidates) for name, pairs in chosen.items()}
        trainer.network.train()
        save_negatives(path, found, trainer.digest)
        for name, pool in found.items():
            first, candidate = int((pool.ranks == 1).sum()), int((pool.ranks > 1).sum())
            trainer.progress(f"{name}: right functions first {first}, candidates {candidate}, of {len(pool.pairs)}")
        return found
