"""The cascade: dense and lexical candidates, ranked fast; the best K reread by the slow classifier."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cascode_indexer.errors import QueryError
from cascode_indexer.model import ModelHandle
from cascode_indexer.rank.demotion import demotion
from cascode_indexer.rank.query_kind import QueryKind
from cascode_indexer.rank.score import rank
from cascode_indexer.rank.weights import WEIGHTS
from cascode_indexer.search.candidates import CANDIDATES, Filter, as_ranked, checked_request, gather, make_filter
from cascode_indexer.search.types import DEFAULT_RERANK_TOP, Answer, Hit, Ranked, SearchRequest
from cascode_indexer.search.verify import Verified, Verifier
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.store.store import StoredFunction
from cascode_indexer.types import SkipReason, SourceFile
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.walk import read_source

if TYPE_CHECKING:
    from cascode_indexer.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class _Candidate:
    """A candidate of any workspace, checked against its file."""

    workspace: Workspace
    ranked: Ranked
    function: StoredFunction
    text: str
    stage: str = "fast"
    score: float = 0.0
    probability: float | None = None


class Cascade:
    """Searches several workspaces as one.

    Args:
        workspaces: The workspaces.
        model: The model, loaded when a search needs it.
    """

    def __init__(self, workspaces: Sequence[Workspace], model: ModelHandle) -> None:
        self._workspaces = workspaces
        self._model = model

    def search(
        self,
        request: SearchRequest,
        *,
        on_fast: Callable[[Answer], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Answer a query; see :meth:`cascode_indexer.engine.Engine.search`."""
        request = checked_request(request)
        try:
            return self._search(request, on_fast, cancelled)
        except DamagedFileError as error:
            # Searching found the damage: make the index again, then answer from what there is.
            for workspace in self._workspaces:
                if error.path.parent == workspace.location.directory or error.path == workspace.location.store:
                    workspace.mend(error)
            return self._search(request, on_fast, cancelled)

    def _search(
        self,
        request: SearchRequest,
        on_fast: Callable[[Answer], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> Answer:
        """Answer a checked request."""
        clock = _Clock()
        model = self._model.get()
        clock.lap("model")
        query_vector = model.encode_queries([request.query])[0]
        clock.lap("encode")
        top = self._rerank_top(request)
        wanted = max(request.limit, top)
        candidates, dropped = self._fast(request, query_vector, wanted)
        if model.settings.fusion_weight == 0:
            # The fused score that the probability is calibrated on is then the similarity alone.
            candidates = [self._with_probability(one) for one in candidates]
        clock.lap("fast")
        answer = self._answer(request, candidates[: request.limit], clock, dropped)
        if not top or not candidates:
            return answer
        if on_fast is not None:
            on_fast(answer)
        if cancelled is not None and cancelled():
            return answer
        candidates = self._rerank(request.query, candidates, top)
        clock.lap("rerank")
        return self._answer(request, candidates[: request.limit], clock, dropped)

    def similar(self, workspace: Workspace, path: str, line: int, limit: int) -> Answer:
        """Find functions like the innermost one at ``line`` of ``path``.

        Raises:
            QueryError: No function of the index stands there.
        """
        clock = _Clock()
        functions = workspace.store.functions_of_file(path)
        if not functions:
            raise QueryError(f"no functions are known in {path}: check its name, or run 'cascode index'")
        around = [one for one in functions if one.start_line <= line <= one.end_line]
        if not around:
            spans = ", ".join(f"{one.name} {one.start_line}-{one.end_line}" for one in functions[:3])
            raise QueryError(f"no function stands at line {line} of {path}; there are {spans}, ...")
        function = min(around, key=lambda one: one.end_line - one.start_line)
        model = self._model.get()
        clock.lap("model")
        text = workspace.store.texts([function.text_id])[function.text_id]
        vector = model.encode_texts([text])[0]
        clock.lap("encode")
        candidates: list[_Candidate] = []
        for other in self._workspaces:
            index = other.vectors().refresh()
            ids, scores = index.search(vector[None, :], min(limit + CANDIDATES, max(len(index), 1)))
            similarity = dict(zip(ids[0].tolist(), scores[0].tolist(), strict=True))
            for row in other.store.functions_of_texts([one for one in similarity if one >= 0]):
                if other is workspace and row.id == function.id:
                    continue
                ranked = as_ranked(row, similarity[row.text_id])
                # A test of this function talks like it; code that does the same work is what is asked for.
                score = ranked.score - WEIGHTS[QueryKind.SENTENCE].demotion * demotion(ranked, ())
                candidates.append(_Candidate(other, ranked, row, "", score=score))
        candidates.sort(key=lambda one: (-one.score, one.function.path, one.function.start_line))
        kept, dropped = self._verified(candidates, limit)
        clock.lap("fast")
        request = SearchRequest(f"{path}:{line}", limit=limit)
        return self._answer(request, kept, clock, dropped)

    def snippet(self, hit: Hit) -> str:
        """Return the source lines of a hit."""
        absolute = hit.root / hit.path
        text = read_source(SourceFile(hit.path, absolute, hit.language, 0, 0))
        if isinstance(text, SkipReason):
            return ""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(lines[hit.start_line - 1 : hit.end_line])

    def _fast(self, request: SearchRequest, query_vector: Vectors, wanted: int) -> tuple[list[_Candidate], int]:
        """Rank the candidates of all workspaces and check the best ``wanted`` against their files."""
        owners: dict[int, tuple[Workspace, StoredFunction]] = {}
        merged: list[Ranked] = []
        for workspace in self._workspaces:
            allowed: Filter = make_filter(workspace.store, request)
            index = workspace.vectors().refresh()
            found, rows = gather(workspace.store, index, request.query, query_vector, allowed)
            for one in found:
                # Ids are of one workspace; positions in the merged list tell owners apart.
                owners[len(merged)] = (workspace, rows[one.function_id])
                merged.append(dataclasses.replace(one, function_id=len(merged)))
        best = max((one.lexical for one in merged), default=0.0) or 1.0
        merged = [dataclasses.replace(one, lexical=one.lexical / best) for one in merged]
        candidates = []
        for ranked in _one_a_text(rank(request.query, merged), owners):
            workspace, row = owners[ranked.function_id]
            candidates.append(_Candidate(workspace, ranked, row, "", score=ranked.score))
        return self._verified(candidates, wanted)

    def _verified(self, candidates: Sequence[_Candidate], wanted: int) -> tuple[list[_Candidate], int]:
        """Check candidates from the best on until ``wanted`` stand; count those that do not."""
        verifiers: dict[int, Verifier] = {}
        kept: list[_Candidate] = []
        dropped = 0
        for start in range(0, len(candidates), max(wanted, 1)):
            batch = candidates[start : start + max(wanted, 1)]
            texts: dict[int, dict[int, str]] = {}
            for workspace in self._workspaces:
                ids = [one.function.text_id for one in batch if one.workspace is workspace]
                texts[id(workspace)] = workspace.store.texts(sorted(set(ids)))
            for one in batch:
                workspace = one.workspace
                verifier = verifiers.setdefault(id(workspace), Verifier(workspace.root, workspace.max_file_bytes))
                text = texts[id(workspace)].get(one.function.text_id)
                verified: Verified | None = None if text is None else verifier.check(one.function, text)
                if verified is None or text is None:
                    dropped += 1
                    continue
                kept.append(dataclasses.replace(one, function=verified.function, text=verified.new_text or text))
                if len(kept) == wanted:
                    return kept, dropped
        return kept, dropped

    def _rerank_top(self, request: SearchRequest) -> int:
        """Return K: how many candidates the slow classifier reads, 0 for none."""
        settings = self._model.get().settings
        if not request.rerank or not self._model.get().has_classifier:
            return 0
        if request.rerank_top is not None:
            return request.rerank_top
        # Weight 0 was measured: this classifier does not improve the order, so nobody waits for it.
        return DEFAULT_RERANK_TOP if settings.fusion_weight > 0 else 0

    def _rerank(self, query: str, candidates: list[_Candidate], count: int) -> list[_Candidate]:
        """Let the slow classifier read the best K; the others keep their order below them."""
        from cascode_models.inference import SIMILARITY_SCALE, fused_score

        model = self._model.get()
        top, rest = candidates[:count], candidates[count:]
        logits = model.classify(query, [one.text for one in top])
        weight = model.settings.fusion_weight
        reread = []
        for one, logit in zip(top, logits, strict=True):
            similarity = one.ranked.evidence.get("similarity", 0.0)
            # Ranking evidence other than the similarity keeps its weight beside the classifier's.
            score = float(fused_score(one.score, float(logit), weight)) / SIMILARITY_SCALE
            probability = model.probability(float(fused_score(similarity, float(logit), weight)))
            reread.append(dataclasses.replace(one, stage="cascade", score=score, probability=probability))
        reread.sort(key=lambda one: -one.score)
        return reread + rest

    def _confident(self, candidates: Sequence[_Candidate]) -> bool:
        """Whether the model does not say that nothing matches well."""
        known = [one.probability for one in candidates if one.probability is not None]
        return not known or max(known) >= self._model.get().settings.no_match_threshold

    def _with_probability(self, one: _Candidate) -> _Candidate:
        """Return the candidate with its calibrated probability from the similarity alone."""
        from cascode_models.inference import fused_score

        if one.ranked.similarity is None:
            return one
        probability = self._model.get().probability(float(fused_score(one.ranked.similarity, 0.0, 0.0)))
        return dataclasses.replace(one, probability=probability)

    def _answer(
        self,
        request: SearchRequest,
        candidates: Sequence[_Candidate],
        clock: _Clock,
        dropped: int,
    ) -> Answer:
        """Put an answer together."""
        counts = [workspace.store.counts() for workspace in self._workspaces]
        pending = sum(one.pending for one in counts)
        complete = not pending and all(workspace.indexed for workspace in self._workspaces)
        return Answer(
            query=request.query,
            hits=tuple(_hit(one) for one in candidates),
            state="ready" if complete else "indexing",
            functions=sum(one.functions for one in counts),
            pending=pending,
            timings_ms=clock.report(),
            confident=self._confident(candidates),
            dropped=dropped,
        )


class _Clock:
    """Measures the stages of one answer in milliseconds."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self._laps[stage] = round((now - self._last) * 1000, 2)
        self._last = now

    def report(self) -> dict[str, float]:
        """Return the stages and their total."""
        return {**self._laps, "total": round((time.perf_counter() - self._started) * 1000, 2)}


def _one_a_text(ranked: Sequence[Ranked], owners: dict[int, tuple[Workspace, StoredFunction]]) -> list[Ranked]:
    """Keep the best-placed of several copies of one function: copies would fill the list with one answer."""
    seen: set[tuple[int, int]] = set()
    kept = []
    for one in ranked:
        key = (id(owners[one.function_id][0]), one.text_id)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def _hit(one: _Candidate) -> Hit:
    """Turn a candidate into a hit."""
    function = one.function
    return Hit(
        root=one.workspace.root,
        path=function.path,
        name=function.qualified_name,
        kind=function.kind,
        language=function.language,
        signature=function.signature,
        start_line=function.start_line,
        end_line=function.end_line,
        name_line=function.name_line,
        name_column=function.name_column,
        score=one.score,
        probability=one.probability,
        stage="cascade" if one.stage == "cascade" else "fast",
    )
