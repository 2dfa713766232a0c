"""One step of each stage: texts drawn, tokenized, and their loss taken back through the network."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cascode_models.randomness import seeded

from .config import ContrastiveStage, JointStage
from .data import TrainingPair, varied_texts
from .negatives import draw_group, load_negatives, mine_negatives, save_negatives
from .objective import classifier_loss, contrastive_loss, same_answers
from .sampling import Sampler

if TYPE_CHECKING:
    from .run import Trainer

#: Means of one step by name.
Losses = dict[str, float]
#: Pairs of each pool among which hard negatives were looked for, with the negatives found.
MinedPools = dict[str, tuple[Sequence[TrainingPair], npt.NDArray[np.int32]]]

NEGATIVES = "negatives.npz"


def contrastive_step(
    trainer: Trainer,
    stage: ContrastiveStage | JointStage,
    sampler: Sampler,
    step: int,
    rng: random.Random,
    weight: float = 1.0,
) -> Losses:
    """Add the gradients of InfoNCE on one step's pairs."""
    texts = [varied_texts(pair, rng) for pair in sampler.pairs(step)]
    queries, functions = [query for query, _ in texts], [text for _, text in texts]
    loss = contrastive_loss(
        trainer.network,
        trainer.tokenizer.ids(queries, trainer.config.max_query_tokens),
        trainer.tokenizer.ids(functions, trainer.config.max_text_tokens),
        same_answers(queries, functions),
        pad_id=trainer.tokenizer.pad_id,
        temperature=stage.temperature,
        chunk=stage.chunk,
    )
    (weight * loss).backward()  # type: ignore[no-untyped-call]
    return {"infonce": float(loss.detach())}


def joint_step(
    trainer: Trainer, stage: JointStage, sampler: Sampler, mined: MinedPools, step: int, rng: random.Random
) -> Losses:
    """Add the gradients of both stages on shared parameters (section 3.4)."""
    names = list(mined)
    pool, candidates = mined[rng.choices(names, [len(mined[name][0]) for name in names])[0]]
    tokenizer, config = trainer.tokenizer, trainer.config
    queries, groups = [], []
    for row in rng.sample(range(len(pool)), min(stage.groups, len(pool))):
        drawn = draw_group(row, candidates[row], len(pool), stage.negatives, stage.random_negatives, rng)
        queries.append(varied_texts(pool[row], rng)[0])
        groups.append(tokenizer.ids([varied_texts(pool[other], rng)[1] for other in drawn], config.max_text_tokens))
    loss, accuracy = classifier_loss(
        trainer.network,
        tokenizer.ids(queries, config.max_query_tokens),
        groups,
        pad_id=tokenizer.pad_id,
        binary_weight=stage.binary_weight,
        chunk=stage.chunk,
    )
    loss.backward()  # type: ignore[no-untyped-call]
    losses = {"classifier": float(loss.detach()), "first": accuracy}
    if stage.contrastive_weight:
        losses |= contrastive_step(trainer, stage, sampler, step, rng, stage.contrastive_weight)
    return losses


def joint_pools(trainer: Trainer, stage: JointStage, seed: str) -> MinedPools:
    """Choose the pools of the classifier and find their hard negatives, or read those a killed run found."""
    total = sum(len(pool) ** 0.5 for pool in trainer.grouped.values())
    chosen: dict[str, list[TrainingPair]] = {}
    for name, pool in trainer.grouped.items():
        count = min(len(pool), max(2, round(stage.pool * len(pool) ** 0.5 / total)))
        chosen[name] = seeded(f"{seed}/{name}").sample(pool, count)
    path = trainer.output / NEGATIVES
    if path.is_file():
        found = load_negatives(path)
    else:
        trainer.progress(f"looking for hard negatives among {sum(map(len, chosen.values()))} pairs")
        trainer.network.train(False)
        encoder = trainer.encoder()
        found = {name: mine_negatives(encoder, pool, stage.candidates) for name, pool in chosen.items()}
        trainer.network.train()
        save_negatives(path, found)
    return {name: (pool, found[name]) for name, pool in chosen.items()}
