"""Sets of questions as workspaces: mined histories and web queries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cascode_lab.history.checkout import checkout
from cascode_lab.history.clones import find_clone
from cascode_models.errors import ModelError

from .types import Question, QuestionSet


def history_sets(
    folder: Path, clones: Path, split: str, scratch: Path, *, repository: str | None = None
) -> Iterator[QuestionSet]:
    """Read mined questions about repositories, and write the files that they ask about.

    Args:
        folder: Folder of ``questions/*.json`` that mining wrote.
        clones: Folder of the clones that they were mined from.
        split: ``dev`` or ``test``.
        scratch: Folder for each repository's files at its revision.
        repository: Only this one, as ``owner/name``; None for all.

    Yields:
        One set a repository, whose files are written just before.

    Raises:
        ModelError: There are none.
        HistoryError: A clone is missing.
    """
    found = False
    for path in sorted((folder / "questions").glob("*.json")):
        mined: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if mined["split"] != split or not mined["questions"] or repository not in (None, mined["repository"]):
            continue
        found, root = True, scratch / path.stem
        checkout(find_clone(clones, mined["repository"]), mined["revision"], root)
        yield QuestionSet(
            mined["repository"], "history", root, [_parse_question(question) for question in mined["questions"]]
        )
    if not found:
        about = f" about {repository}" if repository else ""
        raise ModelError(f"no {split} questions{about} in {folder}: mine some with 'cascode train mine --history'")


def written_sets(
    folder: Path, clones: Path, split: str, scratch: Path, *, repository: str | None = None
) -> Iterator[QuestionSet]:
    """Read questions that were written by hand about repositories, and write the files that they ask about.

    Args:
        folder: Folder of ``dev/*.yaml`` and ``test/*.yaml``; benchmarks/questions has those of this project.
        clones: Folder of clones that have the revisions asked about.
        split: ``dev`` or ``test``.
        scratch: Folder for each repository's files at its revision.
        repository: Only this one, as ``owner/name``; None for all.

    Yields:
        One set a repository, whose files are written just before.

    Raises:
        ModelError: There are none, or a file is not of this form.
        HistoryError: A clone is missing.
    """
    paths = sorted((folder / split).glob("*.yaml"))
    if not paths:
        raise ModelError(f"no {split} questions in {folder}: it needs {split}/*.yaml")
    for path in paths:
        try:
            written: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            name, revision = written["repository"], written["revision"]
            questions = [
                Question(row["ask"], frozenset(_place(answer) for answer in row["answers"]), row["kind"])
                for row in written["questions"]
            ]
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is not a file of questions: {error!r}") from error
        if repository not in (None, name):
            continue
        root = scratch / path.stem
        checkout(find_clone(clones, name), revision, root)
        yield QuestionSet(name, "written", root, questions)


def _place(answer: str) -> tuple[str, str]:
    """``src/retry.py::Retry.sleep`` as path and qualified name."""
    path, _, name = answer.partition("::")
    return path, name


def _parse_question(question: Mapping[str, Any]) -> Question:
    """A question that a commit asks."""
    answers = frozenset((answer["path"], answer["name"]) for answer in question["answers"])
    return Question(question["query"], answers, "named" if question["named"] else "described")


def cosqa_set(folder: Path, split: str, root: Path) -> QuestionSet:
    """Make a workspace of CoSQA's functions, asked for by web queries (Huang et al., 2021)."""
    codes = {row["id"]: row["code"] for row in _rows(folder / "codes.jsonl")}
    asked = [(row["query"], f"{row['code_id']}.py") for row in _rows(folder / f"{split}.jsonl")]
    return _functions(f"cosqa-{split}", "cosqa", root, {f"{name}.py": code for name, code in codes.items()}, asked)


def _functions(
    name: str, group: str, root: Path, codes: Mapping[str, str], asked: Iterable[tuple[str, str]]
) -> QuestionSet:
    """Write functions as files of a workspace, one each; its file answers a question."""
    root.mkdir(parents=True, exist_ok=True)
    for file, code in codes.items():
        (root / file).write_text(code + "\n", encoding="utf-8")
    return QuestionSet(name, group, root, [Question(query, frozenset({(file, "")})) for query, file in asked])


def _rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines."""
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})") from error
