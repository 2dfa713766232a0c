"""Hard negatives: the functions that the fast encoder itself ranks high and that are wrong (DyHardCode)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cascode_models.errors import ModelError
from cascode_models.types import Encoder, FloatArray

from .data import TrainingPair, plain_texts

#: A candidate closer to the right function than this is taken for a copy of it, not for a negative.
COPY_SIMILARITY = 0.95
#: A candidate whose similarity to the query exceeds the right function's by more than this is taken for another
#: right answer: beyond a fifth of the whole range of cosines the labels are wrong more often than the encoder.
FALSE_NEGATIVE_MARGIN = 0.2
#: Draws until a random negative neither is the right function nor answers the same query: a pool that has none left
#: after so many holds hardly any.
DRAWS = 100
#: Pairs looked at for each negative wanted: copies and further right answers leave some out.
SPARE = 2
#: Further pairs looked at where similarities are corrected: hubs stand before what comes after the correction.
CSLS_SPARE = 4


@dataclass(frozen=True, slots=True, eq=False)
class MinedPool:
    """Pairs of one language and what the fast encoder confuses among them."""

    #: The pairs; those without a query only serve as negatives.
    pairs: Sequence[TrainingPair]
    #: ``[pairs, candidates]`` positions of each query's best wrong functions, best first, -1 where too few.
    candidates: npt.NDArray[np.int32]
    #: ``[pairs]`` rank of the right function, 1 for the first; 0 beyond the candidates looked at, or no query.
    ranks: npt.NDArray[np.int32]

    def rows(self, count: int, hard_share: float, rng: random.Random) -> list[int]:
        """Draw the queries of a step.

        Args:
            count: Queries wanted.
            hard_share: Share of them whose right function is not first, though among the candidates, the others
                having it first; 0 draws from all queries alike.
            rng: Source of randomness.

        Returns:
            Positions in ``pairs``, fewer where there are fewer.
        """
        every = [row for row, pair in enumerate(self.pairs) if pair.query]
        if not hard_share:
            return rng.sample(every, min(count, len(every)))
        wrong = np.flatnonzero(self.ranks > 1).tolist()
        right = np.flatnonzero(self.ranks == 1).tolist()
        drawn = rng.sample(wrong, min(round(count * hard_share), len(wrong)))
        drawn += rng.sample(right, min(count - len(drawn), len(right)))
        left = sorted(set(every) - set(drawn)) if len(drawn) < count else []
        return drawn + rng.sample(left, min(count - len(drawn), len(left)))


def mine_negatives(
    encoder: Encoder, pairs: Sequence[TrainingPair], count: int, *, mined_by: str = "text-code", csls: int = 0
) -> MinedPool:
    """Find each query's wrong functions that are hard to distinguish in a FAISS index of the pairs (section 3.1).

    Args:
        encoder: The fast encoder in training.
        pairs: Pairs of one language; those without a query only serve as negatives.
        count: Candidates a query.
        mined_by: What of a pair asks, and what of the others is looked for: one of :data:`.config.MINED_BY`. In every
            case the candidates are functions: those whose own query is near, where queries are looked for.
        csls: Neighbours whose mean similarity is taken from a candidate's (Conneau et al., 2018, equation 3), so that
            what is near to everything is nobody's negative; 0 leaves similarities as they are.

    Returns:
        The pairs with their candidates.

    Raises:
        ModelError: FAISS is not installed.
    """
    texts = [plain_texts(pair) for pair in pairs]
    rows = [row for row, pair in enumerate(pairs) if pair.query]
    queries = encoder.encode_queries([texts[row][0] for row in rows])
    functions = _encode_distinct(encoder, [text for _, text in texts])
    asks, _, looked_for = mined_by.partition("-")
    asking = queries if asks == "text" else functions[rows]
    # Pairs by which candidates are found: those without a query can only be found by their code.
    found_by = np.array(rows if looked_for == "text" else range(len(pairs)))
    nearest = found_by[_nearest(asking, queries if looked_for == "text" else functions, count * SPARE + 1, csls)]
    candidates = np.full((len(pairs), count), -1, dtype=np.int32)
    ranks = np.zeros(len(pairs), dtype=np.int32)
    own = np.einsum("ij,ij->i", queries, functions[rows])
    for number, row in enumerate(rows):
        copies = functions[nearest[number]] @ functions[row] > COPY_SIMILARITY
        similarities = functions[nearest[number]] @ queries[number]
        wrong = [
            int(candidate)
            for candidate, similarity, copy in zip(nearest[number], similarities, copies, strict=True)
            if not copy
            and candidate != row
            and similarity <= own[number] + FALSE_NEGATIVE_MARGIN
            and texts[candidate][0] != texts[row][0]
            and texts[candidate][1] != texts[row][1]
        ]
        ahead = sum(1 for candidate in wrong if functions[candidate] @ queries[number] > own[number])
        ranks[row] = ahead + 1 if ahead < count else 0
        candidates[row, : len(wrong[:count])] = wrong[:count]
    return MinedPool(pairs, candidates, ranks)


def _nearest(asking: FloatArray, looked_for: FloatArray, count: int, csls: int) -> npt.NDArray[np.int64]:
    """Find the nearest vectors.

    Args:
        asking: ``[asking, width]``.
        looked_for: ``[looked for, width]``.
        count: How many a row; fewer where there are fewer.
        csls: See :func:`mine_negatives`.

    Returns:
        ``[asking, count]`` rows of ``looked_for``, the nearest first.
    """
    try:
        import faiss
    except ImportError as error:
        raise ModelError("hard negatives need FAISS: pip install faiss-cpu") from error

    def search(vectors: FloatArray, queries: FloatArray, depth: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Similarities and rows of the nearest among ``vectors``."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        similarities, rows = index.search(queries, min(depth, len(vectors)))
        return similarities, rows

    if not csls:
        return search(looked_for, asking, count)[1]
    similarities, nearest = search(looked_for, asking, count * CSLS_SPARE)
    # How near the neighbours of each are on average; the same mean of what asks moves no order.
    hubness = search(asking, looked_for, csls)[0].mean(axis=1)
    order = np.argsort(hubness[nearest] - 2 * similarities, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(nearest, order, axis=1)


def draw_group(pool: MinedPool, row: int, negatives: int, random_negatives: int, rng: random.Random) -> list[int]:
    """Draw a group for one query.

    Args:
        pool: Pairs and their candidates.
        row: The right function's position.
        negatives: Negatives wanted.
        random_negatives: How many of them come from anywhere in the pool.
        rng: Source of randomness.

    Returns:
        Positions, the right function first.
    """
    hard = [int(candidate) for candidate in pool.candidates[row] if candidate >= 0]
    group = [row, *rng.sample(hard, min(len(hard), negatives - random_negatives))]
    right = pool.pairs[row]
    while len(group) < negatives + 1:
        for _ in range(DRAWS):
            other = rng.randrange(len(pool.pairs))
            if pool.pairs[other].code != right.code and pool.pairs[other].query != right.query:
                break
        if other != row or len(pool.pairs) == 1:
            group.append(other)
    return group


def save_negatives(path: Path, found: Mapping[str, MinedPool], run: str) -> None:
    """Keep mined negatives with the run, so that a resumed run uses the same ones; ``run`` is its digest."""
    partial = path.with_name(f"{path.stem}.partial.npz")
    arrays = {f"{name}/candidates": pool.candidates for name, pool in found.items()}
    arrays |= {f"{name}/ranks": pool.ranks for name, pool in found.items()}
    np.savez(partial, run=np.array(run), **arrays)  # type: ignore[arg-type]
    partial.replace(path)


def load_negatives(path: Path, chosen: Mapping[str, Sequence[TrainingPair]], run: str) -> dict[str, MinedPool] | None:
    """Read negatives written by :func:`save_negatives`.

    Args:
        path: The file.
        chosen: The pairs of each pool that they were found among.
        run: Digest of the run.

    Returns:
        The pools; None where there is no such file or another run left it: a position in the pairs means nothing there.
    """
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as content:
        if "run" not in content or str(content["run"]) != run:
            return None
        return {
            name: MinedPool(pairs, content[f"{name}/candidates"], content[f"{name}/ranks"])
            for name, pairs in chosen.items()
        }


def _encode_distinct(encoder: Encoder, texts: Sequence[str]) -> FloatArray:
    """Encode texts, each distinct one once."""
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    vectors: FloatArray = encoder.encode_texts(list(distinct))[[distinct[text] for text in texts]]
    return vectors
