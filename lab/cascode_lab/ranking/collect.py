"""Ask questions of real indexes, and keep the evidence of every candidate.

Everything is the product's own: walk, extraction, store, vectors, candidates, evidence. Vectors are kept where
``CASCODE_INDEX_DIR`` says, so that asking again encodes nothing; an index of a folder that had none goes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cascode_indexer.model import ModelHandle
from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import evidence_of, rank, without_copies
from cascode_indexer.rank.types import Candidate
from cascode_indexer.search.sources import IndexSource
from cascode_indexer.search.stages import late_interaction
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES
from cascode_lab.own_code.asking import draw, parse_files, temporary_index
from cascode_lab.own_code.questions import questions_of, without_docs

from .names import name_questions
from .scratch import scratch_engine
from .types import Asked, Files, Question, QuestionSet

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel


def collect(
    questions: QuestionSet,
    model: ModelHandle,
    rules: Sequence[str],
    *,
    depth: int = 0,
    names: int = 0,
    progress: Callable[[str], None] = lambda _line: None,
) -> list[Asked]:
    """Index a workspace and gather the evidence of its questions.

    Args:
        questions: The workspace and what is asked of it.
        model: The model.
        rules: What is measured, in this order.
        depth: K, how many candidates of each question the slow classifier reads; 0 for none.
        names: Definitions that are asked for by name besides, at most.
        progress: Given one line a workspace.

    Returns:
        What was found for each question, in their order, and for each name.
    """
    with scratch_engine(questions.root, model) as engine:
        (report,) = engine.update()
        progress(f"{questions.name}: {len(questions.questions)} questions, {report.functions} definitions")
        (workspace,) = engine.workspaces
        loaded = model.get()
        with workspace.index:
            source = IndexSource(
                workspace.root,
                workspace.store,
                workspace.vectors().reading,
                kept_states=workspace.index.cache().get_states if loaded.keeps_states else None,
            )
            sets = [questions]
            if names:
                sets.append(replace(questions, group="names", questions=name_questions(workspace.store, names)))
            return [_ask(some, question, source, loaded, rules, depth) for some in sets for question in some.questions]


def collect_own_code(
    root: Path, name: str, model: ModelHandle, rules: Sequence[str], *, limit: int, depth: int = 0
) -> list[Asked]:
    """Ask for the functions of a workspace by their documentation, which is taken out of what is searched.

    Args:
        root: The workspace.
        name: Of the set.
        model: The model.
        rules: What is measured, in this order.
        limit: Questions asked at most, drawn evenly.
        depth: K, how many candidates of each question the slow classifier reads; 0 for none.
    """
    quiet: dict[str, Any] = {"on_progress": lambda _progress: None, "cancelled": lambda: False}
    files = parse_files(root, DEFAULT_MAX_FILE_BYTES, **quiet)
    found = draw(questions_of(files).questions, limit)
    questions = [Question(item.query, frozenset({(item.path, item.name)})) for item in found]
    asked = QuestionSet(name, "docstrings", root, questions)
    loaded = model.get()
    bare = [without_docs(file) for file in files]
    with temporary_index(root, bare, loaded, max_file_bytes=DEFAULT_MAX_FILE_BYTES, **quiet) as source:
        return [_ask(asked, question, source, loaded, rules, depth) for question in questions]


def _ask(
    questions: QuestionSet,
    question: Question,
    source: IndexSource,
    model: CasCodeModel,
    rules: Sequence[str],
    depth: int = 0,
) -> Asked:
    """Gather the evidence of one question."""
    query = Query.of(question.query)
    encoded = model.encode_query(query.pieces)
    candidates = source.candidates(query, encoded.vector)
    mean_late = None
    if depth and encoded.states is not None:
        late, mean_late = late_interaction(model, encoded.states, candidates)
        candidates = [replace(candidate, late=score) for candidate, score in zip(candidates, late, strict=True)]
    evidence = evidence_of(query, candidates, rules)
    return Asked(
        set_name=questions.name,
        group=questions.group,
        sort=question.sort,
        judged_as=query.judged_as,
        evidence=np.array([[row[name] for name in rules] for row in evidence], dtype=np.float32),
        right=np.array([_answers(candidate, question) for candidate in candidates], dtype=np.bool_),
        copies=np.array([candidate.definition.text_id for candidate in candidates], dtype=np.int32),
        files=_files(candidates, question),
        logits=_logits(query, candidates, model, depth) if depth and mean_late is None else None,
        mean_late=mean_late,
    )


def _logits(query: Query, candidates: Sequence[Candidate], model: CasCodeModel, depth: int) -> npt.NDArray[np.float32]:
    """``[candidates]`` logits of those that a search would have the slow classifier read."""
    place = {id(candidate): at for at, candidate in enumerate(candidates)}
    best = [ranked.candidate for ranked in without_copies(rank(query, candidates))[:depth]]
    texts: dict[int, str] = best[0].owner.texts([candidate.definition for candidate in best]) if best else {}
    read = [candidate for candidate in best if candidate.definition.id in texts]
    found = np.full(len(candidates), np.nan, dtype=np.float32)
    logits = model.classify(query.pieces[0], [texts[candidate.definition.id] for candidate in read])
    found[[place[id(candidate)] for candidate in read]] = logits
    return found


def _files(candidates: Sequence[Candidate], question: Question) -> Files:
    """The files that the candidates stand in."""
    paths = [candidate.definition.path for candidate in candidates]
    numbers = {path: number for number, path in enumerate(dict.fromkeys(paths))}
    right = {path for path, _ in question.answers}
    return Files(
        numbers=np.array([numbers[path] for path in paths], dtype=np.int32),
        right=np.array([path in right for path in paths], dtype=np.bool_),
        answers=len(right),
        places=tuple((candidate.definition.path, candidate.definition.qualified_name) for candidate in candidates),
    )


def _answers(candidate: Candidate, question: Question) -> bool:
    """Whether a candidate is one of the right answers; an answer without a name is everything in its file."""
    path, name = candidate.definition.path, candidate.definition.qualified_name
    return (path, name) in question.answers or (path, "") in question.answers
