"""What a run looks at while it trains: held-out docstrings, and commits of repositories that it does not see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cascode_lab.evaluation.metrics import Ranks, mean_reciprocal_rank, ranks_of
from cascode_models.inference import CasCodeModel
from cascode_models.randomness import seeded_random
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

from .config import TrainingConfig
from .data import TrainingPair, plain_texts, read_pairs, read_pool
from .history import HistoryDefinition, HistoryPair
from .sampling import pools


class DevSets:
    """Held-out pairs, each query ranked against a pool of its own language or repository.

    Args:
        pairs: Docstring pairs.
        others: Further function texts of each language.
        commits: History pairs; those of one repository share their definitions as a pool.
        history_pool: Definitions of a repository looked at.
    """

    def __init__(
        self,
        pairs: Sequence[TrainingPair],
        others: dict[str, list[str]],
        commits: Sequence[HistoryPair],
        history_pool: int,
    ) -> None:
        self._pairs = pools(pairs)
        self._others = others
        self._repositories: dict[str, list[HistoryPair]] = {}
        for pair in commits:
            self._repositories.setdefault(pair.repository, []).append(pair)
        self._history_pool = history_pool
        #: Queries in all.
        self.size = len(pairs) + len(commits)

    @classmethod
    def read(cls, data: Path, history: Sequence[HistoryPair], config: TrainingConfig) -> DevSets:
        """Read the sets of a run: as many docstring pairs as commits, the same ones for a seed."""
        pairs = _evenly(read_pairs(data, "dev"), config.dev_pairs, config.seed)
        others = {
            name: _some(read_pool(data, name, "dev"), config.dev_pool, f"{config.seed}/pool/{name}")
            for name in pools(pairs)
        }
        commits = seeded_random(f"{config.seed}/dev/history").sample(history, min(config.dev_pairs, len(history)))
        return cls(pairs, others, commits, config.dev_pool * max(1, len(others)))

    def scores(self, model: CasCodeModel) -> dict[str, float]:
        """Mean reciprocal rank of the fast encoder.

        Returns:
            ``dev_mrr`` on docstrings, and ``history_mrr`` on commits, as far as there are any.
        """
        scores = {}
        if self._pairs:
            ranks = [self._docstring_ranks(model, name) for name in self._pairs]
            scores["dev_mrr"] = mean_reciprocal_rank(np.concatenate(ranks))
        if self._repositories:
            ranks = [self._history_ranks(model, pairs) for pairs in self._repositories.values()]
            scores["history_mrr"] = mean_reciprocal_rank(np.concatenate(ranks))
        return scores

    def _docstring_ranks(self, model: CasCodeModel, language: str) -> Ranks:
        """Ranks of the functions of one language, documented or not, all without their doc comments."""
        texts = [plain_texts(pair) for pair in self._pairs[language]]
        answers = [text for _, text in texts]
        others = sorted(set(self._others[language]) - set(answers))
        queries = model.encode_queries([query for query, _ in texts])
        return ranks_of(queries @ model.encode_texts([*answers, *others]).T, np.arange(len(texts)))

    def _history_ranks(self, model: CasCodeModel, pairs: Sequence[HistoryPair]) -> Ranks:
        """Rank of each commit's first right definition among those that its repository's commits and files show."""
        pool: dict[str, HistoryDefinition] = {}
        for pair in pairs:
            for definition in pair.answers:
                pool.setdefault(definition.identity, definition)
        for pair in pairs:
            for definition in pair.neighbours:
                if len(pool) < self._history_pool:
                    pool.setdefault(definition.identity, definition)
        texts = [
            function_text(FunctionSource(definition.name, definition.code, definition.doc, definition.language))
            for definition in pool.values()
        ]
        scores = model.encode_queries([pair.query for pair in pairs]) @ model.encode_texts(texts).T
        place = {identity: number for number, identity in enumerate(pool)}
        ranks = []
        for row, pair in zip(scores, pairs, strict=True):
            right = np.zeros(len(row), dtype=bool)
            right[[place[definition.identity] for definition in pair.answers]] = True
            ranks.append(1 + int((row[~right] >= row[right].max()).sum()))
        return np.array(ranks, dtype=np.int64)


def _evenly(pairs: list[TrainingPair], count: int, seed: int) -> list[TrainingPair]:
    """At most ``count`` pairs, the same ones for a seed, evenly from each language."""
    grouped = pools(pairs)
    each = max(1, count // max(1, len(grouped)))
    chosen = []
    for name, pool in grouped.items():
        chosen += seeded_random(f"{seed}/dev/{name}").sample(pool, min(each, len(pool)))
    return chosen


def _some(texts: list[str], count: int, seed: str) -> list[str]:
    """At most ``count`` texts, the same ones for a seed."""
    return seeded_random(seed).sample(texts, min(count, len(texts)))
