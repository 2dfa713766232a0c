"""The search measured on a person's own workspace: the documentation of its functions asks for them.

Everything is the real thing (walk, extraction, store, full-text search, vectors, ranking, classifier), except that
the documentation is taken out of what is indexed. The index is temporary; vectors come from and go to the shared
cache, so that a second run encodes nothing.
"""

from __future__ import annotations

import dataclasses
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.extract import language_of
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.indexing.types import Cancelled, IndexProgress, OnProgress
from cascode_indexer.indexing.update import Updater
from cascode_indexer.location import IndexLocation, vector_cache_path
from cascode_indexer.search.pipeline import rankings
from cascode_indexer.search.request import query_of
from cascode_indexer.search.sources import CANDIDATES, IndexSource
from cascode_indexer.search.stages import rerank_depth, stages_of
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.search.vectors import WorkspaceVectors
from cascode_indexer.store.store import Store
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts, SkipReason
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.walk import checked_root, read_bytes, walk
from cascode_lab.own_code.questions import Question, questions_of, without_docs

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

#: Questions asked unless told otherwise: the mean's 95 % interval is then about 0.04 wide on either side.
DEFAULT_LIMIT = 500
#: Fewer questions say nothing: one lucky hit moves the mean by a tenth.
FEWEST_QUESTIONS = 10
#: All that the two halves of the fast stage can bring: the rank of the answer is wanted, however deep it lies.
_EVERY_CANDIDATE = 2 * CANDIDATES
#: An answer that was not found at all lies deeper than this: each half of the fast stage has as many candidates.
DEEPEST_RANK = CANDIDATES
#: Files stored in one transaction.
_FILES_A_BATCH = 64

#: Told how many questions were asked, and of how many.
OnQuestion = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search gave for one question."""

    question: Question
    #: From 1; None where the function was not among the candidates at all.
    rank: int | None
    #: What came first: path, qualified name and first line.
    first: tuple[str, str, int] | None


@dataclass(frozen=True, slots=True)
class OwnCodeReport:
    """How well a workspace's functions are found."""

    root: Path
    files: int
    #: Functions searched: all of the workspace but those that are nothing but documentation.
    functions: int
    #: Questions that the workspace has; ``outcomes`` has no more than the limit of them.
    questions: int
    #: Functions that give no question, by reason.
    unusable: Mapping[str, int]
    outcomes: tuple[Outcome, ...]
    #: Candidates that the classifier read for each question; 0 where it does not help.
    rerank_top: int
    cancelled: bool = False

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank; a function that is no candidate counts 0."""
        return sum(1 / one.rank for one in self.outcomes if one.rank) / max(len(self.outcomes), 1)

    def recall(self, depth: int) -> float:
        """Share of the questions whose function is among the first ``depth`` hits."""
        return sum(one.rank is not None and one.rank <= depth for one in self.outcomes) / max(len(self.outcomes), 1)

    def misses(self) -> list[Outcome]:
        """Questions whose function did not come first, the worst ones first."""
        wrong = [one for one in self.outcomes if one.rank != 1]
        return sorted(wrong, key=lambda one: -(one.rank or float("inf")))


def measure_own_code(
    root: Path,
    model: CasCodeModel,
    *,
    limit: int = DEFAULT_LIMIT,
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
    on_progress: OnProgress | None = None,
    on_question: OnQuestion | None = None,
    cancelled: Cancelled = lambda: False,
) -> OwnCodeReport:
    """Measure the search on a workspace.

    Args:
        root: The workspace.
        model: The model.
        limit: Ask at most this many questions, drawn evenly; the same ones on every run.
        max_file_bytes: Larger files are left out.
        on_progress: Told how far reading and encoding have come.
        on_question: Told how many questions were asked.
        cancelled: Asked between small pieces of work; what was encoded until then is kept in the cache.

    Returns:
        The report; without outcomes where there are fewer than ``FEWEST_QUESTIONS`` questions.

    Raises:
        WorkspaceError: The workspace cannot be walked.
        IndexStoreError: The temporary index or the vector cache cannot be written.
    """
    root = checked_root(root)
    tell = on_progress or (lambda _progress: None)
    files = _parsed(root, max_file_bytes, tell, cancelled)
    found = questions_of(files)
    bare = [without_docs(file) for file in files]
    report = OwnCodeReport(
        root,
        files=len(files),
        functions=sum(len(file.functions) for file in bare),
        questions=len(found.questions),
        unusable={reason.value: count for reason, count in found.unusable.most_common()},
        outcomes=(),
        rerank_top=rerank_depth(SearchRequest(""), model),
        cancelled=cancelled(),
    )
    if report.cancelled or report.questions < FEWEST_QUESTIONS:
        return report
    with (
        tempfile.TemporaryDirectory(prefix="cascode-eval-") as folder,
        VectorCache(vector_cache_path(), model.fingerprint, model.dimension) as cache,
    ):
        location = IndexLocation(Path(folder))
        store = Store(location.store)
        try:
            _store(store, bare)
            updater = Updater(root, store, max_file_bytes=max_file_bytes, on_progress=tell, cancelled=cancelled)
            updater.encode(model, cache)
            vectors = WorkspaceVectors(location, store, cache, fingerprint=model.fingerprint, dimension=model.dimension)
            asker = _Asker(root, store, vectors, model)
            chosen = _drawn(found.questions, limit)
            outcomes = asker.ask(chosen, on_question or (lambda _done, _total: None), cancelled)
        finally:
            store.close()
    return dataclasses.replace(report, outcomes=outcomes, cancelled=cancelled())


def _parsed(root: Path, max_file_bytes: int, tell: OnProgress, cancelled: Cancelled) -> list[ParsedFile]:
    """Walk a workspace and find the functions of its files; files without any are left out."""
    sources = list(walk(root, language_of=language_of, skipped=SkipCounts(), max_bytes=max_file_bytes))
    files = []
    for number, source in enumerate(sources, start=1):
        if cancelled():
            break
        content = read_bytes(source, max_file_bytes)
        if not isinstance(content, SkipReason):
            parsed = parse_content(source, content)
            if parsed.functions:
                files.append(parsed)
        tell(IndexProgress(root, "scan", number, len(sources)))
    return files


def _store(store: Store, files: Sequence[ParsedFile]) -> None:
    """Store functions in a few transactions."""
    for start in range(0, len(files), _FILES_A_BATCH):
        store.replace_files(files[start : start + _FILES_A_BATCH])


def _drawn(questions: Sequence[Question], limit: int) -> list[Question]:
    """At most ``limit`` questions, the same ones on every run, in their order."""
    if len(questions) <= limit:
        return list(questions)
    # A fixed seed: two runs, or two models, must be asked the same.
    chosen = sorted(random.Random(0).sample(range(len(questions)), limit))  # noqa: S311  no secret
    return [questions[at] for at in chosen]


class _Asker:
    """Asks as the search does, without the check of lines: the documentation is missing from them."""

    def __init__(self, root: Path, store: Store, vectors: WorkspaceVectors, model: CasCodeModel) -> None:
        self._source = IndexSource(root, store, vectors.reading)
        self._model = model

    def ask(self, questions: Sequence[Question], tell: OnQuestion, cancelled: Cancelled) -> tuple[Outcome, ...]:
        """Ask every question, until cancelled."""
        vectors = self._model.encode_queries([one.query for one in questions])
        outcomes = []
        for question, vector in zip(questions, vectors, strict=True):
            if cancelled():
                break
            outcomes.append(self._outcome(question, vector))
            tell(len(outcomes), len(questions))
        return tuple(outcomes)

    def _outcome(self, question: Question, vector: Vectors) -> Outcome:
        """Ask one question; a copy of the function is as good as the function."""
        request = SearchRequest(question.query, limit=_EVERY_CANDIDATE)
        *_, last = rankings(query_of(request), vector, [self._source], stages_of(request, self._model), request.limit)
        places = [place for place, one in enumerate(last.ranked, start=1) if one.text == question.text]
        first = last.ranked[0].definition if last.ranked else None
        return Outcome(
            question,
            places[0] if places else None,
            None if first is None else (first.path, first.qualified_name, first.start_line),
        )
