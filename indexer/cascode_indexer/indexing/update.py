"""Brings a store up to date with its workspace: scan, parse and store first, so that words find the new
functions at once; then encode, in small batches that survive a kill."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cascode_indexer.extract import language_of
from cascode_indexer.indexing.parse import content_digest, parse_content
from cascode_indexer.indexing.types import IndexProgress, IndexReport
from cascode_indexer.store.store import ParsedFile, Store
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.types import SkipCounts, SkipReason, SourceFile
from cascode_indexer.walk import IgnoreRules, read_bytes, walk
from cascode_models.text import TEXT_VERSION
from cascode_models.types import Encoder

_log = logging.getLogger(__name__)

#: Raise it whenever extraction gives other functions than before: every file is then read again.
EXTRACTION_VERSION = 1
#: Files stored in one transaction: few enough to be found soon and lost cheaply, enough to make the commit cheap.
_FILES_A_BATCH = 64
#: Texts encoded between two commits: about half a second of work on two cores, the most that a kill loses.
_TEXTS_A_BATCH = 128

OnProgress = Callable[[IndexProgress], None]
Cancelled = Callable[[], bool]


class Updater:
    """Writes one workspace's index; its caller holds the writer lock.

    Args:
        root: The workspace.
        store: Its store.
        max_file_bytes: Larger files are skipped and counted.
        on_progress: Told how far it has come.
        cancelled: Asked between batches; what was done until then is kept.
    """

    def __init__(
        self,
        root: Path,
        store: Store,
        *,
        max_file_bytes: int,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled | None = None,
    ) -> None:
        self._root = root
        self._store = store
        self._max_file_bytes = max_file_bytes
        self._on_progress = on_progress or (lambda _: None)
        self._cancelled = cancelled or (lambda: False)

    def scan(self) -> IndexReport:
        """Walk the whole workspace; store what is new or changed, forget what is gone."""
        started = time.perf_counter()
        self._forget_other_versions()
        known = self._store.file_records()
        skipped = SkipCounts()
        seen: set[str] = set()
        suspects: list[SourceFile] = []
        for source in walk(
            self._root, language_of=language_of, skipped=skipped, max_bytes=self._max_file_bytes, known=known
        ):
            seen.add(source.path)
            record = known.get(source.path)
            if record is None or (record.size, record.mtime_ns) != (source.size, source.mtime_ns):
                suspects.append(source)
            if self._cancelled():
                return IndexReport(self._root, cancelled=True)
        changed = self._read(suspects)
        gone = known.keys() - seen
        complete = not self._cancelled()
        if complete:
            self._store.remove_files(gone)
            self._store.set_skipped(skipped)
            self._store.set_meta("last_indexed", repr(time.time()))
        counts = self._store.counts()
        return IndexReport(
            self._root,
            files=counts.files,
            files_changed=changed,
            files_removed=len(gone) if complete else 0,
            functions=counts.functions,
            skipped=self._store.skipped(),
            seconds=time.perf_counter() - started,
            cancelled=not complete,
        )

    def rescan_paths(self, paths: Iterable[str]) -> IndexReport:
        """Look at single paths again: store what changed, forget what is gone or ignored now."""
        started = time.perf_counter()
        rules = IgnoreRules(self._root)
        suspects: list[SourceFile] = []
        gone: list[str] = []
        for path in sorted(paths):
            source = None if rules.reason(path) else self._source(path)
            if source is None:
                if self._store.file_record(path) is not None:
                    gone.append(path)
                continue
            record = self._store.file_record(path)
            if record is None or (record.size, record.mtime_ns) != (source.size, source.mtime_ns):
                suspects.append(source)
        changed = self._read(suspects)
        self._store.remove_files(gone)
        counts = self._store.counts()
        return IndexReport(
            self._root,
            files=counts.files,
            files_changed=changed,
            files_removed=len(gone),
            functions=counts.functions,
            skipped=self._store.skipped(),
            seconds=time.perf_counter() - started,
            cancelled=self._cancelled(),
        )

    def encode(self, encoder: Encoder, cache: VectorCache) -> tuple[int, float]:
        """Give every text a vector: from the cache where it is known, else from the encoder.

        Texts come shortest first, so that a batch holds texts of one length and pads little.

        Returns:
            How many texts were encoded, and the seconds that the encoder took.
        """
        if self._store.get_meta("model") != encoder.fingerprint:
            # Vectors of two models never mix: all texts are pending for this one; its cache may know them.
            self._store.mark_all_pending()
            self._store.set_meta("model", encoder.fingerprint)
        pending = self._store.pending_texts()
        known = cache.known(key for _, key, _ in pending)
        if known:
            cache.touch(known)
            self._store.mark_encoded(text_id for text_id, key, _ in pending if key in known)
        missing = [(text_id, key) for text_id, key, _ in pending if key not in known]
        encoded, seconds = 0, 0.0
        self._tell_encoding(0, len(missing))
        for start in range(0, len(missing), _TEXTS_A_BATCH):
            if self._cancelled():
                break
            batch = missing[start : start + _TEXTS_A_BATCH]
            texts = self._store.texts([text_id for text_id, _ in batch])
            present = [(text_id, key) for text_id, key in batch if text_id in texts]
            begun = time.perf_counter()
            vectors = encoder.encode_texts([texts[text_id] for text_id, _ in present])
            seconds += time.perf_counter() - begun
            # Vectors first: a kill between the two commits costs a look-up, never a second encoding.
            cache.put([key for _, key in present], vectors)
            self._store.mark_encoded(text_id for text_id, _ in present)
            encoded += len(present)
            self._tell_encoding(start + len(batch), len(missing))
        return encoded, seconds

    def _forget_other_versions(self) -> None:
        """Read everything again after the extraction or the text preparation has changed."""
        versions = f"{EXTRACTION_VERSION}.{TEXT_VERSION}"
        stored = self._store.get_meta("versions")
        if stored == versions:
            return
        if stored is not None:
            _log.info(
                "the index of %s is of another version (%s, now %s): reading it again", self._root, stored, versions
            )
            self._store.clear_files()
        self._store.set_meta("versions", versions)
        self._store.set_meta("root", str(self._root))

    def _source(self, path: str) -> SourceFile | None:
        """Return the file at ``path`` if it is one that is read for functions."""
        absolute = self._root / path
        try:
            status = absolute.lstat()
        except (OSError, ValueError):
            return None
        language = language_of(path)
        if language is None or status.st_size > self._max_file_bytes or not absolute.is_file() or absolute.is_symlink():
            return None
        return SourceFile(path, absolute, language, status.st_size, status.st_mtime_ns)

    def _read(self, suspects: list[SourceFile]) -> int:
        """Read and store files that may have changed; return how many did."""
        changed = 0
        batch: list[ParsedFile] = []
        untouched: list[SourceFile] = []
        vanished: list[str] = []
        for at, source in enumerate(suspects):
            if self._cancelled():
                break
            content = read_bytes(source, self._max_file_bytes)
            if isinstance(content, SkipReason):
                # Gone or unreadable since the walk: the next scan counts it for what it is then.
                vanished.append(source.path)
                continue
            record = self._store.file_record(source.path)
            if record is not None and record.digest == content_digest(content):
                untouched.append(source)
                continue
            batch.append(parse_content(source, content))
            changed += 1
            if len(batch) >= _FILES_A_BATCH:
                self._store.replace_files(batch)
                batch.clear()
                self._on_progress(IndexProgress(self._root, "scan", at + 1, len(suspects)))
        if batch:
            self._store.replace_files(batch)
        self._store.touch_files(untouched)
        self._store.remove_files(vanished)
        if suspects:
            self._on_progress(IndexProgress(self._root, "scan", len(suspects), len(suspects)))
        return changed

    def _tell_encoding(self, done: int, total: int) -> None:
        """Tell how far encoding has come."""
        if total:
            self._on_progress(IndexProgress(self._root, "encode", functions_done=done, functions_total=total))
