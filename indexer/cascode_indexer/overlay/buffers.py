"""The open buffers of an engine, kept parsed and encoded."""

from __future__ import annotations

import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.extract import language_of_text, most_bytes
from cascode_indexer.indexing.parse import parse_buffer
from cascode_indexer.overlay.words import FunctionWords, WordCounter
from cascode_indexer.store.passages import read_passages
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.store.vector_cache import VectorCache, text_key
from cascode_indexer.types import SkipReason, SourceFile, StoredDefinition
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.walk import IgnoreRules
from cascode_models.types import Encoder

if TYPE_CHECKING:
    from cascode_indexer.workspace import Workspace

#: Passages encoded at a time: about 50 ms on one core, so that what was typed last is soon among them.
_PASSAGES_A_BATCH = 4

#: Finds the workspace that a path lies in, and its place there.
FindWorkspace = Callable[[Path], "tuple[Workspace, str] | None"]


@dataclass(frozen=True, slots=True)
class OverlayFile:
    """An open buffer as searches see it. It hides what the store holds of its file."""

    #: Relative to the workspace, posix separators.
    path: str
    #: The buffer.
    text: str
    #: Their ids are those of this process, not of a store.
    definitions: tuple[StoredDefinition, ...]
    #: Text of each definition.
    texts: tuple[str, ...]
    words: FunctionWords
    #: Whether a workspace holds the file.
    is_inside: bool
    #: Passages of each text.
    passages: dict[str, tuple[str, ...]]
    #: Vector of each passage that has one: ``[dimension]``.
    vectors: dict[str, Vectors] = field(default_factory=dict)
    #: Packed token states of each passage that has some.
    kept: dict[str, bytes] = field(default_factory=dict)

    def states_of(self, text: str) -> bytes:
        """Packed token states of a text's passages; none where its beginning has none yet."""
        return b"".join(self.kept.get(passage, b"") for passage in self.passages[text]) if text in self.kept else b""

    def similarity(self, text: str, query_vector: Vectors) -> float | None:
        """The cosine of a query and the nearest passage of a text; None where none has a vector."""
        present = [self.vectors[passage] for passage in self.passages[text] if passage in self.vectors]
        return float((np.stack(present) @ query_vector).max()) if present else None

    def with_texts(self) -> Iterator[tuple[StoredDefinition, str]]:
        """Yield each definition with its text."""
        return zip(self.definitions, self.texts, strict=True)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the rules of a workspace say about an open file; they read ignore files and ask git."""

    is_inside: bool
    is_admitted: bool
    #: Whether it is read although a program wrote it.
    is_wanted: bool


class Overlays:
    """Open buffers by their files; nothing of them is ever written to disk.

    :meth:`set` and :meth:`clear` return at once and may be called on an event loop; the work is done by
    :meth:`refresh`.

    Args:
        find: Finds the workspace that a path lies in.
        max_file_bytes: For files in no workspace: larger ones are not read.
    """

    def __init__(self, find: FindWorkspace, max_file_bytes: int) -> None:
        self._find = find
        self._max_file_bytes = max_file_bytes
        self._lock = threading.Lock()
        self._parsing = threading.Lock()
        self._encoding = threading.Lock()
        self._ids = itertools.count(1)
        self._buffers: dict[Path, str] = {}
        self._files: dict[tuple[Path, str], OverlayFile] = {}
        #: Asked once for each open buffer.
        self._judged: dict[tuple[Path, str], _Judged] = {}
        #: Fingerprint of the model whose vectors the buffers have.
        self._encoded_by: str | None = None

    def set(self, path: Path, text: str) -> None:
        """Let ``text`` stand in for the file ``path``."""
        with self._lock:
            self._buffers[_absolute(path)] = text

    def has(self, path: Path) -> bool:
        """Whether a buffer stands in for a file."""
        with self._lock:
            return _absolute(path) in self._buffers

    def typed(self, path: Path) -> str | None:
        """Return the text of a file's buffer, taken up by a search or not; None where there is none."""
        with self._lock:
            return self._buffers.get(_absolute(path))

    def clear(self, path: Path) -> None:
        """Let the disk rule again."""
        with self._lock:
            self._buffers.pop(_absolute(path), None)

    def refresh(
        self,
        encoder: Encoder | None,
        caches: Callable[[Path], VectorCache | None],
        most: int | None,
        *,
        with_outside: bool,
    ) -> None:
        """Parse what changed, and encode what has no vector.

        Args:
            encoder: The model; None while it is not loaded.
            caches: Gives the vector cache to look vectors of a workspace up in, None where there is none.
            most: Encode at most this many passages, and none where another thread is at it; None for all.
            with_outside: Whether files in no workspace are encoded too: they are searched where there is none.
        """
        if not self._buffers and not self._files:
            return
        with self._parsing:
            self._parse_changed()
            if encoder is not None and encoder.fingerprint != self._encoded_by:
                self._forget_vectors(encoder.fingerprint)
        if encoder is None or not self._encoding.acquire(blocking=most is None):
            return
        try:
            self._encode_missing(encoder, caches, most, with_outside=with_outside)
        finally:
            self._encoding.release()

    def _forget_vectors(self, fingerprint: str) -> None:
        """Begin with another model, whose vectors compare with those of no other; who encodes now does so in vain."""
        with self._lock:
            self._files = {place: replace(file, vectors={}, kept={}) for place, file in self._files.items()}
            self._encoded_by = fingerprint

    def outside(self) -> dict[Path, tuple[OverlayFile, ...]]:
        """Return the buffers of files that lie in no workspace, by their folder."""
        with self._lock:
            found: dict[Path, list[OverlayFile]] = {}
            for (root, _), file in self._files.items():
                if not file.is_inside:
                    found.setdefault(root, []).append(file)
        return {root: tuple(files) for root, files in found.items()}

    def of(self, root: Path) -> tuple[OverlayFile, ...]:
        """Return the buffers of a workspace as they were refreshed last."""
        with self._lock:
            return tuple(file for (other, _), file in self._files.items() if other == root)

    def opened(self, root: Path) -> frozenset[str]:
        """Return the paths of a workspace that have a buffer now, refreshed or not."""
        with self._lock:
            paths = list(self._buffers)
        found = (self._find(path) for path in paths)
        return frozenset(place[1] for place in found if place is not None and place[0].root == root)

    def text(self, root: Path, path: str) -> str | None:
        """Return the text of the buffer that stands in for a file; None where none does."""
        with self._lock:
            file = self._files.get((root, path))
        return None if file is None else file.text

    def stems(self, terms: Sequence[str]) -> dict[str, str]:
        """Return each term of a query with its stem."""
        return self._words.stems(terms)

    def _parse_changed(self) -> None:
        """Bring the parsed files in line with the buffers and workspaces of now."""
        with self._lock:
            buffers = dict(self._buffers)
        wanted: dict[tuple[Path, str], OverlayFile] = {}
        judged: dict[tuple[Path, str], _Judged] = {}
        for path, text in buffers.items():
            found = self._find(path)
            if found is None:
                place, largest = (path.parent, path.name), self._max_file_bytes
            else:
                place, largest = (found[0].root, found[1]), found[0].max_file_bytes
            rules = judged[place] = self._judge(place, is_inside=found is not None)
            known = self._files.get(place)
            if known is not None and known.text == text and known.is_inside == rules.is_inside:
                wanted[place] = known
                continue
            file = self._parse(place, text, largest, rules) if rules.is_admitted else None
            if file is not None:
                # What the texts that stayed as they were are encoded as is kept.
                if known is not None:
                    wanted_passages = [passage for passages in file.passages.values() for passage in passages]
                    vectors = {key: known.vectors[key] for key in wanted_passages if key in known.vectors}
                    kept = {key: known.kept[key] for key in wanted_passages if key in known.kept}
                    file = replace(file, vectors=vectors, kept=kept)
                wanted[place] = file
        with self._lock:
            self._files = wanted
            self._judged = judged

    def _judge(self, place: tuple[Path, str], *, is_inside: bool) -> _Judged:
        """What the rules say about a file; none say anything about one that lies in no workspace."""
        if not is_inside:
            return _Judged(is_inside=False, is_admitted=True, is_wanted=True)
        known = self._judged.get(place)
        if known is None or not known.is_inside:
            root, path = place
            rules = IgnoreRules(root)
            known = _Judged(is_inside=True, is_admitted=rules.reason(path) is None, is_wanted=rules.is_forced(path))
        return known

    def _parse(self, place: tuple[Path, str], text: str, largest: int, rules: _Judged) -> OverlayFile | None:
        """Parse a buffer by the rules for files; None where its language is not known."""
        root, path = place
        language = language_of_text(path, text)
        if language is None:
            return None
        source = SourceFile(path, root / path, language, 0, 0, rules.is_wanted)
        largest = most_bytes(path, largest)
        size = len(text) if len(text) > largest else len(text.encode("utf-8", "replace"))
        if size > largest:
            parsed = ParsedFile(source, b"", (), (), skip_reason=SkipReason.TOO_LARGE)
        else:
            parsed = parse_buffer(source, text)
        definitions = tuple(
            StoredDefinition(
                id=number,
                text_id=number,
                path=path,
                language=definition.language,
                size=0,
                mtime_ns=0,
                name=definition.name,
                qualified_name=definition.qualified_name,
                kind=definition.kind.value,
                signature=definition.signature,
                start_line=definition.start_line,
                end_line=definition.end_line,
                name_line=definition.name_line,
                name_column=definition.name_column,
            )
            for definition, number in zip(parsed.definitions, self._ids, strict=False)
        )
        words = self._words.count(path, parsed.definitions)
        split = {text: tuple(read_passages(text, path)) for text in parsed.texts}
        return OverlayFile(path, text, definitions, parsed.texts, words, rules.is_inside, split)

    def _encode_missing(
        self,
        encoder: Encoder,
        caches: Callable[[Path], VectorCache | None],
        most: int | None,
        *,
        with_outside: bool,
    ) -> None:
        """Give passages without a vector theirs: from the cache where it is known, else from the encoder."""
        with self._lock:
            files = [(place, file) for place, file in self._files.items() if with_outside or file.is_inside]
        left = most
        for (root, _), file in files:
            # Beginnings first, as on the disk.
            by_place = (passage for row in zip_longest(*file.passages.values()) for passage in row if passage)
            missing = list(dict.fromkeys(passage for passage in by_place if passage not in file.vectors))
            cache = caches(root) if missing else None
            if cache is not None:
                self._look_up(file, missing, cache)
                missing = [passage for passage in missing if passage not in file.vectors]
            if left is not None:
                missing = missing[:left]
                left -= len(missing)
            for start in range(0, len(missing), _PASSAGES_A_BATCH):
                batch = missing[start : start + _PASSAGES_A_BATCH]
                encoded = encoder.encode_definitions(batch)
                file.kept.update(zip(batch, encoded.states or (), strict=encoded.states is not None))
                # Last: what has a vector needs no encoding.
                file.vectors.update(zip(batch, encoded.vectors, strict=True))

    @staticmethod
    def _look_up(file: OverlayFile, wanted: Sequence[str], cache: VectorCache) -> None:
        """Take what the cache knows of passages."""
        keys = {passage: text_key(passage) for passage in wanted}
        known = cache.known(keys.values())
        found = [passage for passage in wanted if keys[passage] in known]
        kept = cache.get_states([keys[passage] for passage in found])
        positions, vectors = cache.get([keys[passage] for passage in found])
        file.kept.update((passage, kept[keys[passage]]) for passage in found if keys[passage] in kept)
        file.vectors.update((found[at], vector) for at, vector in zip(positions, vectors, strict=True))

    @functools.cached_property
    def _words(self) -> WordCounter:
        """The counter of words, made when the first buffer is opened."""
        return WordCounter()


def similarities(file: OverlayFile, query_vector: Vectors) -> dict[int, float]:
    """Return the cosine of a query and each definition that has a vector, by position."""
    found = ((at, file.similarity(text, query_vector)) for at, text in enumerate(file.texts))
    return {at: similarity for at, similarity in found if similarity is not None}


def _absolute(path: Path) -> Path:
    """Return the path under which a buffer is known."""
    return Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are
