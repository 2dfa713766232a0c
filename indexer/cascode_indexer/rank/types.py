"""What is ranked, and what a ranking rule is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cascode_indexer.query import Frame, Query, QueryKind
from cascode_indexer.query.frames import by_file_name, file_name_of
from cascode_indexer.types import StoredDefinition

#: Name of a rule to how much its evidence counts.
Weights = Mapping[str, float]
#: The weights of each kind of query.
Table = Mapping[QueryKind, Weights]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that may answer, as the two halves of the fast stage found it."""

    #: The index or the open buffer that it was found in, which knows its text and its file.
    owner: Any
    definition: StoredDefinition
    #: Cosine of query and definition; None where the definition has no vector yet.
    similarity: float | None
    #: BM25; comparable among the candidates of one query, 0 where no words match.
    bm25: float
    #: How far late interaction is above its mean over the candidates; None where no stage has read this one.
    late: float | None = None

    @property
    def file(self) -> tuple[int, str]:
        """Names its file among those of all owners."""
        return id(self.owner), self.definition.path


@dataclass(frozen=True, slots=True)
class Pool:
    """All candidates of a query: what one of them is measured against."""

    #: The best BM25; 1 where no words matched.
    best_bm25: float
    #: The least and the greatest similarity that are known; 0 where none is.
    least_similarity: float
    best_similarity: float
    #: The two greatest similarities of each file, by owner and path; 0 where there are fewer.
    file_similarities: Mapping[tuple[int, str], tuple[float, float]]
    #: The query's frames that are of some candidate, with their places among those, by the names of their files.
    frames: Mapping[str, Sequence[tuple[int, Frame]]]

    @classmethod
    def of(cls, candidates: Sequence[Candidate], frames: Sequence[Frame] = ()) -> Pool:
        """Measure the candidates of a query, of all workspaces together.

        Args:
            candidates: What may answer.
            frames: Those of the query, the innermost first.
        """
        known = [candidate.similarity for candidate in candidates if candidate.similarity is not None]
        files: dict[tuple[int, str], tuple[float, float]] = {}
        for candidate in candidates:
            first, second, _ = sorted(
                (*files.get(candidate.file, (0.0, 0.0)), candidate.similarity or 0.0), reverse=True
            )
            files[candidate.file] = first, second
        return cls(
            best_bm25=max((candidate.bm25 for candidate in candidates), default=0.0) or 1.0,
            least_similarity=min(known, default=0.0),
            best_similarity=max(known, default=0.0),
            file_similarities=files,
            frames=_frames_of(candidates, frames),
        )


def _frames_of(candidates: Sequence[Candidate], frames: Sequence[Frame]) -> Mapping[str, Sequence[tuple[int, Frame]]]:
    """The frames that are of some candidate, numbered, by the names of their files."""
    near = by_file_name(frames)
    if not near:
        return near
    found = {
        place: frame
        for candidate in candidates
        for place, frame in near.get(file_name_of(candidate.definition.path), ())
        if frame.fit(candidate.definition)
    }
    return by_file_name(found[place] for place in sorted(found))


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of evidence; a module of :mod:`cascode_indexer.rank.rules` holds one as ``RULE``."""

    #: Its name in the weights.
    name: str
    #: What an explanation calls it, in a word or two.
    label: str
    #: Why it separates answers from other definitions.
    reason: str
    #: The evidence, 0 for none: of a candidate, beside all candidates of its query.
    measure: Callable[[Query, Candidate, Pool], float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its evidence and its score."""

    candidate: Candidate
    #: Name of a rule to its evidence; rules without weight are left out. A stage adds what it found.
    evidence: Mapping[str, float]
    score: float
    #: The stage that gave it this score.
    stage: str = "fast"
    #: The definition's text as its file holds it now; empty until that was looked up.
    text: str = ""
    #: What the evidence was weighed with.
    weights: Weights = field(default_factory=dict)

    @property
    def definition(self) -> StoredDefinition:
        """The definition."""
        return self.candidate.definition

    @property
    def parts(self) -> Mapping[str, float]:
        """Name of a rule to what it adds to the score, or takes from it; their sum is the score."""
        return {name: weight * self.evidence[name] for name, weight in self.weights.items() if self.evidence[name]}
