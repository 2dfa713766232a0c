"""Questions about a repository at one revision, asked by the commits that came after it."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_indexer.extract import language_of
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts
from cascode_indexer.walk import walk
from cascode_lab.history.checkout import checkout
from cascode_lab.history.files import file_version
from cascode_lab.history.git import GitRepository
from cascode_lab.history.mine import Mined, OnCommit, mine, mine_in_steps
from cascode_lab.history.types import HistoryPair

#: Questions asked of a repository: repositories weigh alike, and the interval over them hardly narrows with more.
MOST_QUESTIONS = 60
#: Fewer say little of a repository: older commits are asked too until there are as many.
ENOUGH_QUESTIONS = 40
#: Usable commits after the revision, tried in turn: the fewer, the nearer the revision is to the newest code. For
#: ``ENOUGH_QUESTIONS``; where more are wanted, as many times more in the end, each ``_GROWTH`` times the one before, as
#: these are.
_STEPS = (80, 120, 180, 270, 400)
_GROWTH = 1.5
#: Candidates read for ``ENOUGH_QUESTIONS``, and as many times more: some five in ten give a pair.
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
    #: Questions that there are, of which ``questions`` may be a part.
    available: int = 0
    #: Whether older commits were not read: there were as many candidates as were allowed.
    is_cut: bool = False

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
    enough: int = ENOUGH_QUESTIONS,
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
    on_commit: OnCommit = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> HistoryQuestions:
    """Find what the commits of a repository ask of it as it was before them.

    Args:
        repository: The repository.
        newest: The newest commit that may ask.
        revision: The revision that is searched; chosen when None, as the nearest one that gives enough questions.
        limit: Keep at most this many, drawn evenly; the same ones on every run.
        enough: A revision with as many questions, or ``limit``, is searched; no older one is tried.
        max_file_bytes: Larger files are not searched, and give no question.
        on_commit: Called with the number of commits examined so far.
        cancelled: Asked after each commit and file; the questions found until then are given.

    Returns:
        The questions, newest first. Every answer stands in the tree of the revision, in a file that is indexed.

    Raises:
        HistoryError: git cannot read the history, or there is no such revision.
    """
    scale = max(1.0, enough / ENOUGH_QUESTIONS)
    candidates = int(_MOST_CANDIDATES * scale)

    def asked_at(base: str, mined: Mined, pairs: Sequence[HistoryPair]) -> HistoryQuestions:
        """The questions at a revision."""
        paths = {place.path for pair in pairs for place in pair.answers}
        standing = _definitions_at(repository, base, paths, max_file_bytes, cancelled)
        return _standing(base, mined, pairs, standing, limit)

    if revision is not None:
        since = repository.commit(revision)
        mined = mine(repository, newest, since=since, limit=candidates, on_commit=on_commit, cancelled=cancelled)
        return asked_at(since, mined, mined.pairs)
    best: HistoryQuestions | None = None
    mined = Mined()
    history = mine_in_steps(
        repository, newest, _steps(scale), limit=candidates, on_commit=on_commit, cancelled=cancelled
    )
    with closing(history):
        for mined in history:
            if not mined.pairs or cancelled():
                break
            base = _before(repository, newest, mined.pairs[-1].commit.sha)
            if base is None:
                break
            after = set(repository.read("rev-list", "--no-merges", newest, f"^{base}", "--").decode().split())
            found = asked_at(base, mined, [pair for pair in mined.pairs if pair.commit.sha in after])
            if best is None or len(found.questions) > len(best.questions):
                best = found
            if len(best.questions) >= min(enough, limit):
                break
    if best is None:
        return HistoryQuestions(repository.commit(newest), (), "", +mined.dropped, is_cut=mined.is_cut)
    return best


def _steps(scale: float) -> Iterator[int]:
    """Usable commits after the revision, tried in turn until there are ``scale`` times as many as usual.

    The first are the same however many are wanted: a young repository, or one that was moved about, has most questions
    that stand near its newest code.
    """
    yield from _STEPS
    most = int(_STEPS[-1] * scale)
    step = _STEPS[-1] * _GROWTH
    while step < most:
        yield int(step)
        step *= _GROWTH
    if most > _STEPS[-1]:
        yield most


def _before(repository: GitRepository, newest: str, oldest: str) -> str | None:
    """The first commit of the main line that the log shows after the oldest commit that may ask.

    By the order of the log, and no commit's time: a wrong clock would put all others after it.
    """
    main = set(repository.read("rev-list", "--first-parent", newest, "--").decode().split())
    passed = False
    with repository.reading("rev-list", newest, "--") as log:
        for line in log:
            sha = line.decode().strip()
            if passed and sha in main:
                return sha
            passed = passed or sha == oldest
    return None


def _standing(
    revision: str, mined: Mined, pairs: Sequence[HistoryPair], standing: Collection[tuple[str, str]], limit: int
) -> HistoryQuestions:
    """The pairs whose answers all stand in the tree of a revision."""
    dropped = Counter(mined.dropped)
    kept = [pair for pair in pairs if all(place.key in standing for place in pair.answers)]
    available = len(kept)
    dropped["answer not in the revision"] = len(pairs) - available
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
        revision,
        questions,
        max(languages, key=lambda language: languages[language], default=""),
        +dropped,
        available,
        mined.is_cut,
    )


def _definitions_at(
    repository: GitRepository,
    revision: str,
    paths: Collection[str],
    max_file_bytes: int,
    cancelled: Callable[[], bool],
) -> set[tuple[str, str]]:
    """Path and qualified name of the definitions of some files, where the indexer would read them."""
    found: set[tuple[str, str]] = set()
    with tempfile.TemporaryDirectory(prefix="cascode-history-") as name:
        folder = Path(name) / "tree"
        checkout(repository, revision, folder, cancelled=cancelled)
        for source in walk(folder, language_of=language_of, skipped=SkipCounts(), max_bytes=max_file_bytes):
            if cancelled():
                break
            if source.path in paths:
                version = file_version(source.path, source.absolute.read_bytes())
                if not isinstance(version, str):
                    found.update((source.path, definition.qualified_name) for definition in version.definitions)
    return found
