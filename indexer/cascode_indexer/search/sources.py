"""The sources of candidates: the index of a workspace, and the open buffers that stand in for its files."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from cascode_indexer.lexical.terms import match_expression
from cascode_indexer.overlay.buffers import OverlayFile, similarities
from cascode_indexer.query import Frame, Query
from cascode_indexer.query.frames import by_file_name, file_name_of
from cascode_indexer.rank.types import Candidate
from cascode_indexer.search.source import Origin, Verified
from cascode_indexer.search.verify import Verifier
from cascode_indexer.store.passages import passages_of, place_of, text_of
from cascode_indexer.store.store import Store
from cascode_indexer.store.word_statistics import WordStatistics
from cascode_indexer.types import StoredDefinition
from cascode_indexer.vectors import VectorIndex
from cascode_indexer.vectors.types import Ids, Vectors

#: Candidates from each half of the fast stage: recall@100 of the encoder is above 0.96 on held-out packages, and
#: rows beyond cost look-ups without ever being shown.
CANDIDATES = 100
#: Passages looked for where one definition is wanted: of 21,000 candidates on dev three in ten are long, and have a
#: further passage and a half each.
_PASSAGES_A_CANDIDATE = 2
#: Definitions of an open buffer's file that may sit among the best: few files have more that answer one query.
_HIDDEN_A_FILE = 20
#: And in all: a hundred open buffers must not make every search read the whole index.
_MOST_HIDDEN = 400
#: Copies of one definition that are ranked: one is shown, and copies are distinguished by the words of their paths.
#: Code that was copied a thousand times must not make every search a thousand times longer.
_MOST_COPIES = 20
#: Frames whose definitions are looked for, of those that lie in the workspace: what failed is in the innermost ones.
_MOST_FRAMES = 12
#: Files looked at for a traceback's frames: a name like index.js is that of hundreds.
_MOST_FRAMED_FILES = 50
#: BM25 weights of the columns name, path, doc, body: a word in the name says more than one in the body.
COLUMN_WEIGHTS = (4.0, 1.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class IndexSource:
    """The index of one workspace, kept open while it is searched."""

    root: Path
    store: Store
    #: Gives the vectors while a block reads them; None while there is no model.
    reading: Callable[[], AbstractContextManager[VectorIndex]] | None
    #: Files that open buffers stand in for.
    hidden: frozenset[str] = frozenset()
    #: Checks lines against the files; None where the index is not of the files as they are.
    verifier: Verifier | None = None
    #: Looks packed token states up by the keys of texts; None where the model keeps none.
    kept_states: Callable[[Sequence[bytes]], Mapping[bytes, bytes]] | None = None
    #: Candidates that are looked for by their vectors.
    wanted: int = CANDIDATES

    def candidates(self, query: Query, vector: Vectors | None) -> list[Candidate]:
        """See :meth:`Source.candidates`."""
        allowed = _Allowed.of(self.store, query)
        # Hidden definitions take places of the top N.
        spare = min(len(self.hidden) * _HIDDEN_A_FILE, _MOST_HIDDEN)
        with contextlib.nullcontext() if self.reading is None else self.reading() as index:
            cosines: dict[int, float] = {}
            if index is not None and vector is not None and len(index):
                # Several passages of a long definition may be among the nearest.
                most = (self.wanted + spare) * _PASSAGES_A_CANDIDATE
                ids, scores = index.search(vector[None, :], min(most, len(index)), allowed.passages)
                cosines = dict(islice(_by_text(ids[0], scores[0]).items(), self.wanted + spare))
            rows = self._rows(list(cosines), _lexical(self.store, query, allowed, spare), query, allowed)
            if index is not None and vector is not None:
                cosines.update(self._compute_cosines(index, vector, rows, cosines))
        # Words count wherever a candidate came from, not only where they brought it.
        words = (
            self.store.match_among(match_expression(query.looked_up), COLUMN_WEIGHTS, [row.id for row in rows])
            if query.looked_up
            else {}
        )
        return [Candidate(self, row, cosines.get(row.text_id), words.get(row.id, 0.0)) for row in rows]

    def texts(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, str]:
        """See :meth:`Source.texts`."""
        texts = self.store.texts(sorted({definition.text_id for definition in definitions}))
        return {definition.id: texts[definition.text_id] for definition in definitions if definition.text_id in texts}

    def states(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, bytes]:
        """See :meth:`Source.states`."""
        if self.kept_states is None:
            return {}
        keys = self.store.keys(passages_of(sorted({definition.text_id for definition in definitions})))
        kept = self.kept_states(list(keys.values()))
        by_text: dict[int, bytes] = {}
        for passage, key in sorted(keys.items()):
            # The beginning of a text is compared by itself as well: without it there is nothing to say.
            if key in kept and (place_of(passage) == 0 or text_of(passage) in by_text):
                by_text[text_of(passage)] = by_text.get(text_of(passage), b"") + kept[key]
        return {
            definition.id: by_text[definition.text_id] for definition in definitions if definition.text_id in by_text
        }

    def stands(self, definition: StoredDefinition, text: str) -> Verified | None:
        """See :meth:`Source.stands`."""
        return Verified(definition, None) if self.verifier is None else self.verifier.check(definition, text)

    def origin(self, definition: StoredDefinition) -> Origin | None:  # noqa: ARG002
        """See :meth:`Source.origin`."""
        return None

    def _rows(
        self, dense: Sequence[int], bm25: dict[int, float], query: Query, allowed: _Allowed
    ) -> list[StoredDefinition]:
        """Return the definitions of both halves, and those that a traceback names, that may be shown."""
        # Of many equal copies words find those that were indexed first; the others answer as well as they do.
        texts = dict.fromkeys([*dense, *(row.text_id for row in self.store.definitions(list(bm25)))])
        rows = {row.id: row for row in self.store.definitions_of_texts(list(texts))}
        if query.frames:
            rows.update((row.id, row) for row in _definitions_at_frames(self.store, query.frames))
        shown = [row for row in rows.values() if allowed.admits(row) and row.path not in self.hidden]
        return _few_copies(shown, bm25)

    def _compute_cosines(
        self, index: VectorIndex, vector: Vectors, rows: Iterable[StoredDefinition], known: Collection[int]
    ) -> dict[int, float]:
        """Compute the cosines, by text id, of lexical candidates that are not in the dense top N."""
        wanted = sorted({row.text_id for row in rows if row.text_id not in known})
        # The store is asked which passages there are: to ask FAISS for one that it has not takes 40 microseconds.
        stored = sorted(self.store.keys(passages_of(wanted)))
        ids, vectors = index.lookup(np.array(stored, dtype=np.int64))
        return _by_text(ids, vectors @ vector)


@dataclass(frozen=True, slots=True)
class BufferSource:
    """The open buffers of one workspace."""

    root: Path
    files: tuple[OverlayFile, ...]
    #: Stems of the query's terms.
    stems: Mapping[str, str]
    #: Of the words of the workspace's store, so that BM25 is on its scale.
    statistics: WordStatistics

    def candidates(self, query: Query, vector: Vectors | None) -> list[Candidate]:
        """See :meth:`Source.candidates`."""
        admits = query.filters.admission()
        found: list[Candidate] = []
        for file in self.files:
            bm25 = file.words.scores(self.stems, self.statistics, COLUMN_WEIGHTS)
            cosines = {} if vector is None else similarities(file, vector)
            for at, definition in enumerate(file.definitions):
                if (at in bm25 or at in cosines) and (
                    admits is None or admits(definition.path, definition.language, definition.kind)
                ):
                    found.append(Candidate(self, definition, cosines.get(at), bm25.get(at, 0.0)))
        dense = sorted(found, key=lambda candidate: 1.0 if candidate.similarity is None else -candidate.similarity)[
            :CANDIDATES
        ]
        lexical = sorted(found, key=lambda candidate: -candidate.bm25)[:CANDIDATES]
        return list({candidate.definition.id: candidate for candidate in [*dense, *lexical]}.values())

    def texts(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, str]:
        """See :meth:`Source.texts`."""
        wanted = {definition.id for definition in definitions}
        return {definition.id: text for definition, text in self._with_texts() if definition.id in wanted}

    def states(self, definitions: Sequence[StoredDefinition]) -> Mapping[int, bytes]:
        """See :meth:`Source.states`."""
        wanted = {definition.id for definition in definitions}
        return {
            definition.id: states
            for file in self.files
            for definition, text in file.with_texts()
            if definition.id in wanted and (states := file.states_of(text))
        }

    def stands(self, definition: StoredDefinition, text: str) -> Verified | None:  # noqa: ARG002
        """See :meth:`Source.stands`: the lines of a buffer are those that the person sees."""
        return Verified(definition, None)

    def origin(self, definition: StoredDefinition) -> Origin | None:  # noqa: ARG002
        """See :meth:`Source.origin`."""
        return None

    def _with_texts(self) -> Iterator[tuple[StoredDefinition, str]]:
        """Yield each definition with its text."""
        for file in self.files:
            yield from file.with_texts()


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What a query's filters leave of an index: ids of definitions and of passages; None for all."""

    definitions: frozenset[int] | None
    passages: np.ndarray | None

    @classmethod
    def of(cls, store: Store, query: Query) -> _Allowed:
        """Find what the languages, kinds and globs of a query allow."""
        admits = query.filters.admission()
        if admits is None:
            return cls(None, None)
        definitions, texts = set(), set()
        for definition_id, text_id, path, language, kind in store.function_facets():
            if admits(path, language, kind):
                definitions.add(definition_id)
                texts.add(text_id)
        return cls(frozenset(definitions), passages_of(sorted(texts)))

    def admits(self, row: StoredDefinition) -> bool:
        """Whether a definition may answer."""
        return self.definitions is None or row.id in self.definitions


def _definitions_at_frames(store: Store, frames: Sequence[Frame]) -> list[StoredDefinition]:
    """Return the definitions that stand where frames say, by line or by name.

    Of the frames those of the store's files count, and of these the innermost.
    """
    near = by_file_name(frames)
    found: dict[str, list[tuple[int, Frame]]] = {}
    for path in store.file_records():
        of_path = [(place, frame) for place, frame in near.get(file_name_of(path), ()) if frame.is_of(path)]
        if of_path:
            found[path] = of_path
    places = sorted({place for of_path in found.values() for place, _frame in of_path})[:_MOST_FRAMES]
    innermost = frozenset(places)
    return [
        definition
        for path in sorted(found, key=lambda path: (found[path][0][0], path))[:_MOST_FRAMED_FILES]
        for definition in store.definitions_of_file(path)
        if any(place in innermost and frame.fit(definition) for place, frame in found[path])
    ]


def _few_copies(rows: Sequence[StoredDefinition], bm25: Mapping[int, float]) -> list[StoredDefinition]:
    """Leave out surplus copies of a definition: those that words found no better than another, last in order of path.

    Which of equal copies words found is chance, that of which file was indexed first; it must not decide.
    """
    least: dict[int, float] = {}
    for row in rows:
        if row.id in bm25:
            least[row.text_id] = min(bm25[row.id], least.get(row.text_id, bm25[row.id]))

    def order(row: StoredDefinition) -> tuple[float, str, int]:
        worst = least.get(row.text_id, 0.0)
        return worst - bm25.get(row.id, worst), row.path, row.start_line

    copies: Counter[int] = Counter()
    kept = []
    for row in sorted(rows, key=order):
        copies[row.text_id] += 1
        if copies[row.text_id] <= _MOST_COPIES:
            kept.append(row)
    return kept


def _lexical(store: Store, query: Query, allowed: _Allowed, spare: int) -> dict[int, float]:
    """Return BM25 of the lexical top N by definition id; ``spare`` more, for those that will be left out."""
    if not query.looked_up:
        return {}
    expression = match_expression(query.looked_up)
    if allowed.definitions is None:
        return dict(store.match(expression, COLUMN_WEIGHTS, CANDIDATES + spare))
    # A filter is applied to a longer list: full-text search knows nothing of languages and globs.
    limit = CANDIDATES * 20 + spare
    ranked = store.match(expression, COLUMN_WEIGHTS, limit)
    found = [(number, score) for number, score in ranked if number in allowed.definitions][:CANDIDATES]
    if len(found) < CANDIDATES and len(ranked) == limit:
        # The longer list is full of definitions that the filter leaves out: ask about the others alone.
        among = store.match_among(expression, COLUMN_WEIGHTS, sorted(allowed.definitions))
        found = sorted(among.items(), key=lambda pair: (-pair[1], pair[0]))[:CANDIDATES]
    return dict(found)


def _by_text(passages: Ids, scores: Vectors) -> dict[int, float]:
    """Return the score of each text's best passage, in the order in which texts come first; id -1 is nobody's."""
    best: dict[int, float] = {}
    for passage, score in zip(passages.tolist(), scores.tolist(), strict=True):
        if passage >= 0:
            text_id = text_of(passage)
            best[text_id] = max(score, best.get(text_id, score))
    return best
