"""Mining one repository: its log in, pairs of commit words and changed definitions out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from cascode_lab.corpus.code_filters import MAX_CODE_CHARACTERS, is_test_function
from cascode_lab.corpus.duplicates import query_key
from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.candidates import Candidate, candidate
from cascode_lab.history.files import LACKS_FILE, FileVersion, FileVersions
from cascode_lab.history.git import GitRepository
from cascode_lab.history.log import commits
from cascode_lab.history.message import clean_body
from cascode_lab.history.naming import names
from cascode_lab.history.neighbours import neighbours
from cascode_lab.history.patches import FileHunks, patches
from cascode_lab.history.resolve import changed_definitions, without_containers
from cascode_lab.history.trivial import is_trivial
from cascode_lab.history.types import Commit, HistoryPair, Hunk, Place

#: Candidates taken from a repository, the newest: more of one project teach less than others do, and old code is
#: written in a style that nobody asks for today.
MOST_CANDIDATES = 5_000
#: Definitions that a commit may change; more are a sweep, and each alone is a poor answer.
MOST_ANSWERS = 3
_LACKS_OBJECT = "object missing"
#: Rules by which a commit gives no pair because the clone is not whole.
LACKING_RULES = (_LACKS_OBJECT, LACKS_FILE)

#: Called with the number of commits examined, and of how many; None while the log is read.
OnCommit = Callable[[int, int | None], None]


@dataclass(slots=True)
class Mined:
    """What a repository's history gave."""

    pairs: list[HistoryPair] = field(default_factory=list)
    #: Commits that gave no pair, by rule.
    dropped: Counter[str] = field(default_factory=Counter)
    #: Whether older commits were not read: there were as many candidates as were allowed.
    is_cut: bool = False
    seconds: float = 0.0


def mine(
    repository: GitRepository,
    revision: str = "HEAD",
    *,
    since: str | None = None,
    limit: int = MOST_CANDIDATES,
    enough: int | None = None,
    on_commit: OnCommit = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Mined:
    """Mine a repository's history.

    Args:
        repository: The repository.
        revision: The newest commit.
        since: Leave out this commit and its ancestors.
        limit: Look at the files of at most this many commits, the newest.
        enough: Stop after this many pairs.
        on_commit: Called with the number of commits of the log read so far, then with that of them examined.
        cancelled: Asked after each commit; the pairs found until then are given.

    Returns:
        The pairs, newest first.

    Raises:
        HistoryError: git cannot read the history.
    """
    found = mine_in_steps(
        repository, revision, (enough,), since=since, limit=limit, on_commit=on_commit, cancelled=cancelled
    )
    with closing(found):
        return next(found)


def mine_in_steps(
    repository: GitRepository,
    revision: str,
    steps: Iterable[int | None],
    *,
    since: str | None = None,
    limit: int = MOST_CANDIDATES,
    on_commit: OnCommit = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[Mined, None, None]:
    """Mine a repository's history once, only as far as it is asked for.

    Args:
        repository: The repository.
        revision: The newest commit.
        steps: Numbers of pairs, each larger than the one before; None for all that there are.
        since: As the others for :func:`mine`.
        limit: Look at the files of at most this many commits, the newest.
        on_commit: Called with the number of commits of the log read so far, then with that of them examined.
        cancelled: Asked after each commit; the pairs found until then are given.

    Yields:
        For each step what was found until there were as many pairs; where there are fewer, that is the last.

    Raises:
        HistoryError: git cannot read the history.
    """
    start = time.monotonic()
    mined = Mined()
    with closing(commits(repository, revision, since=since)) as log:
        chosen = _candidates(log, limit, mined.dropped, on_commit, cancelled)
    mined.is_cut = len(chosen) == limit
    waiting = iter(steps)
    step = next(waiting)
    if cancelled():
        yield mined
        return
    with closing(_pairs(repository, chosen)) as results:
        for number, found in enumerate(results, start=1):
            if isinstance(found, str):
                mined.dropped[found] += 1
            else:
                mined.pairs.append(found)
            on_commit(number, len(chosen))
            if cancelled():
                break
            if len(mined.pairs) == step:
                yield replace(
                    mined, pairs=[*mined.pairs], dropped=Counter(mined.dropped), seconds=time.monotonic() - start
                )
                following = next(waiting, 0)
                if following == 0:
                    return
                step = following
    mined.seconds = time.monotonic() - start
    yield mined


def _candidates(
    log: Iterable[Commit], limit: int, dropped: Counter[str], on_commit: OnCommit, cancelled: Callable[[], bool]
) -> list[Candidate]:
    """Commits whose words and files allow a question, newest first."""
    chosen: list[Candidate] = []
    seen: set[str] = set()
    for number, commit in enumerate(log, start=1):
        if cancelled():
            break
        found = candidate(commit)
        if isinstance(found, str):
            dropped[found] += 1
        elif query_key(found.query) in seen:
            dropped["repeated subject"] += 1
        else:
            seen.add(query_key(found.query))
            chosen.append(found)
            if len(chosen) == limit:
                break
        on_commit(number, None)
    return chosen


def _pairs(repository: GitRepository, chosen: Sequence[Candidate]) -> Generator[HistoryPair | str, None, None]:
    """The pair of each candidate, or the rule by which it gives none."""
    by_sha = {kept.commit.sha: kept for kept in chosen}
    with BlobReader(repository) as blobs:
        versions = FileVersions(blobs)
        for sha, hunks in patches(repository, list(by_sha)):
            yield _LACKS_OBJECT if hunks is None else _pair(by_sha[sha], hunks, versions)


def _pair(found: Candidate, hunks: FileHunks, versions: FileVersions) -> HistoryPair | str:
    """Resolve a candidate's changes to definitions."""
    files: list[FileVersion] = []
    changed: dict[str, set[int]] = {}
    real: dict[str, list[Hunk]] = {}
    for change in found.files:
        lines = hunks.get((change.old_blob, change.new_blob), ())
        real[change.path] = [hunk for hunk in lines if not is_trivial(hunk)]
    if not any(real.values()):
        return "comments or layout only"
    for change in found.files:
        version = versions.get(change.path, change.old_blob)
        if isinstance(version, str):
            return version
        files.append(version)
        after = partial(versions.get, change.path, change.new_blob)
        changed[version.path] = changed_definitions(version, real[version.path], after)
    answers = without_containers(
        [
            Place(file.path, file.definitions[index])
            for file in files
            for index in sorted(changed[file.path])
            if not is_test_function(file.definitions[index].qualified_name)
        ]
    )
    if not answers:
        return "no definition changed"
    if len(answers) > MOST_ANSWERS:
        return "too many definitions"
    if any(len(place.definition.code) > MAX_CODE_CHARACTERS for place in answers):
        return "code too long"
    return HistoryPair(
        query=found.query,
        body=clean_body(found.commit.message),
        named=any(names(found.query, place.definition) for place in answers),
        commit=found.commit,
        answers=answers,
        neighbours=neighbours(found.query, files, changed),
    )
