"""Asking questions of some files as a search would: walk, extraction, store, words, vectors, ranking, classifier.

The index is temporary; vectors come from and go to the shared cache, so that a second run encodes nothing.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

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
from cascode_indexer.types import SkipCounts, SkipReason
from cascode_indexer.walk import read_bytes, walk

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

#: Fewer questions say nothing: one lucky hit moves the mean by a tenth.
FEWEST_QUESTIONS = 10
#: All that the two halves of the fast stage can bring: the rank of the answer is wanted, however deep it lies.
_EVERY_CANDIDATE = 2 * CANDIDATES
#: An answer that was not found at all lies deeper than this: each half of the fast stage has as many candidates.
DEEPEST_RANK = CANDIDATES
#: Files stored in one transaction.
_FILES_A_BATCH = 64

#: Called with the number of questions asked, and of how many.
OnQuestion = Callable[[int, int], None]


class Asked(Protocol):
    """A question with known answers."""

    @property
    def query(self) -> str:
        """What is asked."""

    @property
    def texts(self) -> Collection[str]:
        """What is encoded of the answers; a copy of an answer is as good as the answer."""


Q = TypeVar("Q", bound=Asked)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Q]):
    """What the search gave for one question."""

    question: Q
    #: Of the first answer, from 1; None where no answer was among the candidates at all.
    rank: int | None
    #: What came first: path, qualified name and first line.
    first: tuple[str, str, int] | None


def mean_reciprocal_rank(outcomes: Sequence[Outcome[Q]], depth: int | None = None) -> float:
    """Mean reciprocal rank; an answer that is not a candidate, or below ``depth``, counts 0."""
    return sum(reciprocal_rank(outcome, depth) for outcome in outcomes) / max(len(outcomes), 1)


def reciprocal_rank(outcome: Outcome[Q], depth: int | None = None) -> float:
    """One over the rank of the first answer; 0 for none, or none among the first ``depth``."""
    rank = outcome.rank
    return 0.0 if rank is None or (depth is not None and rank > depth) else 1 / rank


def recall(outcomes: Sequence[Outcome[Q]], depth: int) -> float:
    """Share of the questions with an answer among the first ``depth`` hits."""
    return sum(outcome.rank is not None and outcome.rank <= depth for outcome in outcomes) / max(len(outcomes), 1)


def misses(outcomes: Sequence[Outcome[Q]]) -> list[Outcome[Q]]:
    """Questions whose answer did not come first, the worst ones first."""
    wrong = [outcome for outcome in outcomes if outcome.rank != 1]
    return sorted(wrong, key=lambda outcome: -(outcome.rank or float("inf")))


def draw(questions: Sequence[T], limit: int) -> list[T]:
    """At most ``limit`` questions, drawn evenly, the same ones on every run, in their order."""
    if len(questions) <= limit:
        return list(questions)
    # A fixed seed: two runs, or two models, must be asked the same.
    chosen = sorted(random.Random(0).sample(range(len(questions)), limit))  # noqa: S311  no secret
    return [questions[at] for at in chosen]


def measured_depth(model: CasCodeModel) -> int:
    """Candidates whose texts the classifier reads for each question."""
    return rerank_depth(SearchRequest(""), model)


def measured_reading(model: CasCodeModel) -> str:
    """What ranks the candidates of each question, in words."""
    if model.keeps_states and model.settings.fusion_weight > 0:
        return "fast stage and classifier, from kept states"
    depth = measured_depth(model)
    return f"fast stage and classifier, K = {depth}" if depth else "fast stage"


def parse_files(
    root: Path,
    max_file_bytes: int,
    on_progress: OnProgress,
    cancelled: Cancelled,
    skipped: SkipCounts | None = None,
) -> list[ParsedFile]:
    """Walk a folder and find the functions of its files; files without any are left out.

    Args:
        root: The folder.
        max_file_bytes: Larger files are left out.
        on_progress: Called with the progress so far.
        cancelled: Asked before each file; the rest is left out.
        skipped: Counts the paths that are skipped, by reason.

    Returns:
        The files, in the order of the walk.

    Raises:
        WorkspaceError: The folder cannot be walked.
    """
    skipped = SkipCounts() if skipped is None else skipped
    sources = list(walk(root, language_of=language_of, skipped=skipped, max_bytes=max_file_bytes))
    files = []
    for number, source in enumerate(sources, start=1):
        if cancelled():
            break
        content = read_bytes(source, max_file_bytes)
        if isinstance(content, SkipReason):
            skipped.add_path(source.path, content)
        else:
            parsed = parse_content(source, content)
            if parsed.skip_reason is not None:
                skipped.add_path(source.path, parsed.skip_reason)
            if parsed.definitions:
                files.append(parsed)
        on_progress(IndexProgress(root, "scan", number, len(sources)))
    return files


def ask(
    root: Path,
    files: Sequence[ParsedFile],
    questions: Sequence[Q],
    model: CasCodeModel,
    *,
    max_file_bytes: int,
    on_progress: OnProgress,
    on_question: OnQuestion,
    cancelled: Cancelled,
) -> tuple[Outcome[Q], ...]:
    """Index files, ask every question, and forget the index.

    Lines are not checked against the files: what is searched may differ from what they hold.

    Args:
        root: The folder that they lie in.
        files: What is searched.
        questions: What is asked.
        model: The model.
        max_file_bytes: The limit that the files were read with.
        on_progress: Called with the progress of encoding.
        on_question: Called with the number of questions asked so far.
        cancelled: Asked between small pieces of work; what was encoded until then is kept in the cache.

    Returns:
        The outcomes, in the order of the questions; fewer where cancelled.

    Raises:
        IndexStoreError: The temporary index or the vector cache cannot be written.
    """
    outcomes: list[Outcome[Q]] = []
    with temporary_index(
        root, files, model, max_file_bytes=max_file_bytes, on_progress=on_progress, cancelled=cancelled
    ) as source:
        for question in questions:
            if cancelled():
                break
            outcomes.append(_outcome(source, model, question))
            on_question(len(outcomes), len(questions))
    return tuple(outcomes)


@contextlib.contextmanager
def temporary_index(
    root: Path,
    files: Sequence[ParsedFile],
    model: CasCodeModel,
    *,
    max_file_bytes: int,
    on_progress: OnProgress,
    cancelled: Cancelled,
) -> Iterator[IndexSource]:
    """Index files while the block runs; vectors come from and go to the cache that workspaces share.

    Lines are not checked against the files: what is searched may differ from what they hold. Arguments and errors as
    in :func:`ask`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cascode-eval-") as folder,
        VectorCache(vector_cache_path(), model.fingerprint, model.dimension, with_states=model.keeps_states) as cache,
    ):
        location = IndexLocation(Path(folder))
        store = Store(location.store)
        try:
            for start in range(0, len(files), _FILES_A_BATCH):
                store.replace_files(files[start : start + _FILES_A_BATCH])
            updater = Updater(root, store, max_file_bytes=max_file_bytes, on_progress=on_progress, cancelled=cancelled)
            updater.encode(model, cache)
            vectors = WorkspaceVectors(location, store, cache, fingerprint=model.fingerprint, dimension=model.dimension)
            kept_states = cache.get_states if model.keeps_states else None
            yield IndexSource(root, store, vectors.reading, kept_states=kept_states)
        finally:
            store.close()


def _outcome(source: IndexSource, model: CasCodeModel, question: Q) -> Outcome[Q]:
    """Ask one question."""
    request = SearchRequest(question.query, limit=_EVERY_CANDIDATE)
    query = query_of(request)
    encoded = model.encode_query(query.pieces)
    *_, last = rankings(query, encoded.vector, [source], stages_of(request, model, encoded), request.limit)
    answers = question.texts
    first = last.ranked[0].definition if last.ranked else None
    return Outcome(
        question,
        next((place for place, candidate in enumerate(last.ranked, start=1) if candidate.text in answers), None),
        None if first is None else (first.path, first.qualified_name, first.start_line),
    )
