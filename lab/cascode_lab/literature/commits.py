"""What people wrote of changes, as a retrieval set: subjects of commits, and definitions of whole repositories."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES
from cascode_lab.evaluation.sets import RetrievalSet
from cascode_lab.own_code.asking import parse_files
from cascode_lab.ranking.sets import history_sets
from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random


def commit_set(history: Path, clones: Path, split: str, *, queries: int, pool: int, seed: int = 0) -> RetrievalSet:
    """Make a set of commits that changed one definition: it answers their subjects, out of all repositories' together.

    Args:
        history: Folder of ``questions/*.json`` that mining wrote.
        clones: Folder of the clones that they were mined from.
        split: ``dev`` to tune on, ``test`` to report.
        queries: Queries drawn; fewer where there are fewer such commits.
        pool: Definitions in the pool, the answers among them, each with its documentation.
        seed: The same seed draws the same set.

    Returns:
        The set.

    Raises:
        ModelError: No commit changed one definition that has a text of its own.
        HistoryError: A clone is missing.
    """
    asked: list[tuple[str, str]] = []
    texts: dict[str, None] = {}
    with tempfile.TemporaryDirectory(prefix="cascode-commits-") as folder:
        for questions in history_sets(history, clones, split, Path(folder)):
            places: dict[tuple[str, str], set[str]] = {}
            for file in parse_files(questions.root, DEFAULT_MAX_FILE_BYTES, lambda _progress: None, lambda: False):
                for definition, text in zip(file.definitions, file.texts, strict=True):
                    places.setdefault((file.source.path, definition.qualified_name), set()).add(text)
                    texts.setdefault(text)
            for question in questions.questions:
                found = {text for answer in question.answers for text in places.get(answer, ())}
                if len(question.answers) == len(found) == 1:
                    asked.append((question.query, found.pop()))
    if not asked:
        raise ModelError(f"no {split} commit in {history} changed one definition: mine more repositories")
    rng = seeded_random(f"{seed}/commits/{split}")
    chosen = rng.sample(asked, min(queries, len(asked)))
    answers = dict.fromkeys(text for _, text in chosen)
    others = [text for text in texts if text not in answers]
    kept = [*answers, *rng.sample(others, min(len(others), max(0, pool - len(answers))))]
    place = {text: number for number, text in enumerate(kept)}
    return RetrievalSet(
        f"commits-{split}",
        [query for query, _ in chosen],
        kept,
        np.array([place[text] for _, text in chosen], dtype=np.int64),
    )
