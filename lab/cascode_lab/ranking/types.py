"""Questions, and the evidence of what a search found for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cascode_indexer.query import WORD, QueryKind

#: Questions that were written by hand: types answer them too, and their files are judged beside their definitions.
WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the definitions that answer it."""

    query: str
    #: (path, qualified name) of each right answer.
    answers: frozenset[tuple[str, str]]
    #: A sort of question whose results are shown apart: ``named``, ``described``, ``task``...; empty for none.
    sort: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions about one workspace: one repository, or one pool of functions."""

    #: Of the workspace: ``urllib3/urllib3``, ``cosqa``.
    name: str
    #: Sets of one group are weighed alike and reported together: ``history``, ``written``, ``names``,
    #: ``docstrings``, ``cosqa``.
    group: str
    root: Path
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """The files that the candidates stand in, and where."""

    #: ``[candidates]`` number of each candidate's file.
    numbers: npt.NDArray[np.int32]
    #: ``[candidates]`` whether that holds an answer.
    right: npt.NDArray[np.bool_]
    #: How many files hold an answer, found or not.
    answers: int
    #: Path and qualified name of each candidate.
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the fast stage gathered for one question."""

    #: Of the question.
    set_name: str
    group: str
    sort: str
    #: What a search calibrates it as: :attr:`cascode_indexer.query.Query.judged_as`.
    judged_as: str
    #: ``[candidates, rules]``, in the order of the rules that were measured.
    evidence: npt.NDArray[np.float32]
    #: ``[candidates]`` whether a candidate answers.
    right: npt.NDArray[np.bool_]
    #: ``[candidates]`` number of each candidate's text: copies share one.
    copies: npt.NDArray[np.int32]
    files: Files
    #: ``[candidates]`` logit of the slow classifier, NaN for those that it did not read; None where it read none.
    logits: npt.NDArray[np.float32] | None = None
    #: Mean late interaction of the candidates, where the index keeps token states and they were read: the evidence has
    #: each one's own, less this. None where none were read.
    mean_late: float | None = None

    @property
    def kind(self) -> QueryKind:
        """The kind of query whose weights rank it."""
        return QueryKind.IDENTIFIER if self.judged_as == WORD else QueryKind(self.judged_as)

    @property
    def is_read(self) -> bool:
        """Whether the slow classifier has read candidates, one way or the other."""
        return self.logits is not None or self.mean_late is not None
