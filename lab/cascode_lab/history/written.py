"""Questions that people wrote about repositories: reading their files, and making training pairs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cascode_lab.corpus.splits import HeldOut
from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.clones import find_clone, held_out_as
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.files import FileVersion, file_version
from cascode_lab.history.git import GitRepository
from cascode_lab.history.manifest import asked_about
from cascode_lab.history.neighbours import neighbours
from cascode_lab.history.output import file_name, write_rows
from cascode_lab.history.types import Place, definition_row
from cascode_models.errors import ModelError


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question and where its answers stand."""

    ask: str
    #: ``task``, ``where``, ``symptom``, ``type``, ``words`` or ``name``.
    kind: str
    #: Path and qualified name of each right answer, in the order of the file.
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """The questions about one repository at one revision."""

    path: Path
    #: ``owner/name``
    repository: str
    revision: str
    questions: tuple[WrittenQuestion, ...]


def read_written(folder: Path, split: str) -> list[WrittenFile]:
    """Read the questions of a split.

    Args:
        folder: Folder of ``dev/*.yaml``, ``test/*.yaml`` and ``train/*.yaml``.
        split: One of these.

    Raises:
        ModelError: There are none, or a file is not of this form.
    """
    paths = sorted((folder / split).glob("*.yaml"))
    if not paths:
        raise ModelError(f"no {split} questions in {folder}: it needs {split}/*.yaml")
    return [_read(path) for path in paths]


def _read(path: Path) -> WrittenFile:
    """Read one file."""
    try:
        # The C reader takes a tenth of the time, where it is there.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        written: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe one
        questions = tuple(
            WrittenQuestion(row["ask"], row["kind"], tuple(_place(answer) for answer in row["answers"]))
            for row in written["questions"]
        )
        return WrittenFile(path, written["repository"], written["revision"], questions)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a file of questions: {error!r}") from error


def _place(answer: str) -> tuple[str, str]:
    """``src/retry.py::Retry.sleep`` as path and qualified name."""
    path, _, name = answer.partition("::")
    return path, name


def write_pairs(
    folder: Path, clones: Path, output: Path, *, held_out: HeldOut, progress: Callable[[str], None] = lambda _line: None
) -> int:
    """Write questions as training pairs, in the form that mined commits have.

    Args:
        folder: Folder of ``train/*.yaml``.
        clones: Folder with a clone of each repository.
        output: Folder for ``pairs/<owner>__<name>.jsonl``.
        held_out: Repositories that must not be used; those that dev and test questions are about are not, either.
        progress: Called with a line a repository.

    Returns:
        Pairs written.

    Raises:
        ModelError: There are no questions, a file is not of this form, or none of its repositories may be used.
        HistoryError: A clone is missing, or lacks the revision.
    """
    held_out = held_out.including(asked_about())
    count = 0
    files = read_written(folder, "train")
    for number, written in enumerate(files, start=1):
        held = held_out_as(written.repository, held_out)
        if held:
            progress(f"{written.path} is left out: it asks about the held-out repository {held}")
            continue
        rows = list(_rows(find_clone(clones, written.repository), written))
        write_rows(output / "pairs" / f"{file_name(written.repository)}.jsonl", rows)
        count += len(rows)
        lost = len(written.questions) - len(rows)
        said = f"{len(rows):,} pair" + ("" if len(rows) == 1 else "s")
        said += f", {lost:,} whose answer is not there" if lost else ""
        progress(f"[{number}/{len(files)}] {written.repository}: {said}")
    if not count:
        raise ModelError(f"no question in {folder} gives a pair: see the lines above")
    return count


def _rows(repository: GitRepository, written: WrittenFile) -> Iterator[dict[str, Any]]:
    """The pairs of a repository as they are written; a question none of whose answers stands there gives none."""
    revision = repository.commit(written.revision)
    asked = {path for question in written.questions for path, _ in question.answers}
    with BlobReader(repository) as blobs:
        versions = dict(_versions(blobs, revision, sorted(asked)))
    for question in written.questions:
        wanted: dict[str, set[int]] = {}
        for path, name in question.answers:
            if path in versions:
                wanted.setdefault(path, set()).update(_named(versions[path], name))
        places = ((path, at) for path, found in wanted.items() for at in sorted(found))
        answers = [Place(path, versions[path].definitions[at]) for path, at in places]
        if answers:
            others = neighbours(question.ask, [versions[path] for path in wanted], wanted)
            yield {
                "query": question.ask,
                "body": "",
                "named": question.kind == "name",
                "repository": written.repository,
                "answers": [definition_row(place) for place in answers],
                "neighbours": [definition_row(place) for place in others],
            }


def _versions(blobs: BlobReader, revision: str, paths: Sequence[str]) -> Iterator[tuple[str, FileVersion]]:
    """The files of a revision that give definitions.

    Raises:
        HistoryError: A path cannot be asked for.
    """
    for path in paths:
        if "\n" in path:
            raise HistoryError(f"{path!r} cannot be the path of an answer: it holds a line break")
        content = blobs.read(f"{revision}:{path}")
        version = "file missing" if content is None else file_version(path, content, chosen=True)
        if isinstance(version, FileVersion):
            yield path, version


def _named(version: FileVersion, name: str) -> Iterable[int]:
    """Definitions of a file by their qualified name: overloads share one."""
    return (at for at, definition in enumerate(version.definitions) if definition.qualified_name == name)
