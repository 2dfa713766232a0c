"""Searches of several workspaces as one: opens what a search reads, and turns rankings into answers.

The way of a query itself is :mod:`cascode_indexer.search.pipeline`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cascode_indexer.errors import QueryError
from cascode_indexer.extract import is_notebook
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.location import code_store_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.open_index import ClosedIndexError, OpenIndex, damaged_again_error
from cascode_indexer.overlay.buffers import Overlays
from cascode_indexer.overlay.words import statistics_of
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate
from cascode_indexer.search.answers import Asked, Clock, answer_of
from cascode_indexer.search.middle import poly_stage
from cascode_indexer.search.notebooks import cell_lines, line_of_code, with_cell
from cascode_indexer.search.parts import Part, definitions_of, files_of
from cascode_indexer.search.pipeline import rankings
from cascode_indexer.search.request import query_of
from cascode_indexer.search.source import Source
from cascode_indexer.search.sources import CANDIDATES, BufferSource, IndexSource
from cascode_indexer.search.stages import Stage, stages_of
from cascode_indexer.search.types import Answer, Hit, SearchRequest
from cascode_indexer.search.verify import Verifier
from cascode_indexer.store.code_store import CodeStore
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.team.asking import Asking, TeamSearch
from cascode_indexer.team.types import Team
from cascode_indexer.types import SkipReason, SourceFile, StoredDefinition
from cascode_indexer.walk import read_text
from cascode_models.types import EncodedQuery

if TYPE_CHECKING:
    from cascode_indexer.vectors.types import Vectors
    from cascode_indexer.workspace import Workspace
    from cascode_models.inference import CasCodeModel

T = TypeVar("T")

#: Typed definitions that a search encodes itself, 0.1 s; others are found by their words until a refresh encodes them.
_LAZY_TEXTS = 8


class Searcher:
    """Searches several workspaces as one.

    Args:
        workspaces: Gives the workspaces of now.
        model: The model, loaded when a search needs it.
        gate: Lets searches go before indexing.
        overlays: Open buffers.
        indexing_threads: CPU threads that indexing takes; None for all.
        max_file_bytes: No source is shown of larger files, where their workspace was closed meanwhile.
        team: The team's index; None where there is none.
    """

    def __init__(
        self,
        workspaces: Callable[[], Sequence[Workspace]],
        model: ModelHandle,
        gate: Gate,
        overlays: Overlays,
        indexing_threads: int | None,
        max_file_bytes: int,
        team: Team | None = None,
    ) -> None:
        self._workspaces = workspaces
        self._model = model
        self._gate = gate
        self._overlays = overlays
        self._indexing_threads = indexing_threads
        self._max_file_bytes = max_file_bytes
        self._team = None if team is None else TeamSearch(team)

    def search(
        self,
        request: SearchRequest,
        *,
        on_fast: Callable[[Answer], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Answer a query; see :meth:`cascode_indexer.engine.Engine.search`."""
        query = query_of(request, [workspace.root for workspace in self._workspaces()])
        clock = Clock()
        model = self._get_model(request.wait_for_model, cancelled)
        clock.lap("model")

        def work(parts: Sequence[Part]) -> Answer:
            encoded = self._encode(model, clock, lambda encoder: encoder.encode_query(query.pieces))
            vector = None if encoded is None else encoded.vector
            asking = self._ask_team(request, query, vector, model)
            asked = self._note_request(query.text, query.judged_as, request.limit, parts, model, clock)
            with _middle_stages(request, model) as middle:
                stages = [*middle, *stages_of(request, model, encoded)]
                sources = self._sources(parts, query, model, max(CANDIDATES, request.poly_top))
                if asking is not None:
                    if on_fast is not None and not asking.done:
                        # Nobody waits for another machine: what lies here is shown at once.
                        here = answer_of(asked, next(rankings(query, vector, sources, stages, request.limit)))
                        on_fast(self._with_cells(here))
                    outside = {} if parts else self._overlays.outside()
                    theirs, note = asking.take(query, parts, outside, cancelled)
                    clock.lap("team")
                    sources, asked = [*sources, *theirs], replace(asked, team_note=note)
                for ranking in rankings(query, vector, sources, stages, request.limit):
                    clock.lap("rerank" if ranking.stage is not None and ranking.stage.reads_text else "fast")
                    answer = self._with_cells(answer_of(asked, ranking))
                    if not ranking.last and on_fast is not None:
                        on_fast(answer)
                    if cancelled is not None and cancelled():
                        break
                    self._share_threads(model)
            return answer

        return self._with_parts(work)

    def similar(
        self, root: Path, path: str, line: int, limit: int, *, cell: int | None = None, wait_for_model: bool
    ) -> Answer:
        """Find definitions like the innermost one at ``line`` of ``path`` below ``root``; of a notebook also in a cell.

        Raises:
            QueryError: No definition of the index stands there.
        """
        clock = Clock()
        model = self._get_model(wait_for_model, None)
        clock.lap("model")

        def work(parts: Sequence[Part]) -> Answer:
            found, text = self._at(parts, root, path, self._line_of_code(root, path, line, cell))
            query = Query.of_code(text)
            encoded = self._encode(model, clock, lambda encoder: EncodedQuery(encoder.encode_texts([text])[0]))
            vector = None if encoded is None else encoded.vector
            sources = self._sources(parts, query, model)

            def overlaps(candidate: Candidate) -> bool:
                """Whether a candidate is the definition itself, what it stands in, or a part of it."""
                other = candidate.definition
                beside = other.end_line < found.start_line or found.end_line < other.start_line
                return (candidate.owner.root, other.path) == (root, found.path) and not beside

            (ranking,) = rankings(query, vector, sources, (), limit, overlaps)
            clock.lap("fast")
            asked = self._note_request(f"{path}:{line}", query.judged_as, limit, parts, model, clock)
            return self._with_cells(answer_of(asked, ranking))

        return self._with_parts(work)

    def refresh_overlays(self) -> None:
        """Parse and encode what was typed, ahead of the next search."""
        self._with_parts(lambda _: None, most=None)

    def snippet(self, hit: Hit) -> str:
        """Return the source lines of a hit."""
        if hit.repository is not None:
            return hit.code
        text = self.file_text(hit.root, hit.path, hit.language)
        if text is None:
            return ""
        if hit.cell is not None:
            return cell_lines(hit, text)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(lines[hit.start_line - 1 : hit.end_line])

    # --- notebooks ------------------------------------------------------------------------------------

    def _with_cells(self, answer: Answer) -> Answer:
        """Return an answer whose hits in notebooks name their cells."""
        if not any(is_notebook(hit.path) for hit in answer.hits):
            return answer
        return dataclasses.replace(answer, hits=tuple(map(self._with_cell, answer.hits)))

    def _with_cell(self, hit: Hit) -> Hit:
        """Return a hit with its cell, where it has one."""
        text = (
            self.file_text(hit.root, hit.path, hit.language)
            if is_notebook(hit.path) and hit.repository is None
            else None
        )
        return hit if text is None else with_cell(hit, text)

    def _line_of_code(self, root: Path, path: str, line: int, cell: int | None) -> int:
        """Return the line that a place means in what is read of a file."""
        if not is_notebook(path):
            return line
        text = self.file_text(root, path, "")
        return line if text is None else line_of_code(text, path, line, cell)

    def file_text(self, root: Path, path: str, language: str) -> str | None:
        """Return the text of a file, or of its open buffer; None where it vanished or is no text any more."""
        text: str | SkipReason | None = self._overlays.text(root, path)
        if text is None:
            home = next((workspace for workspace in self._workspaces() if workspace.root == root), None)
            largest = self._max_file_bytes if home is None else home.max_file_bytes
            text = read_text(SourceFile(path, root / path, language, 0, 0, True), largest)
        return None if isinstance(text, SkipReason) else text

    # --- what a search reads --------------------------------------------------------------------------

    def _sources(
        self, parts: Sequence[Part], query: Query, model: CasCodeModel | None, wanted: int = CANDIDATES
    ) -> list[Source]:
        """Return the indexes of the workspaces, and their open buffers, each in place of what is stored of its file."""
        sources: list[Source] = []
        for part in parts:
            workspace, store = part.workspace, part.index.store
            hidden = frozenset(file.path for file in part.buffers)
            verifier = Verifier(workspace.root, workspace.max_file_bytes)
            reading = None if model is None else part.index.vectors().reading
            kept_states = part.index.cache().get_states if model is not None and model.keeps_states else None
            sources.append(IndexSource(workspace.root, store, reading, hidden, verifier, kept_states, wanted))
            if part.buffers:
                stems = self._overlays.stems(query.looked_up)
                sources.append(BufferSource(workspace.root, part.buffers, stems, store.word_statistics(stems)))
        if not parts:  # no folder is open: the open files are all there is
            outside = self._overlays.outside()
            stems = self._overlays.stems(query.looked_up) if outside else {}
            files = [file for some in outside.values() for file in some]
            statistics = statistics_of([file.words for file in files], stems)
            sources.extend(BufferSource(root, some, stems, statistics) for root, some in outside.items())
        return sources

    def _at(self, parts: Sequence[Part], root: Path, path: str, line: int) -> tuple[StoredDefinition, str]:
        """Find the innermost definition at a place, and its text."""
        home = next((part for part in parts if part.workspace.root == root), None)
        if home is not None:
            known = definitions_of(home, path)
        else:
            outside = self._overlays.outside().get(root, ())
            known = [pair for file in outside if file.path == path for pair in file.with_texts()]
        if not known:
            raise QueryError(f"no definitions are indexed in {path}: check the path, or run 'cascode index'")
        around = [
            (definition, text) for definition, text in known if definition.start_line <= line <= definition.end_line
        ]
        if not around:
            spans = ", ".join(
                f"{definition.name} {definition.start_line}-{definition.end_line}" for definition, _ in known[:3]
            )
            raise QueryError(f"no definition at line {line} of {path}; it holds {spans}, ...")
        found, text = min(around, key=lambda pair: pair[0].end_line - pair[0].start_line)
        return found, text

    def _note_request(
        self,
        label: str,
        judged_as: str,
        limit: int,
        parts: Sequence[Part],
        model: CasCodeModel | None,
        clock: Clock,
    ) -> Asked:
        """Return what the answer says beside its hits."""
        outside = () if parts else self._overlays.outside().values()
        return Asked(
            label=label,
            judged_as=judged_as,
            limit=limit,
            stores=[part.index.store for part in parts],
            model=model,
            model_error=self._model.error,
            clock=clock,
            outside=sum(len(file.definitions) for files in outside for file in files),
        )

    def _ask_team(
        self, request: SearchRequest, query: Query, vector: Vectors | None, model: CasCodeModel | None
    ) -> Asking | None:
        """Begin to ask the team's index; None where the request does not want it, or without a model."""
        if self._team is None or not request.team or vector is None or model is None:
            return None
        return self._team.begin(query, vector, model)

    # --- the model ------------------------------------------------------------------------------------

    def _get_model(self, wait: bool, cancelled: Callable[[], bool] | None) -> CasCodeModel | None:
        """Return the model; None where it is not, or no longer, to be waited for."""
        return self._model.wait(cancelled or (lambda: False)) if wait else self._model.ready()

    def _encode(
        self, model: CasCodeModel | None, clock: Clock, encode: Callable[[CasCodeModel], EncodedQuery]
    ) -> EncodedQuery | None:
        """Encode what was asked; None without a model."""
        if model is None:
            return None
        self._share_threads(model)
        encoded = encode(model)
        clock.lap("encode")
        return encoded

    def _share_threads(self, model: CasCodeModel | None) -> None:
        """Take the CPU threads that indexing leaves: two teams on one processor wait for each other at each step."""
        if model is None:
            return
        everything = self._model.all_threads
        taken = (self._indexing_threads or everything) if self._gate.working else 0
        self._model.use_threads(max(1, everything - taken) if taken else None)

    # --- open files -----------------------------------------------------------------------------------

    def _with_parts(self, work: Callable[[Sequence[Part]], T], most: int | None = _LAZY_TEXTS) -> T:
        """Do ``work`` on the workspaces of now; once more where a file turned out damaged, without what it held.

        Args:
            work: Given the workspaces, kept open until it ends.
            most: Typed definitions to encode before.
        """
        seen: list[Part] = []
        try:
            with self._parts(most) as parts:
                seen.extend(parts)
                return work(parts)
        except DamagedFileError as error:
            self._replace_damaged(seen, error)
        try:
            with self._parts(most) as parts:
                return work(parts)
        except DamagedFileError as error:
            raise damaged_again_error(error) from error

    def _replace_damaged(self, seen: Sequence[Part], error: DamagedFileError) -> None:
        """Put a damaged file aside, so that the workspaces that share it begin a new one.

        Raises:
            DamagedFileError: It belongs to none of them.
        """
        damaged = [part for part in seen if error.path in files_of(part.workspace.location)]
        if not damaged:
            raise error
        for at, part in enumerate(damaged):
            # The vector cache is one file for all workspaces: it is put aside once, and opened again by all.
            part.workspace.repair(error, part.index, move=at == 0)

    @contextlib.contextmanager
    def _parts(self, most: int | None) -> Iterator[list[Part]]:
        """Keep the workspaces of now open, before indexing, while the block runs; what was typed is taken up first."""
        with self._gate.searching(), contextlib.ExitStack() as stack:
            opened: list[tuple[Workspace, OpenIndex]] = []
            for workspace in self._workspaces():
                # The second time where a damaged index was replaced just now; a closed workspace stays out.
                for _ in range(2):
                    index = workspace.index
                    with contextlib.suppress(ClosedIndexError):
                        stack.enter_context(index)
                        opened.append((workspace, index))
                        break
            self._refresh_overlays(opened, most)
            yield [Part(workspace, index, self._overlays.of(workspace.root)) for workspace, index in opened]

    def _refresh_overlays(self, opened: Sequence[tuple[Workspace, OpenIndex]], most: int | None) -> None:
        """Parse and encode open buffers; a model that is not loaded yet is not waited for."""
        model = self._model.current
        indexes = {workspace.root: index for workspace, index in opened}

        def cache_of(root: Path) -> VectorCache | None:
            index = indexes.get(root)
            return None if index is None else index.cache()

        self._share_threads(model)
        self._overlays.refresh(model, cache_of, most, with_outside=not opened)


@contextlib.contextmanager
def _middle_stages(request: SearchRequest, model: CasCodeModel | None) -> Iterator[list[Stage]]:
    """Give the stages between the fast encoder and the slow classifier that a request wants, their store kept open.

    Raises:
        QueryError: The model has none.
    """
    if not request.poly_top or model is None:
        yield []
        return
    if not model.has_codes:
        raise QueryError(
            f"the model has no codes, and poly-top is {request.poly_top}: set it to 0, "
            "or train some with the preset 'poly'"
        )
    with CodeStore(code_store_path(), model.fingerprint, model.dimension) as codes:
        yield [poly_stage(model, codes, request.poly_top)]
