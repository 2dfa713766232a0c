"""Mining many repositories into a folder: a repository at a time, and none twice."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascode_lab.corpus.errors import CorpusError
from cascode_lab.corpus.manifest import reserved_package_of
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import Split
from cascode_lab.history.clones import find_clone, held_out_as, repository_name
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository
from cascode_lab.history.manifest import asked_about, check_held_out, load_manifest
from cascode_lab.history.mine import MOST_CANDIDATES, mine
from cascode_lab.history.output import file_name, repository_of, write_json, write_rows
from cascode_lab.history.questions import questions_of

logger = logging.getLogger(__name__)

#: What a run found, for one repository: as in ``summary.json``.
Summary = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Job:
    """One repository to mine."""

    name: str
    open: Callable[[], GitRepository]
    revision: str
    split: Split


def mine_clones(
    folders: Sequence[Path],
    output: Path,
    *,
    held_out: HeldOut,
    limit: int = MOST_CANDIDATES,
    progress: Callable[[str], None] = lambda _line: None,
) -> Summary:
    """Write the pairs of clones, each with all of its history.

    Args:
        folders: Clones or bare repositories.
        output: Folder for ``pairs`` and ``summary.json``.
        held_out: Repositories that must not be used; those that questions are asked about, and those whose packages
            are kept for evaluation, are not, either. Pairs of theirs that an earlier run wrote go.
        limit: Look at the files of at most this many commits of a repository, the newest.
        progress: Called with one line per repository.

    Returns:
        The summary, as in ``summary.json``.

    Raises:
        HistoryError: A folder is not a repository.
        CorpusError: None of them may be used or gives a pair.
    """
    jobs = []
    held_out = held_out.including(asked_about())
    for folder in folders:
        repository = GitRepository.open(folder)
        name = repository_name(repository)
        reason = _kept_apart(name, held_out)
        if reason:
            progress(f"{folder} is left out: {reason}")
            continue
        jobs.append(_Job(name, lambda repository=repository: repository, "HEAD", Split.TRAIN))  # type: ignore[misc]
    return _run(jobs, output, held_out, limit, progress)


def _kept_apart(repository: str, held_out: HeldOut) -> str | None:
    """Why nothing of a repository may be trained on; None where it may."""
    held = held_out_as(repository, held_out)
    if held:
        return f"it is the held-out repository {held}"
    reserved = reserved_package_of(repository)
    return f"it holds the sources of {reserved}, a package kept for evaluation" if reserved else None


def mine_manifest(
    manifest: Path | None,
    clones: Path,
    output: Path,
    *,
    held_out: HeldOut,
    limit: int = MOST_CANDIDATES,
    progress: Callable[[str], None] = lambda _line: None,
) -> Summary:
    """Write pairs of a manifest's training repositories and questions about the others.

    Args:
        manifest: YAML file; the one shipped with the package when None.
        clones: Folder with a clone of each repository.
        output: Folder for ``pairs``, ``questions`` and ``summary.json``.
        held_out: Repositories that must not be used.
        limit: Look at the files of at most this many commits of a training repository, the newest.
        progress: Called with one line per repository.

    Returns:
        The summary, as in ``summary.json``; it names the repositories that could not be read.

    Raises:
        ManifestError: The manifest cannot be used, or names a held-out repository.
        CorpusError: None of its repositories could be read.
    """
    entries = load_manifest(manifest)
    check_held_out(entries, held_out)
    jobs = [
        _Job(entry.repository, lambda name=entry.repository: find_clone(clones, name), entry.revision, entry.split)  # type: ignore[misc]
        for entry in entries
    ]
    named = {file_name(entry.repository) for entry in entries}
    others = sorted(path.name for path in (output / "pairs").glob("*.jsonl") if path.stem not in named)
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3:,} more" if len(others) > 3 else "")
        progress(f"{output / 'pairs'} has pairs beside those of the manifest, which training reads too: {shown}")
    return _run(jobs, output, held_out.including(asked_about()), limit, progress)


def _run(jobs: Sequence[_Job], output: Path, held_out: HeldOut, limit: int, progress: Callable[[str], None]) -> Summary:
    """Mine what was not mined before; the summary is brought up to date after each repository."""
    path = output / "summary.json"
    before: Summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    repositories: dict[str, Summary] = before.get("repositories", {})
    if _remove_pairs(jobs, output, held_out, repositories, progress):
        write_json(path, _summary(repositories, before.get("failed", {})))
    failed: dict[str, str] = {}
    done = 0
    for number, job in enumerate(jobs, start=1):
        try:
            found = _mine(job, output, limit, repositories.get(job.name))
        except HistoryError as error:
            logger.warning("%s is left out: %s", job.name, error)
            failed[job.name] = str(error)
            continue
        done += 1
        repositories[job.name] = found
        write_json(path, _summary(repositories, failed))
        what = "pairs" if job.split is Split.TRAIN else "questions"
        progress(f"[{number}/{len(jobs)}] {job.name}: {found['count']} {what}")
    if not done:
        reason = next(iter(failed.values()), "all are held out")
        raise CorpusError(f"None of the repositories could be mined ({reason}): name clones of others.")
    summary = _summary(repositories, failed)
    write_json(path, summary)
    return summary


def _remove_pairs(
    jobs: Sequence[_Job],
    output: Path,
    held_out: HeldOut,
    repositories: dict[str, Summary],
    progress: Callable[[str], None],
) -> bool:
    """Remove the pairs of an earlier run that may no longer be trained on: training reads all that lie there.

    Returns:
        Whether there were any.
    """
    splits = {job.name: job.split for job in jobs}
    is_any = False
    for path in sorted((output / "pairs").glob("*.jsonl")):
        name = repository_of(path.stem)
        split = splits.get(name)
        if split is None:
            reason = _kept_apart(name, held_out)
        else:  # one to train on was checked when it became a job
            reason = None if split is Split.TRAIN else "questions are asked about it"
        if reason:
            path.unlink()
            repositories.pop(name, None)
            progress(f"{path} is removed: {reason}")
            is_any = True
    return is_any


def _mine(job: _Job, output: Path, limit: int, before: Summary | None) -> Summary:
    """Mine one repository, unless the same was asked of it before."""
    repository = job.open()
    revision = repository.commit(job.revision)
    asked = {"revision": revision, "split": job.split.value, "limit": limit if job.split is Split.TRAIN else None}
    train = job.split is Split.TRAIN
    path = output / ("pairs" if train else "questions") / f"{file_name(job.name)}{'.jsonl' if train else '.json'}"
    if before is not None and path.exists() and asked.items() <= before.items():
        return before
    if train:
        mined = mine(repository, revision, limit=limit)
        languages = Counter(pair.answers[0].definition.language for pair in mined.pairs)
        named, count, dropped = sum(pair.named for pair in mined.pairs), len(mined.pairs), mined.dropped
        write_rows(path, (pair.row(job.name) for pair in mined.pairs))
    else:
        found = questions_of(repository, revision)
        languages = Counter({found.language: len(found.questions)})
        named, count, dropped = sum(question.named for question in found.questions), len(found.questions), found.dropped
        write_json(path, found.content(job.name, job.split.value))
    return {
        **asked,
        "count": count,
        "named": named,
        "languages": dict(languages.most_common()),
        "dropped": dict(dropped.most_common()),
    }


def _summary(repositories: dict[str, Summary], failed: dict[str, str]) -> Summary:
    """Counts of each language and split, of each rule, and of each repository."""
    languages: dict[str, Counter[str]] = {}
    dropped: Counter[str] = Counter()
    for repository in repositories.values():
        for language, count in repository["languages"].items():
            languages.setdefault(language, Counter())[repository["split"]] += count
        dropped.update(repository["dropped"])
    return {
        "languages": {language: dict(counts) for language, counts in sorted(languages.items())},
        "dropped": dict(dropped.most_common()),
        "failed": dict(sorted(failed.items())),
        "repositories": dict(sorted(repositories.items())),
    }


def summary_table(summary: Summary) -> str:
    """Lay out the counts of a summary as a plain table, one language a line."""
    splits = [split.value for split in Split]
    rows = [("language", "pairs", "dev questions", "test questions")]
    rows += [
        (language, *(f"{counts.get(split, 0):,}" for split in splits))
        for language, counts in summary["languages"].items()
    ]
    totals = (sum(counts.get(split, 0) for counts in summary["languages"].values()) for split in splits)
    rows.append(("all", *(f"{total:,}" for total in totals)))  # type: ignore[arg-type]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
