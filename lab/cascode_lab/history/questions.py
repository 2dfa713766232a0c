"""Questions about a repository at one revision, asked by the commits that came after it."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_indexer.extract import language_of
from cascode_indexer.types import SkipCounts
from cascode_indexer.walk import walk
from cascode_lab.history.checkout import checkout
from cascode_lab.history.files import file_version
from cascode_lab.history.git import GitRepository
from cascode_lab.history.mine import Mined, OnCommit, mine
from cascode_lab.history.types import HistoryPair

#: Questions asked of a repository: repositories weigh alike, and the interval over them hardly narrows with more.
MOST_QUESTIONS = 60
#: Fewer say little of a repository: older commits are asked too until there are as many.
ENOUGH_QUESTIONS = 40
#: Usable commits after the revision, tried in turn: the fewer, the nearer the revision is to the newest code.
_STEPS = (80, 120, 180, 270, 400)
#: Candidates read: some five in ten give a pair.
_MOST_CANDIDATES = 1_000
#: Draws the questions: every run and every model must be asked the same.
_SEED = 20261128


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """A question and where its answers stand at the revision."""

    query: str
    body: str
    named: bool
    commit: str
    #: Path, qualified name and kind.
    answers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class HistoryQuestions:
    """What a repository is asked."""

    #: Full name of the commit whose tree is searched; an ancestor of none of the commits that ask.
    revision: str
    questions: tuple[HistoryQuestion, ...]
    #: Language of most answers.
    language: str
    #: Commits that ask nothing, by rule.
    dropped: Counter[str]

    def content(self, repository: str, split: str) -> dict[str, Any]:
        """The questions as they are written."""
        return {
            "repository": repository,
            "revision": self.revision,
            "split": split,
            "language": self.language,
            "questions": [
                {
                    "query": question.query,
                    "body": question.body,
                    "named": question.named,
                    "commit": question.commit,
                    "answers": [{"path": path, "name": name, "kind": kind} for path, name, kind in question.answers],
                }
                for question in self.questions
            ],
        }


def questions_of(
    repository: GitRepository,
    newest: str = "HEAD",
    *,
    revision: str | None = None,
    limit: int = MOST_QUESTIONS,
    on_commit: OnCommit = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> HistoryQuestions:
    """Find what the commits of a repository ask of it as it was before them.

    Args:
        repository: The repository.
        newest: The newest commit that may ask.
        revision: The revision that is searched; chosen when None, as the nearest one that gives enough questions.
        limit: Keep at most this many, drawn evenly; the same ones on every run.
        on_commit: Called with the number of commits examined so far.
        cancelled: Asked after each commit; the questions found until then are given.

    Returns:
        The questions, newest first. Every answer stands in the tree of the revision, in a file that is indexed.

    Raises:
        HistoryError: git cannot read the history, or there is no such revision.
    """
    if revision is not None:
        since = repository.commit(revision)
        mined = mine(repository, newest, since=since, limit=_MOST_CANDIDATES, on_commit=on_commit, cancelled=cancelled)
        return _at(repository, since, mined, mined.pairs, limit)
    best = HistoryQuestions(repository.commit(newest), (), "", Counter())
    for step in _STEPS:
        mined = mine(repository, newest, limit=_MOST_CANDIDATES, enough=step, on_commit=on_commit, cancelled=cancelled)
        base = _before(repository, newest, min((pair.commit.time for pair in mined.pairs), default=0))
        if base is None or cancelled():
            break
        after = set(repository.read("rev-list", "--no-merges", newest, f"^{base}", "--").decode().split())
        found = _at(repository, base, mined, [pair for pair in mined.pairs if pair.commit.sha in after], limit)
        best = max(best, found, key=lambda attempt: len(attempt.questions))
        if len(best.questions) >= min(ENOUGH_QUESTIONS, limit) or len(mined.pairs) < step:
            break
    return best


def _before(repository: GitRepository, newest: str, time: int) -> str | None:
    """The newest commit of the main line that is older than a time."""
    found = repository.read("rev-list", "--first-parent", "-n", "1", f"--before={time - 1}", newest, "--")
    return found.decode().strip() or None


def _at(
    repository: GitRepository, revision: str, mined: Mined, pairs: Sequence[HistoryPair], limit: int
) -> HistoryQuestions:
    """The pairs whose answers all stand in the tree of a revision."""
    dropped = Counter(mined.dropped)
    standing = _definitions_at(repository, revision, {place.path for pair in pairs for place in pair.answers})
    kept = [pair for pair in pairs if all(place.key in standing for place in pair.answers)]
    dropped["answer not in the revision"] = len(pairs) - len(kept)
    if len(kept) > limit:
        chosen = sorted(random.Random(_SEED).sample(range(len(kept)), limit))  # noqa: S311  no secret
        kept = [kept[at] for at in chosen]
    languages = Counter(place.definition.language for pair in kept for place in pair.answers)
    questions = tuple(
        HistoryQuestion(
            pair.query,
            pair.body,
            pair.named,
            pair.commit.sha,
            tuple(
                dict.fromkeys(
                    (place.path, place.definition.qualified_name, place.definition.kind.value) for place in pair.answers
                )
            ),
        )
        for pair in kept
    )
    return HistoryQuestions(
        revision, questions, max(languages, key=lambda language: languages[language], default=""), +dropped
    )


def _definitions_at(repository: GitRepository, revision: str, paths: Collection[str]) -> set[tuple[str, str]]:
    """Path and qualified name of the definitions of some files, where the indexer would read them."""
    found: set[tuple[str, str]] = set()
    with tempfile.TemporaryDirectory(prefix="cascode-history-") as name:
        folder = Path(name) / "tree"
        checkout(repository, revision, folder)
        for source in walk(folder, language_of=language_of, skipped=SkipCounts()):
            if source.path in paths:
                version = file_version(source.path, source.absolute.read_bytes())
                if not isinstance(version, str):
                    found.update((source.path, definition.qualified_name) for definition in version.definitions)
    return found
