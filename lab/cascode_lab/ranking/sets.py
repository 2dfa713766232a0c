"""Sets of questions as workspaces: mined histories and web queries."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cascode_lab.history.checkout import checkout
from cascode_lab.history.clones import find_clone
from cascode_lab.history.written import read_written
from cascode_models.errors import ModelError

from .types import WRITTEN, Question, QuestionSet


def history_sets(
    folder: Path, clones: Path, split: str, scratch: Path, *, only: Collection[str] = ()
) -> Iterator[QuestionSet]:
    """Read mined questions about repositories, and write the files that they ask about.

    Args:
        folder: Folder of ``questions/*.json`` that mining wrote.
        clones: Folder of the clones that they were mined from.
        split: ``dev`` or ``test``.
        scratch: Folder for each repository's files at its revision.
        only: The only repositories, as ``owner/name``; empty for all.

    Yields:
        One set a repository, whose files are written just before.

    Raises:
        ModelError: There are none.
        HistoryError: A clone is missing.
    """
    for stem, mined in _mined(folder, split):
        if only and mined["repository"] not in only:
            continue
        root = scratch / stem
        checkout(find_clone(clones, mined["repository"]), mined["revision"], root)
        yield QuestionSet(
            mined["repository"], "history", root, [_parse_question(question) for question in mined["questions"]]
        )


def _mined(folder: Path, split: str) -> list[tuple[str, dict[str, Any]]]:
    """What mining wrote about each repository of a split that has questions, and the stem of its file."""
    read = [
        (path.stem, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((folder / "questions").glob("*.json"))
    ]
    found = [(stem, mined) for stem, mined in read if mined["split"] == split and mined["questions"]]
    if not found:
        raise ModelError(f"no {split} questions in {folder}: mine some with 'cascode train mine --history'")
    return found


def written_sets(
    folder: Path, clones: Path, split: str, scratch: Path, *, only: Collection[str] = ()
) -> Iterator[QuestionSet]:
    """Read questions that were written by hand about repositories, and write the files that they ask about.

    Args:
        folder: Folder of ``dev/*.yaml`` and ``test/*.yaml``; benchmarks/questions has those of this project.
        clones: Folder of clones that have the revisions asked about.
        split: ``dev`` or ``test``.
        scratch: Folder for each repository's files at its revision.
        only: The only repositories, as ``owner/name``; empty for all.

    Yields:
        One set a repository, whose files are written just before.

    Raises:
        ModelError: There are none, or a file is not of this form.
        HistoryError: A clone is missing.
    """
    for written in read_written(folder, split):
        if only and written.repository not in only:
            continue
        root = scratch / written.path.stem
        checkout(find_clone(clones, written.repository), written.revision, root)
        questions = [Question(asked.ask, frozenset(asked.answers), asked.kind) for asked in written.questions]
        yield QuestionSet(written.repository, WRITTEN, root, questions)


def check_names(only: Collection[str], split: str, *, written: Path | None, history: Path | None) -> None:
    """Check that there are questions about each repository that was named, before anything is asked.

    Args:
        only: Repositories, as ``owner/name``.
        split: ``dev`` or ``test``.
        written: Folder of questions written by hand, if those are asked.
        history: Folder of mined questions, if those are asked.

    Raises:
        ModelError: There are none about one, none at all, or a file is not of this form.
    """
    if not only:
        return
    known: set[str] = set()
    if written is not None:
        known |= {found.repository for found in read_written(written, split)}
    if history is not None:
        known |= {mined["repository"] for _, mined in _mined(history, split)}
    for name in only:
        if name not in known:
            raise ModelError(f"no question is about {name}: name repositories as the questions do, owner/name")


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
