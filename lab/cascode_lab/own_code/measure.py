"""The search measured on a person's own workspace: the documentation of its functions asks for them.

Everything is the real thing, except that the documentation is taken out of what is indexed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.indexing.types import Cancelled, OnProgress
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts
from cascode_indexer.walk import checked_root
from cascode_lab.own_code.asking import (
    FEWEST_QUESTIONS,
    OnQuestion,
    Outcome,
    ask,
    draw,
    mean_reciprocal_rank,
    measured_depth,
    measured_reading,
    parse_files,
)
from cascode_lab.own_code.questions import Question, questions_of, without_docs

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

#: Questions asked by default: the mean's 95 % interval is then about 0.04 wide on either side.
DEFAULT_LIMIT = 500


@dataclass(frozen=True, slots=True)
class OwnCodeReport:
    """How well a workspace's functions are found."""

    root: Path
    files: int
    #: Functions searched: all of the workspace but those that are nothing but documentation.
    definitions: int
    #: Questions that the workspace has; ``outcomes`` has no more than the limit of them.
    questions: int
    #: Functions that give no question, by reason.
    unusable: Mapping[str, int]
    #: Files and folders that were not read, by reason.
    skipped: SkipCounts
    outcomes: tuple[Outcome[Question], ...]
    #: Candidates whose texts the classifier read for each question; 0 where that does not help, or states are kept.
    rerank_top: int
    #: What ranked, in words.
    reading: str
    cancelled: bool = False

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank; a function that is not a candidate counts 0."""
        return mean_reciprocal_rank(self.outcomes)


def measure_own_code(
    root: Path,
    model: CasCodeModel,
    *,
    limit: int = DEFAULT_LIMIT,
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
    on_progress: OnProgress = lambda _progress: None,
    on_question: OnQuestion = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> OwnCodeReport:
    """Measure the search on a workspace.

    Args:
        root: The workspace.
        model: The model.
        limit: Ask at most this many questions, drawn evenly; the same ones on every run.
        max_file_bytes: Larger files are left out.
        on_progress: Called with the progress of reading and encoding.
        on_question: Called with the number of questions asked so far.
        cancelled: Asked between small pieces of work; what was encoded until then is kept in the cache.

    Returns:
        The report; without outcomes where there are fewer than ``FEWEST_QUESTIONS`` questions.

    Raises:
        WorkspaceError: The workspace cannot be walked.
        IndexStoreError: The temporary index or the vector cache cannot be written.
    """
    root = checked_root(root)
    skipped = SkipCounts()
    files = parse_files(root, max_file_bytes, on_progress, cancelled, skipped)
    found = questions_of(files)
    bare = [without_docs(file) for file in files]
    report = OwnCodeReport(
        root,
        files=len(files),
        definitions=sum(len(file.definitions) for file in bare),
        questions=len(found.questions),
        unusable={reason.value: count for reason, count in found.unusable.most_common()},
        skipped=skipped,
        outcomes=(),
        rerank_top=measured_depth(model),
        reading=measured_reading(model),
        cancelled=cancelled(),
    )
    if report.cancelled or report.questions < FEWEST_QUESTIONS:
        return report
    outcomes = ask(
        root,
        bare,
        draw(found.questions, limit),
        model,
        max_file_bytes=max_file_bytes,
        on_progress=on_progress,
        on_question=on_question,
        cancelled=cancelled,
    )
    return dataclasses.replace(report, outcomes=outcomes, cancelled=cancelled())
