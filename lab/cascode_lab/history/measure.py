"""The search measured on a repository's own history: commits ask it for what they went on to change.

The tree of a revision before all of those commits is written into a temporary folder and searched as it is,
documentation included: the questions come from elsewhere.
"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.indexing.types import Cancelled, OnProgress
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES
from cascode_lab.history.checkout import checkout
from cascode_lab.history.git import GitRepository
from cascode_lab.history.mine import LACKING_RULES, OnCommit
from cascode_lab.history.questions import ENOUGH_QUESTIONS, HistoryQuestion, HistoryQuestions, questions_of
from cascode_lab.own_code.asking import (
    FEWEST_QUESTIONS,
    OnQuestion,
    Outcome,
    ask,
    measured_depth,
    measured_reading,
    parse_files,
)

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

#: Questions asked by default: some two hundred commits back most of the code is as it is today.
DEFAULT_LIMIT = 100
#: Ranks that count (MRR@10): nobody reads on below.
DEPTH = 10


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question with what is encoded of its answers."""

    question: HistoryQuestion
    texts: frozenset[str]

    @property
    def query(self) -> str:
        """What is asked."""
        return self.question.query


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """How well a repository's commits find what they changed."""

    folder: Path
    #: The revision that was searched, what could be asked, and what became of the other commits.
    found: HistoryQuestions
    #: How to get more of the repository where the clone is not whole; empty where nothing is known to lack.
    advice: str
    files: int
    definitions: int
    #: None where there are too few questions.
    outcomes: tuple[Outcome[AnsweredQuestion], ...]
    #: Candidates whose texts the classifier read for each question; 0 where that does not help, or states are kept.
    rerank_top: int
    #: What ranked, in words.
    reading: str
    cancelled: bool = False


def measure_history(
    folder: Path,
    model: CasCodeModel,
    *,
    revision: str | None = None,
    limit: int = DEFAULT_LIMIT,
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
    on_commit: OnCommit = lambda _done, _total: None,
    on_progress: OnProgress = lambda _progress: None,
    on_question: OnQuestion = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> HistoryReport:
    """Measure the search on a repository.

    Args:
        folder: A clone or a bare repository; its work tree and its index are left alone.
        model: The model.
        revision: What is searched; the commits after it ask. Chosen when None, as near as enough commits allow.
        limit: Ask at most this many questions, drawn evenly; the same ones on every run. A revision is chosen that
            gives as many where there is one.
        max_file_bytes: Larger files are left out.
        on_commit: Called with the number of commits read so far.
        on_progress: Called with the progress of reading and encoding.
        on_question: Called with the number of questions asked so far.
        cancelled: Asked between small pieces of work; what was encoded until then is kept in the cache.

    Returns:
        The report; without outcomes where there are fewer than ``FEWEST_QUESTIONS`` questions.

    Raises:
        HistoryError: The folder is no repository, or has no such revision.
        IndexStoreError: The temporary index or the vector cache cannot be written.
    """
    repository = GitRepository.open(folder)
    found = questions_of(
        repository,
        revision=revision,
        limit=limit,
        enough=max(ENOUGH_QUESTIONS, limit),
        max_file_bytes=max_file_bytes,
        on_commit=on_commit,
        cancelled=cancelled,
    )
    report = HistoryReport(
        folder,
        found,
        _advice(repository, found),
        files=0,
        definitions=0,
        outcomes=(),
        rerank_top=measured_depth(model),
        reading=measured_reading(model),
        cancelled=cancelled(),
    )
    if report.cancelled or len(found.questions) < FEWEST_QUESTIONS:
        return report
    with tempfile.TemporaryDirectory(prefix="cascode-history-") as name:
        root = Path(name).resolve() / "tree"
        checkout(repository, found.revision, root, cancelled=cancelled)
        files = parse_files(root, max_file_bytes, on_progress, cancelled)
        texts: dict[tuple[str, str], set[str]] = {}
        for file in files:
            for definition, text in zip(file.definitions, file.texts, strict=True):
                texts.setdefault((file.source.path, definition.qualified_name), set()).add(text)
        questions = [
            AnsweredQuestion(
                question, frozenset(text for path, name, _ in question.answers for text in texts.get((path, name), ()))
            )
            for question in found.questions
        ]
        outcomes = ask(
            root,
            files,
            questions,
            model,
            max_file_bytes=max_file_bytes,
            on_progress=on_progress,
            on_question=on_question,
            cancelled=cancelled,
        )
    return dataclasses.replace(
        report,
        files=len(files),
        definitions=sum(len(file.definitions) for file in files),
        outcomes=outcomes,
        cancelled=cancelled(),
    )


def _advice(repository: GitRepository, found: HistoryQuestions) -> str:
    """How to get what a clone lacks, where the lack of it was felt or may be."""
    if any(found.dropped[rule] for rule in LACKING_RULES) and repository.is_partial():
        return repository.advice()
    return repository.advice_on_history()
