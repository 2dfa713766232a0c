"""Questions about pinned packages, and the text in which the answers of the search are reviewed.

The text holds what a person can judge: the first hits of each question, marked where they answer it. It holds no
scores: they differ in their last digits from machine to machine, and two hits whose scores differ by less than
:data:`TOLERANCE` may change places there. :func:`settle` therefore takes the recorded order of hits for as good as the
present one where the present scores do not contradict it by more than that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cascode_lab.corpus.types import Package

#: Hits that are recorded and counted.
SHOWN = 5
#: float32 on another processor, and the float16 of stored vectors, change a score by less than a tenth of this; hits
#: further apart than this keep their order everywhere.
TOLERANCE = 1e-3
QUESTIONS = Path(__file__).parents[1] / "golden" / "questions.yaml"
KINDS = ("symptom", "task", "where", "name", "words", "type")
_PLACE = re.compile(r"  [+ ] (\S+) {2,}(\S+)$")


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and what answers it."""

    ask: str
    kind: str
    answers: tuple[str, ...]

    def answered_by(self, name: str) -> bool:
        """Whether the definition of this qualified name answers."""
        return any(
            name == answer or (answer.endswith(".*") and (name == answer[:-2] or name.startswith(answer[:-1])))
            for answer in self.answers
        )


@dataclass(frozen=True, slots=True)
class PinnedPackage:
    """A package in one version, with what is asked about it."""

    package: Package
    sha256: str
    suffixes: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A hit as it is recorded: the qualified name and ``path:line`` of a definition, and its score of now."""

    name: str
    where: str
    score: float = 0.0


def read_questions(path: Path = QUESTIONS) -> list[PinnedPackage]:
    """Read the packages with their questions."""
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        PinnedPackage(
            Package(
                hit["source"], hit["name"], hit["version"], hit["licence"], tuple(hit["languages"]), "golden search"
            ),
            hit["sha256"],
            tuple(hit["suffixes"]),
            tuple(Question(asked["ask"], asked["kind"], tuple(asked["answers"])) for asked in hit["questions"]),
        )
        for hit in found
    ]


def cache_folder() -> Path:
    """Return the folder that keeps the archives, outside the repository."""
    named = os.environ.get("CASCODE_GOLDEN_CACHE")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(cache) / "cascode-golden-search"


def settle(now: Sequence[Place], recorded: Sequence[Place], tolerance: float = TOLERANCE) -> list[Place]:
    """Choose between the order of now and the recorded one.

    Args:
        now: Hits in the order of their scores, more than are recorded.
        recorded: Hits as the reviewed text has them.
        tolerance: Scores that differ by no more than this stand for each other.

    Returns:
        The recorded hits where each of them has, up to the tolerance, the score of the hit that has its place now;
        else the first hits of now.
    """
    first = list(now[:SHOWN])
    scores = {(place.name, place.where): place.score for place in now}
    order = [scores.get((place.name, place.where)) for place in recorded]
    same = len(recorded) == len(first) and all(
        score is not None and abs(score - place.score) <= tolerance for score, place in zip(order, first, strict=True)
    )
    return list(recorded) if same else first


def rank_of_answer(question: Question, hits: Sequence[Place]) -> int | None:
    """Return the place of the first hit that answers, from 1; None where none of those recorded does."""
    return next((at for at, hit in enumerate(hits[:SHOWN], 1) if question.answered_by(hit.name)), None)


def render(packages: Sequence[PinnedPackage], hits: Mapping[str, Mapping[str, Sequence[Place]]], title: str) -> str:
    """Write the text to review.

    Args:
        packages: What was asked.
        hits: For each package's name, the hits of each question, best first.
        title: Says how the search was done.
    """
    lines = [f"# {title}", "# + answers the question. Made by --update-golden; read the diff.", ""]
    ranks: dict[str, list[int | None]] = {}
    every: list[tuple[str, int | None]] = []
    for pinned in packages:
        package = pinned.package
        lines += [f"## {package.name} {package.version} ({package.source}, {', '.join(package.languages)})", ""]
        for question in pinned.questions:
            places = list(hits[package.name][question.ask])[:SHOWN]
            rank = rank_of_answer(question, places)
            ranks.setdefault(package.name, []).append(rank)
            every.append((question.kind, rank))
            lines.append(f"? {question.ask}")
            lines.append(f"  {question.kind}, answer at {rank or '-'}: {' '.join(question.answers)}")
            width = max((len(place.name) for place in places), default=0)
            lines += [
                f"  {'+' if question.answered_by(place.name) else ' '} {place.name:{width}}  {place.where}"
                for place in places
            ]
            lines.append("")
    lines += [f"## recall@1, recall@{SHOWN} and MRR (0 where no answer is among the first {SHOWN})", ""]
    lines += [_row(name, found) for name, found in ranks.items()]
    lines += [_row(kind, [rank for asked, rank in every if asked == kind]) for kind in KINDS]
    lines.append(_row("all", [rank for _, rank in every]))
    return "\n".join(lines) + "\n"


def recorded_hits(text: str) -> dict[tuple[str, str], list[Place]]:
    """Read the hits of (package, question) back from the text."""
    found: dict[tuple[str, str], list[Place]] = {}
    package, places = "", []
    for line in text.splitlines():
        if line.startswith("## "):
            package = line.split()[1]
        elif line.startswith("? "):
            places = found.setdefault((package, line[2:]), [])
        elif (match := _PLACE.match(line)) is not None:
            places.append(Place(match[1], match[2]))
    return found


def _row(name: str, ranks: Iterable[int | None]) -> str:
    """Write one line of the summary."""
    found = list(ranks)
    count = max(len(found), 1)
    first = sum(rank == 1 for rank in found) / count
    shown = sum(rank is not None for rank in found) / count
    reciprocal = sum(1 / rank for rank in found if rank is not None) / count
    return f"{name:16} {len(found):3} questions   {first:.3f}   {shown:.3f}   {reciprocal:.3f}"
