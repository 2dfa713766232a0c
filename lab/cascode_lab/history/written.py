"""Questions worded as people ask about repositories: reading their files, and making training pairs of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cascode_lab.corpus.code_filters import VENDORED, path_rejected
from cascode_lab.corpus.manifest import reserved_package_of
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.clones import find_clone, held_out_as
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.files import FileVersion, file_version
from cascode_lab.history.git import GitRepository
from cascode_lab.history.manifest import REVISION, asked_about
from cascode_lab.history.neighbours import neighbours
from cascode_lab.history.output import file_name, write_rows
from cascode_lab.history.types import Place, definition_row
from cascode_models.errors import ModelError

#: What sorts of questions there are.
KINDS = ("task", "where", "symptom", "type", "words", "name")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question and where its answers stand."""

    ask: str
    #: One of :data:`KINDS`.
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
        ModelError: There are none, a file is not of this form, or two are about one repository.
    """
    paths = sorted((folder / split).glob("*.yaml"))
    if not paths:
        raise ModelError(f"no {split} questions in {folder}: it needs {split}/*.yaml")
    files = [_read(path) for path in paths]
    first: dict[str, Path] = {}
    for file in files:
        other = first.setdefault(file.repository.lower(), file.path)
        if other != file.path:
            raise ModelError(f"{file.path} and {other} are both about {file.repository}: make one file of them")
    return files


def _read(path: Path) -> WrittenFile:
    """Read one file."""
    try:
        # The C reader takes a tenth of the time, where it is there.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        written: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe one
        repository, revision = written["repository"], written["revision"]
        if not isinstance(repository, str) or not _REPOSITORY.fullmatch(repository):
            raise ValueError(f"'repository' must be owner/name, and is {repository!r}")
        if not isinstance(revision, str) or not REVISION.fullmatch(revision):
            raise ValueError(f"'revision' must be the full name of a commit, in quotes, and is {revision!r}")
        return WrittenFile(path, repository, revision, tuple(map(_question, written["questions"])))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check the file") from error
    except ValueError as error:
        raise ModelError(f"{path} is not a file of questions: {error}") from error
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a file of questions: {error!r}") from error


def _question(row: dict[str, Any]) -> WrittenQuestion:
    """Check one question.

    Raises:
        ValueError: A part is missing or of another form.
    """
    ask, answers = row["ask"], row["answers"]
    if not isinstance(ask, str) or not ask.strip():
        raise ValueError(f"'ask' must be words, and is {ask!r}")
    if row["kind"] not in KINDS:
        raise ValueError(f"{ask!r} is of kind {row['kind']!r}, and must be one of {', '.join(KINDS)}")
    if not isinstance(answers, list) or not answers:
        raise ValueError(f"{ask!r} needs a list of answers")
    return WrittenQuestion(ask, row["kind"], tuple(_place(answer, ask) for answer in answers))


def _place(answer: str, ask: str) -> tuple[str, str]:
    """``src/retry.py::Retry.sleep`` as path and qualified name."""
    path, _, name = str(answer).partition("::")
    if not path or not name:
        raise ValueError(f"{ask!r} is answered by {answer!r}, which must be 'path::qualified name'")
    return path, name


@dataclass(slots=True)
class WrittenPairs:
    """What :func:`write_pairs` made of the questions."""

    pairs: int = 0
    #: Questions none of whose answers stands where it was said to.
    lost: int = 0
    #: Repositories that gave none, with the reason.
    left_out: dict[str, str] = field(default_factory=dict)


def write_pairs(
    folder: Path, clones: Path, output: Path, *, held_out: HeldOut, progress: Callable[[str], None] = lambda _line: None
) -> WrittenPairs:
    """Write questions as training pairs, in the form that mined commits have.

    Args:
        folder: Folder of ``train/*.yaml``.
        clones: Folder with a clone of each repository.
        output: Folder for ``pairs/<owner>__<name>.jsonl``; files of repositories that are left out go.
        held_out: Repositories that must not be used. Nor are those that dev and test questions are about, and those
            whose packages are kept for evaluation.
        progress: Called with a line a repository.

    Raises:
        ModelError: There are no questions, a file is not of this form, or no repository gives a pair.
    """
    held_out = held_out.including(asked_about())
    found = WrittenPairs()
    files = read_written(folder, "train")
    for number, written in enumerate(files, start=1):
        path = output / "pairs" / f"{file_name(written.repository)}.jsonl"
        try:
            rows = list(_checked_rows(clones, written, held_out))
        except HistoryError as error:
            found.left_out[written.repository] = str(error)
            path.unlink(missing_ok=True)
            progress(f"{written.path} is left out: {error}")
            continue
        write_rows(path, rows)
        lost = len(written.questions) - len(rows)
        found.pairs += len(rows)
        found.lost += lost
        said = f"{len(rows):,} pair" + ("" if len(rows) == 1 else "s")
        said += f", {lost:,} whose answer is not there" if lost else ""
        progress(f"[{number}/{len(files)}] {written.repository}: {said}")
    if not found.pairs:
        raise ModelError(f"no question in {folder} gives a pair: see the lines above")
    return found


def _checked_rows(clones: Path, written: WrittenFile, held_out: HeldOut) -> Iterator[dict[str, Any]]:
    """The pairs of a repository that may be used.

    Raises:
        HistoryError: It must not be used, or its clone or the revision is missing.
    """
    held = held_out_as(written.repository, held_out)
    if held:
        raise HistoryError(f"it asks about the held-out repository {held}")
    reserved = reserved_package_of(written.repository)
    if reserved:
        raise HistoryError(f"it asks about the sources of {reserved}, a package kept for evaluation")
    yield from _rows(find_clone(clones, written.repository), written)


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
        if path_rejected(path) == VENDORED:  # what is a copy of another project may be one that is asked about
            continue
        content = blobs.read(f"{revision}:{path}")
        version = "file missing" if content is None else file_version(path, content, chosen=True)
        if isinstance(version, FileVersion):
            yield path, version


def _named(version: FileVersion, name: str) -> Iterable[int]:
    """Definitions of a file by their qualified name: overloads share one."""
    return (at for at, definition in enumerate(version.definitions) if definition.qualified_name == name)
