"""Held-out packages: docstrings as queries against the functions of packages never trained on."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np

from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

from .advtest import rename_text
from .sets import RetrievalSet

#: Queries and pool of the full protocol.
QUERIES, POOL = 1_000, 4_000


def held_out_set(
    folder: Path,
    language: str,
    split: str = "dev",
    *,
    queries: int = QUERIES,
    pool: int = POOL,
    seed: int = 0,
    rename: bool = False,
) -> RetrievalSet:
    """Read the held-out retrieval task of one language (the protocol of CodeSearchNet, docstrings removed).

    Args:
        folder: Folder of ``<language>.jsonl`` and ``pool-<language>-<split>.jsonl`` that mining wrote.
        language: Language id.
        split: ``dev`` to tune on, ``test`` to report.
        queries: Queries drawn; fewer where there are fewer pairs.
        pool: Functions in the pool, the answers among them; where test packages have fewer, those of dev packages
            fill it.
        seed: The same seed draws the same set.
        rename: Replace function and variable names, as AdvTest does; Python only.

    Returns:
        The set.

    Raises:
        ModelError: The files are missing or hold no pair of that split.
        ValueError: ``rename`` with a language other than Python.
    """
    if rename and language != "python":
        raise ValueError(f"names are replaced in Python, not in {language}")
    try:
        pairs = [row for row in _rows(folder / f"{language}.jsonl", f'"{split}"') if row["split"] == split]
        others = _rows(folder / f"pool-{language}-{split}.jsonl")
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"no {split} pairs of {language} in {folder} ({error}): mine them first") from error
    if not pairs:
        raise ModelError(f"no {split} pairs of {language} in {folder}: mine more packages")
    if split == "test" and len(others) < pool:
        # A small pool makes an easy test: functions of the other reserved packages make up for it.
        others = [*others, *_other_pool(folder, language)]
    rng = seeded_random(f"{seed}/{language}/{split}")
    chosen = rng.sample(pairs, min(queries, len(pairs)))
    taken = {_key(row) for row in chosen}
    rest = [row for row in others if _key(row) not in taken]
    texts: list[str] = []
    place: dict[str, int] = {}
    answers: list[int] = []
    for row in chosen + rng.sample(rest, min(len(rest), max(0, pool - len(chosen)))):
        text = _text(row, language, rename=rename)
        if text not in place:
            place[text] = len(texts)
            texts.append(text)
        if len(answers) < len(chosen):
            answers.append(place[text])
    name = f"{'advtest' if rename else language}-{split}"
    return RetrievalSet(name, [row["query"] for row in chosen], texts, np.array(answers, dtype=np.int64))


def type_set(
    folder: Path, split: str = "dev", *, queries: int = QUERIES, pool: int = POOL, seed: int = 0
) -> RetrievalSet | None:
    """Read the task of finding types: what documents a class or an interface asks for it, functions among the rivals.

    Args:
        folder: Folder of ``pool-types-<language>-<split>.jsonl`` that mining wrote.
        split: ``dev`` to tune on, ``test`` to report.
        queries: Queries drawn, of all languages alike as far as they have as many.
        pool: Definitions in the pool: the answers, and of the rest as many types as functions.
        seed: The same seed draws the same set.

    Returns:
        The set, of all languages; None where no documented type was mined.
    """
    rng = seeded_random(f"{seed}/types/{split}")
    types: list[list[dict[str, str]]] = []
    functions: list[dict[str, str]] = []
    for path in sorted(folder.glob(f"pool-types-*-{split}.jsonl")):
        rows = _rows(path)
        types.append(rng.sample(rows, len(rows)))
        functions += _rows(path.with_name(path.name.replace("pool-types-", "pool-")))
    # A row of each language in turn, so that one with many types does not stand for all.
    dealt = [row for turn in itertools.zip_longest(*types) for row in turn if row is not None]
    chosen = [row for row in dealt if row["query"]][:queries]
    if not chosen:
        return None
    taken = {_key(row) for row in chosen}
    other_types = [row for row in dealt if _key(row) not in taken][: max(0, pool - len(chosen)) // 2]
    rest = max(0, pool - len(chosen) - len(other_types))
    place: dict[str, int] = {}
    answers: list[int] = []
    for row in [*chosen, *other_types, *rng.sample(functions, min(len(functions), rest))]:
        at = place.setdefault(_text(row, row["language"], rename=False), len(place))
        if len(answers) < len(chosen):
            answers.append(at)
    return RetrievalSet(
        f"types-{split}", [row["query"] for row in chosen], list(place), np.array(answers, dtype=np.int64)
    )


def count_queries(folder: Path, language: str, split: str) -> int:
    """Queries that a language has in a split; 0 where it was not mined."""
    path = folder / f"{language}.jsonl"
    return sum(row.get("split") == split for row in _rows(path, f'"{split}"')) if path.is_file() else 0


def _other_pool(folder: Path, language: str) -> list[dict[str, str]]:
    """Functions of the dev packages; none where there is no such file."""
    path = folder / f"pool-{language}-dev.jsonl"
    return _rows(path) if path.exists() else []


def _text(row: dict[str, str], language: str, *, rename: bool) -> str:
    """What the model reads of a mined function."""
    if rename:
        return rename_text(row["name"], row["code"], language)
    return function_text(FunctionSource(row["name"], row["code"], "", language))


def _rows(path: Path, containing: str = "") -> list[dict[str, str]]:
    """Rows of a file of JSON lines; those without a string are not even parsed, since nine in ten are for training."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if containing in line]


def _key(row: dict[str, str]) -> tuple[str, str, str, str]:
    """What makes a mined function the same one in a file of pairs and in a pool."""
    return (row["package"], row["path"], str(row["line"]), row["name"])
