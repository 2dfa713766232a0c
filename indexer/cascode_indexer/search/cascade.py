"""The cascade: dense and lexical candidates, ranked fast; the best K reread by the slow classifier."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cascode_indexer.errors import QueryError
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.location import vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import ClosedIndexError, OpenIndex, damaged_again
from cascode_indexer.overlay.buffers import OverlayFile, Overlays
from cascode_indexer.rank.demotion import demotion
from cascode_indexer.rank.query_kind import QueryKind
from cascode_indexer.rank.reread import reread, similarities_of
from cascode_indexer.rank.score import rank
from cascode_indexer.rank.weights import WEIGHTS
from cascode_indexer.rank.words_alone import WORDS_ALONE
from cascode_indexer.search.candidates import admission, checked_request, gather, looked_up_terms, make_filter
from cascode_indexer.search.overlaid import overlay_candidates
from cascode_indexer.search.types import DEFAULT_RERANK_TOP, Answer, Hit, Ranked, SearchRequest
from cascode_indexer.search.verify import Verified, Verifier
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.store.store import Store, StoreCounts, StoredDefinition
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.types import SkipReason, SourceFile
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.walk import read_source

if TYPE_CHECKING:
    from cascode_indexer.workspace import Workspace
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import FloatArray

T = TypeVar("T")

#: Typed functions that a search encodes itself, about a tenth of a second; the others it finds by their words until
#: the front end's refresh has encoded them.
_LAZY_TEXTS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """One workspace as one search sees it, kept open until the search ends."""

    workspace: Workspace
    index: OpenIndex
    #: Open buffers; each stands in for what the store holds of its file.
    buffers: tuple[OverlayFile, ...] = ()

    @property
    def store(self) -> Store:
        """What the search reads."""
        return self.index.store

    def functions_of(self, path: str) -> list[tuple[StoredDefinition, str | None]]:
        """Return the functions of a file in the order of their lines, those of a buffer with their text."""
        for file in self.buffers:
            if file.path == path:
                return list(zip(file.functions, file.texts, strict=True))
        return [(function, None) for function in self.store.functions_of_file(path)]


@dataclasses.dataclass(frozen=True, slots=True)
class _Candidate:
    """A candidate of any workspace, checked against its file."""

    part: _Part
    ranked: Ranked
    function: StoredDefinition
    text: str
    stage: str = "fast"
    score: float = 0.0
    #: P(it answers), and P(anything does) by its score; None where none was calibrated.
    probability: float | None = None
    answered: float | None = None


class Cascade:
    """Searches several workspaces as one.

    Args:
        workspaces: Gives the workspaces of now.
        model: The model, loaded when a search needs it.
        gate: Lets searches go before indexing.
        overlays: Open buffers.
        indexing_threads: CPU threads that indexing takes; None for all.
    """

    def __init__(
        self,
        workspaces: Callable[[], Sequence[Workspace]],
        model: ModelHandle,
        gate: Gate,
        overlays: Overlays,
        indexing_threads: int | None,
    ) -> None:
        self._workspaces = workspaces
        self._model = model
        self._gate = gate
        self._overlays = overlays
        self._indexing_threads = indexing_threads

    def search(
        self,
        request: SearchRequest,
        *,
        on_fast: Callable[[Answer], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Answer a query; see :meth:`cascode_indexer.engine.Engine.search`."""
        request = checked_request(request)
        clock = _Clock()
        model = self._get_model(request.wait_for_model, cancelled)
        clock.lap("model")
        return self._mending(lambda parts: self._search(parts, model, clock, request, on_fast, cancelled))

    def similar(self, root: Path, path: str, line: int, limit: int, *, wait_for_model: bool) -> Answer:
        """Find functions like the innermost one at ``line`` of ``path`` below ``root``.

        Raises:
            QueryError: No function of the index stands there.
        """
        clock = _Clock()
        model = self._get_model(wait_for_model, None)
        clock.lap("model")
        return self._mending(lambda parts: self._similar(parts, model, clock, root, path, line, limit))

    def refresh_overlays(self) -> None:
        """Parse and encode what was typed, ahead of the next search."""
        self._mending(lambda _: None, most=None)

    def _get_model(self, wait: bool, cancelled: Callable[[], bool] | None) -> CasCodeModel | None:
        """Return the model; None where it is not, or no longer, to be waited for."""
        return self._model.wait(cancelled or (lambda: False)) if wait else self._model.ready()

    def _mending(self, work: Callable[[list[_Part]], T], most: int | None = _LAZY_TEXTS) -> T:
        """Do ``work`` on the workspaces of now; once more where a file turned out damaged, without what it held.

        Args:
            work: Given the workspaces, kept open until it ends.
            most: Typed functions to encode before.
        """
        seen: list[_Part] = []
        try:
            with self._parts() as parts:
                seen.extend(parts)
                return work(self._with_buffers(parts, most))
        except DamagedFileError as error:
            damaged = [part for part in seen if error.path in (part.workspace.location.store, vector_cache_path())]
            if not damaged:
                raise
            for at, part in enumerate(damaged):
                # The vector cache is one file for all workspaces: it is put aside once, and opened anew by all.
                part.workspace.mend(error, part.index, move=at == 0)
        try:
            with self._parts() as parts:
                return work(self._with_buffers(parts, most))
        except DamagedFileError as error:
            raise damaged_again(error) from error

    @contextlib.contextmanager
    def _parts(self) -> Iterator[list[_Part]]:
        """Keep the workspaces of now open, before indexing, while the block runs."""
        with self._gate.searching(), contextlib.ExitStack() as stack:
            parts: list[_Part] = []
            for workspace in self._workspaces():
                # The second time where a damaged index was replaced just now; a closed workspace stays out.
                for _ in range(2):
                    index = workspace.index
                    with contextlib.suppress(ClosedIndexError):
                        stack.enter_context(index)
                        parts.append(_Part(workspace, index))
                        break
            yield parts

    def _with_buffers(self, parts: list[_Part], most: int | None) -> list[_Part]:
        """Return the workspaces with what is typed but not saved."""
        self._refresh(parts, most)
        return [dataclasses.replace(part, buffers=self._overlays.of(part.workspace.root)) for part in parts]

    def _refresh(self, parts: Sequence[_Part], most: int | None) -> None:
        """Parse and encode open buffers; a model that is not loaded yet is not waited for."""
        model = self._model.get() if self._model.loaded else None
        indexes = {part.workspace.root: part.index for part in parts}

        def cache_of(root: Path) -> VectorCache | None:
            index = indexes.get(root)
            return None if index is None else index.cache()

        if model is not None:
            self._share_threads()
        self._overlays.refresh(model, cache_of, most)

    def _search(
        self,
        parts: list[_Part],
        model: CasCodeModel | None,
        clock: _Clock,
        request: SearchRequest,
        on_fast: Callable[[Answer], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> Answer:
        """Answer a checked request."""
        query_vector = None
        if model is not None:
            self._share_threads()
            query_vector = model.encode_queries([request.query])[0]
            clock.lap("encode")
        top = _rerank_top(request, model)
        candidates, dropped = self._fast(parts, request, query_vector, max(request.limit, top))
        if model is not None and model.settings.fusion_weight == 0:
            # The fused score that the probability is calibrated on is then the similarity alone.
            candidates = _judged_by_similarity(model, candidates)
        clock.lap("fast")
        answer = self._answer(parts, model, request, candidates[: request.limit], clock, dropped)
        if model is None or not top or not candidates:
            return answer
        if on_fast is not None:
            on_fast(answer)
        if cancelled is not None and cancelled():
            return answer
        self._share_threads()
        candidates = _rerank(model, request.query, candidates, top)
        clock.lap("rerank")
        return self._answer(parts, model, request, candidates[: request.limit], clock, dropped)

    def _similar(
        self,
        parts: list[_Part],
        model: CasCodeModel | None,
        clock: _Clock,
        root: Path,
        path: str,
        line: int,
        limit: int,
    ) -> Answer:
        """Answer which functions are like the one at a place."""
        home = next((part for part in parts if part.workspace.root == root), None)
        functions = home.functions_of(path) if home is not None else []
        if home is None or not functions:
            raise QueryError(f"no functions are known in {path}: check its name, or run 'cascode index'")
        around = [(one, text) for one, text in functions if one.start_line <= line <= one.end_line]
        if not around:
            spans = ", ".join(f"{one.name} {one.start_line}-{one.end_line}" for one, _ in functions[:3])
            raise QueryError(f"no function stands at line {line} of {path}; there are {spans}, ...")
        function, typed = min(around, key=lambda pair: pair[0].end_line - pair[0].start_line)
        text = home.store.texts([function.text_id])[function.text_id] if typed is None else typed
        request = SearchRequest(text, limit=limit)
        vector = None
        if model is not None:
            self._share_threads()
            vector = model.encode_texts([text])[0]
            clock.lap("encode")
        candidates = []
        for part, ranked, row in self._gathered(parts, request, vector):
            if part is home and row.id == function.id:
                continue
            # A test of this function talks like it; code that does the same work is what is asked for. Words
            # count only where there is no vector to compare.
            evidence = ranked.lexical if vector is None else ranked.similarity
            if evidence is not None:
                score = evidence - WEIGHTS[QueryKind.SENTENCE].demotion * demotion(ranked, ())
                candidates.append(_Candidate(part, ranked, row, "", score=score))
        candidates.sort(key=lambda one: (-one.score, one.function.path, one.function.start_line))
        kept, dropped = _verified(candidates, limit)
        clock.lap("fast")
        return self._answer(parts, model, SearchRequest(f"{path}:{line}", limit=limit), kept, clock, dropped)

    def snippet(self, hit: Hit) -> str:
        """Return the source lines of a hit."""
        text: str | SkipReason | None = self._overlays.text(hit.root, hit.path)
        if text is None:
            text = read_source(SourceFile(hit.path, hit.root / hit.path, hit.language, 0, 0))
        if isinstance(text, SkipReason):
            return ""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(lines[hit.start_line - 1 : hit.end_line])

    def _share_threads(self) -> None:
        """Take the CPU threads that indexing leaves: two teams on one processor wait for each other at each step."""
        if not self._gate.working:
            self._model.use_threads(None)
            return
        everything = self._model.all_threads
        self._model.use_threads(max(1, everything - (self._indexing_threads or everything)))

    def _gathered(
        self, parts: Sequence[_Part], request: SearchRequest, query_vector: Vectors | None
    ) -> list[tuple[_Part, Ranked, StoredDefinition]]:
        """Gather the candidates of all workspaces, their lexical evidence on one scale."""
        found: list[tuple[_Part, Ranked, StoredDefinition]] = []
        for part in parts:
            allowed = make_filter(part.store, request)
            hidden = {file.path for file in part.buffers}
            with contextlib.ExitStack() as stack:
                index = None if query_vector is None else stack.enter_context(part.index.vectors().reading())
                candidates, rows = gather(part.store, index, request.query, query_vector, allowed, hidden)
            found.extend((part, one, rows[one.function_id]) for one in candidates)
            if part.buffers:
                stems = self._overlays.stems(looked_up_terms(request.query))
                typed = overlay_candidates(
                    part.buffers, stems, part.store.word_statistics(stems), query_vector, admission(request)
                )
                found.extend((part, ranked, row) for ranked, row in typed)
        best = max((ranked.lexical for _, ranked, _ in found), default=0.0) or 1.0
        return [(part, dataclasses.replace(ranked, lexical=ranked.lexical / best), row) for part, ranked, row in found]

    def _fast(
        self, parts: list[_Part], request: SearchRequest, query_vector: Vectors | None, wanted: int
    ) -> tuple[list[_Candidate], int]:
        """Rank the candidates of all workspaces and check the best ``wanted`` against their files."""
        found = self._gathered(parts, request, query_vector)
        # Ids are of one workspace; positions in the merged list tell owners apart.
        merged = [dataclasses.replace(ranked, function_id=at) for at, (_, ranked, _) in enumerate(found)]
        weights = WEIGHTS if query_vector is not None else WORDS_ALONE
        candidates = []
        seen: set[tuple[int, int]] = set()
        for ranked in rank(request.query, merged, weights):
            part, _, row = found[ranked.function_id]
            # Keep the best-placed of several copies of one function: copies would fill the list with one answer.
            key = (id(part), ranked.text_id)
            if key not in seen:
                seen.add(key)
                candidates.append(_Candidate(part, ranked, row, "", score=ranked.score))
        return _verified(candidates, wanted)

    def _answer(
        self,
        parts: list[_Part],
        model: CasCodeModel | None,
        request: SearchRequest,
        candidates: Sequence[_Candidate],
        clock: _Clock,
        dropped: int,
    ) -> Answer:
        """Put an answer together."""
        counts = [part.store.counts() for part in parts]
        pending = sum(_pending(part, one, model) for part, one in zip(parts, counts, strict=True))
        complete = not pending and all(part.store.get_meta("last_indexed") is not None for part in parts)
        return Answer(
            query=request.query,
            hits=tuple(_hit(one) for one in candidates),
            state="ready" if complete and model is not None else "indexing",
            functions=sum(one.functions for one in counts),
            pending=pending,
            timings_ms=clock.report(),
            confident=model is None or _confident(model, candidates),
            dropped=dropped,
            model_ready=model is not None,
            model_error=None if model is not None else self._model.error,
        )


def _pending(part: _Part, counts: StoreCounts, model: CasCodeModel | None) -> int:
    """Functions of a workspace without a vector of this model: all, where the index was made with another one."""
    other = model is not None and part.store.get_meta("model") not in (None, model.fingerprint)
    return counts.functions if other else counts.pending


def _verified(candidates: Sequence[_Candidate], wanted: int) -> tuple[list[_Candidate], int]:
    """Check candidates from the best on until ``wanted`` stand; count those that do not."""
    verifiers: dict[int, Verifier] = {}
    kept: list[_Candidate] = []
    dropped = 0
    for start in range(0, len(candidates), max(wanted, 1)):
        batch = candidates[start : start + max(wanted, 1)]
        texts: dict[int, dict[int, str]] = {}
        for part in {id(one.part): one.part for one in batch}.values():
            ids = [one.function.text_id for one in batch if one.part is part]
            texts[id(part)] = part.store.texts(sorted({one for one in ids if one > 0}))
            typed = {
                function.id: text for file in part.buffers for function, text in file.typed() if function.id in ids
            }
            texts[id(part)].update(typed)
        for one in batch:
            workspace = one.part.workspace
            verifier = verifiers.setdefault(id(workspace), Verifier(workspace.root, workspace.max_file_bytes))
            text = texts[id(one.part)].get(one.function.text_id)
            verified: Verified | None
            if one.function.text_id < 0:  # lines of a buffer are those that the person sees
                verified = Verified(one.function, None)
            else:
                verified = None if text is None else verifier.check(one.function, text)
            if verified is None or text is None:
                dropped += 1
                continue
            kept.append(dataclasses.replace(one, function=verified.function, text=verified.new_text or text))
            if len(kept) == wanted:
                return kept, dropped
    return kept, dropped


def _rerank_top(request: SearchRequest, model: CasCodeModel | None) -> int:
    """Return K: how many candidates the slow classifier reads, 0 for none."""
    if not request.rerank or model is None or not model.has_classifier:
        return 0
    if request.rerank_top is not None:
        return request.rerank_top
    # Weight 0 was measured: this classifier does not improve the order, so nobody waits for it.
    return DEFAULT_RERANK_TOP if model.settings.fusion_weight > 0 else 0


def _rerank(model: CasCodeModel, query: str, candidates: list[_Candidate], count: int) -> list[_Candidate]:
    """Let the slow classifier read the best K; the others keep their order below them."""
    from cascode_models.inference import fused_score

    top, rest = candidates[:count], candidates[count:]
    logits = model.classify(query, [one.text for one in top])
    evidence = [one.ranked for one in top]
    fused = fused_score(similarities_of(evidence), logits, model.settings.fusion_weight)
    read = [
        dataclasses.replace(one, stage="cascade", score=score)
        for one, score in zip(_judged(model, top, fused), reread(query, evidence, fused), strict=True)
    ]
    read.sort(key=lambda one: -one.score)
    return read + rest


def _confident(model: CasCodeModel, candidates: Sequence[_Candidate]) -> bool:
    """Whether the model does not say that nothing matches well."""
    known = [one.answered for one in candidates if one.answered is not None]
    return not known or max(known) >= model.settings.no_match_threshold


def _judged_by_similarity(model: CasCodeModel, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the candidates with their calibrated probabilities from the similarities alone."""
    from cascode_models.inference import fused_score

    similarities = similarities_of([one.ranked for one in candidates])
    return _judged(model, candidates, fused_score(similarities, np.zeros_like(similarities), 0.0))


def _judged(model: CasCodeModel, candidates: Sequence[_Candidate], fused: FloatArray) -> list[_Candidate]:
    """Return the candidates with the probabilities of their fused scores."""
    found = zip(candidates, model.probability.of(fused), model.probability.answered(fused), strict=True)
    return [
        # Without a vector the similarity is a guess that ranks: no probability was calibrated on such.
        one
        if one.ranked.similarity is None
        else dataclasses.replace(one, probability=float(probability), answered=float(answered))
        for one, probability, answered in found
    ]


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


def _hit(one: _Candidate) -> Hit:
    """Turn a candidate into a hit."""
    function = one.function
    return Hit(
        root=one.part.workspace.root,
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
