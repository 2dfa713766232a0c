"""Pairs out of commits: what people wrote about a change, and the definitions that they changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_models.errors import ModelError

#: Characters of a definition and of a message that are kept: more than three passages, the most that a preset reads.
KEPT_CHARACTERS = 1_600
#: Untouched definitions kept with a pair: training shows one or two, the others vary them from pass to pass.
KEPT_NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class HistoryDefinition:
    """A definition as it stood before the commit."""

    #: Repository, path and qualified name: the same before every commit.
    identity: str
    name: str
    language: str
    #: Without its doc comment, which stands apart.
    code: str
    doc: str


@dataclass(frozen=True, slots=True)
class HistoryPair:
    """The words of a commit and the definitions that it changed."""

    #: Subject, without prefix and issue number.
    query: str
    #: Rest of the message; empty where there is none.
    body: str
    repository: str
    #: All of them right.
    answers: tuple[HistoryDefinition, ...]
    #: Untouched definitions of the same files: wrong ones that a search would confuse with the answers.
    neighbours: tuple[HistoryDefinition, ...]

    @property
    def language(self) -> str:
        """Language of the first answer."""
        return self.answers[0].language

    @property
    def package(self) -> str:
        """What its pairs are each other's negatives in."""
        return self.repository


def read_history(folder: Path, dev_repositories: int = 0) -> tuple[list[HistoryPair], list[HistoryPair]]:
    """Read the pairs of a folder of mined histories.

    Args:
        folder: Folder of ``<owner>__<name>.jsonl``, or one that holds it as ``pairs``.
        dev_repositories: Repositories kept apart, chosen by a hash of their names.

    Returns:
        Training pairs and dev pairs, in the order of the files' names and lines.

    Raises:
        ModelError: A line is not a history pair.
    """
    folder = folder / "pairs" if (folder / "pairs").is_dir() else folder
    paths = sorted(folder.glob("*.jsonl"))
    apart = sorted(paths, key=lambda path: hashlib.sha256(path.stem.encode()).digest())[:dev_repositories]
    # Most definitions stand unchanged beside many commits: equal texts are kept once.
    texts: dict[str, str] = {}
    train: list[HistoryPair] = []
    dev: list[HistoryPair] = []
    for path in paths:
        into = dev if path in apart else train
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    pair = _pair(json.loads(line), texts)
                except (ValueError, KeyError, TypeError) as error:
                    raise ModelError(f"{path}:{number} is not a history pair ({error!r}): mine it again") from error
                if pair.query and pair.answers:
                    into.append(pair)
    return train, dev


def _pair(row: Mapping[str, Any], texts: dict[str, str]) -> HistoryPair:
    """A pair of a row."""
    repository = str(row["repository"])
    return HistoryPair(
        query=str(row["query"]),
        body=str(row["body"])[:KEPT_CHARACTERS],
        repository=texts.setdefault(repository, repository),
        answers=_definitions(row["answers"], repository, texts),
        neighbours=_definitions(row["neighbours"][:KEPT_NEIGHBOURS], repository, texts),
    )


def _definitions(
    rows: Iterable[Mapping[str, Any]], repository: str, texts: dict[str, str]
) -> tuple[HistoryDefinition, ...]:
    """Definitions of a row's list; ``texts`` holds each text once."""

    def once(text: str) -> str:
        return texts.setdefault(text, text)

    return tuple(
        HistoryDefinition(
            identity=once(f"{repository}/{row['path']}:{row['name']}"),
            name=once(str(row["name"])),
            language=once(str(row["language"])),
            code=once(str(row["code"])[:KEPT_CHARACTERS]),
            doc=once(str(row["doc"] or "")[:KEPT_CHARACTERS]),
        )
        for row in rows
    )
