"""Hard negatives: the functions that the fast encoder itself ranks high and that are wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cascode_models.types import Encoder

from .data import TrainingPair, plain_texts

#: A candidate closer to the right function than this is taken for a copy of it, not for a negative.
COPY_SIMILARITY = 0.95
#: Queries scored against the pool at a time: bounds the score matrix to a few tens of MB.
_QUERIES_AT_ONCE = 1_000


def mine_negatives(encoder: Encoder, pairs: Sequence[TrainingPair], count: int) -> npt.NDArray[np.int32]:
    """Find each query's best wrong functions among the pairs (DyHardCode's negatives, section 3.1).

    Args:
        encoder: The fast encoder in training.
        pairs: Pairs of one language.
        count: Candidates a query.

    Returns:
        ``[pairs, candidates]`` positions in ``pairs``, best first, -1 where there are too few.
    """
    texts = [plain_texts(pair) for pair in pairs]
    queries = encoder.encode_queries([query for query, _ in texts])
    functions = encoder.encode_texts([text for _, text in texts])
    found = np.full((len(pairs), count), -1, dtype=np.int32)
    depth = min(len(pairs), count * 2)
    for start in range(0, len(pairs), _QUERIES_AT_ONCE):
        scores = queries[start : start + _QUERIES_AT_ONCE] @ functions.T
        best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        for row, candidates in enumerate(best, start):
            ranked = candidates[np.argsort(-scores[row - start, candidates], kind="stable")]
            copies = functions[ranked] @ functions[row] > COPY_SIMILARITY
            wrong = [
                int(candidate)
                for candidate, copy in zip(ranked, copies, strict=True)
                if not copy
                and candidate != row
                and texts[candidate][0] != texts[row][0]
                and texts[candidate][1] != texts[row][1]
            ][:count]
            found[row, : len(wrong)] = wrong
    return found


def draw_group(
    row: int,
    candidates: npt.NDArray[np.int32],
    pool: int,
    negatives: int,
    random_negatives: int,
    rng: random.Random,
) -> list[int]:
    """Draw a group for one query.

    Args:
        row: The right function's position.
        candidates: Its hard candidates, -1 for none.
        pool: Functions in the pool.
        negatives: Negatives wanted.
        random_negatives: How many of them come from anywhere in the pool.
        rng: Source of randomness.

    Returns:
        Positions, the right function first.
    """
    hard = [int(candidate) for candidate in candidates if candidate >= 0]
    group = [row, *rng.sample(hard, min(len(hard), negatives - random_negatives))]
    while len(group) < negatives + 1:
        other = rng.randrange(pool)
        if other != row or pool == 1:
            group.append(other)
    return group


def save_negatives(path: Path, found: dict[str, npt.NDArray[np.int32]]) -> None:
    """Keep mined negatives with the run, so that a resumed run uses the same ones."""
    partial = path.with_name(f"{path.stem}.partial.npz")
    np.savez(partial, **found)  # type: ignore[arg-type]
    partial.replace(path)


def load_negatives(path: Path) -> dict[str, npt.NDArray[np.int32]]:
    """Read negatives written by :func:`save_negatives`."""
    with np.load(path, allow_pickle=False) as content:
        return {name: content[name] for name in content.files}
