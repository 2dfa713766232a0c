"""Questions and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: Hits shown unless asked otherwise: a screenful.
DEFAULT_LIMIT = 10
#: Candidates that the slow classifier reads where its model says that reading them helps: K = 10 of the paper's
#: table, inside the 150 ms of a warm answer.
DEFAULT_RERANK_TOP = 10

#: How well a hit matches, as people read it: a list of "2 %, 1 %, 0 %" says nothing to them.
Match = Literal["likely", "possible", "weak"]
#: Least probability of a likely one. Probabilities are fitted to commits as well, whose subjects are answered less
#: often than questions of the same probability: docs/questions.md has the shares that are right of either.
LIKELY = 0.4
#: The least probability of each. Below a twentieth a list of ten such hits holds no answer more often than one.
_LEAST: Mapping[Match, float] = {"likely": LIKELY, "possible": 0.05, "weak": 0.0}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question about one or several workspaces."""

    query: str
    #: At most this many hits.
    limit: int = DEFAULT_LIMIT
    #: Only definitions in these languages (ids or aliases); empty for all.
    languages: tuple[str, ...] = ()
    #: Only these kinds (``Kind`` values); empty for all.
    kinds: tuple[str, ...] = ()
    #: Only files that match one of these globs (gitignore syntax, relative to the workspace); empty for all.
    paths: tuple[str, ...] = ()
    #: Let the slow classifier rerank the best K.
    rerank: bool = True
    #: K; None is what was measured for the model: none where its classifier did not improve the order.
    rerank_top: int | None = None
    #: Candidates that the poly-encoder of a model with codes reads before the classifier; 0 leaves it out.
    poly_top: int = 0
    #: Wait until the model is loaded; without it, a search is answered at once, by words alone.
    wait_for_model: bool = True
    #: Ask the team's index too, where the engine has one.
    team: bool = False


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a definition stands in a notebook as it is shown."""

    #: Number of the cell, 1-based; cells that hold no code count.
    number: int
    #: First and last line in the cell, 1-based, inclusive.
    start_line: int
    end_line: int
    #: Line (1-based) and column (0-based, code points) of the name in the cell.
    name_line: int
    name_column: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A definition that answers, with lines that were checked against the file."""

    root: Path
    #: Relative to ``root``, posix separators.
    path: str
    #: Qualified name.
    name: str
    kind: str
    language: str
    signature: str
    #: First and last line, 1-based, inclusive.
    start_line: int
    end_line: int
    #: Line (1-based) and column (0-based, code points) of the name.
    name_line: int
    name_column: int
    #: Ranking score; comparable inside one answer only.
    score: float
    #: Calibrated P(relevant); None where the definition is not encoded yet, or was not read by a classifier that is on.
    probability: float | None
    #: Name of the stage that gave the score.
    stage: str
    #: Whether nothing in its list matches well.
    doubtful: bool = False
    #: Label of a ranking rule to what it added to the score, or took from it, the weightiest first.
    why: Mapping[str, float] = field(default_factory=dict)
    #: Where it stands in a notebook as it is shown; the lines above are those of the file. None in other files.
    cell: CellPlace | None = None
    #: Of a hit of the team's index: its repository there, the revision that was read, and the source where that index
    #: holds it. None for a hit of a workspace.
    repository: str | None = None
    revision: str = ""
    code: str = ""

    @property
    def match(self) -> Match | None:
        """The probability in a word: never ``likely`` where nothing matches well; None where it is not known."""
        if self.probability is None:
            return None
        match = next(match for match, least in _LEAST.items() if self.probability >= least)
        return "possible" if self.doubtful and match == "likely" else match


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of a query and how complete they are."""

    query: str
    hits: tuple[Hit, ...]
    #: ``indexing`` while some definitions match by their words only.
    state: Literal["ready", "indexing"]
    #: Definitions in the index, and those without a vector yet.
    functions: int
    pending: int
    timings_ms: Mapping[str, float]
    #: False where the model says that nothing matches well.
    confident: bool = True
    #: Candidates left out because their file no longer holds them.
    dropped: int = 0
    #: False where the answer had to do without the model: by words alone.
    model_ready: bool = True
    #: Why the model cannot be loaded, where that is the reason.
    model_error: str | None = None
    #: Why the team's index has no part in the answer, where it was asked for one.
    team_note: str | None = None
