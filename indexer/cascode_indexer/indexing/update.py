"""Brings a store up to date with its workspace: scan, parse and store first, so that words find the new
functions at once; then encode, in small batches that survive a kill."""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from cascode_indexer.extract import EXTRACTION_VERSION, head_bytes, language_of, most_bytes
from cascode_indexer.indexing.batches import SMALL_BATCH_SECONDS, BatchSize
from cascode_indexer.indexing.encoding_progress import EncodingProgress
from cascode_indexer.indexing.gate import Gate
from cascode_indexer.indexing.order import encoding_order
from cascode_indexer.indexing.parse import content_digest, parse_content
from cascode_indexer.indexing.types import Cancelled, IndexProgress, IndexReport, OnProgress
from cascode_indexer.store.store import Store
from cascode_indexer.store.types import FileRecord, ParsedFile, PendingPassage
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.types import SkipCounts, SkipReason, SourceFile
from cascode_indexer.walk import IgnoreRules, read_bytes, read_head, walk
from cascode_models.text import TEXT_VERSION
from cascode_models.types import EncodedTexts, Encoder, FloatArray

_log = logging.getLogger(__name__)

#: Given addresses of texts, puts into the cache what vectors it has of them; returns whose it had.
Supply = Callable[[Sequence[bytes]], set[bytes]]

#: Files stored in one transaction: few enough to be found soon and lost cheaply, enough to make the commit cheap.
_FILES_A_BATCH = 64
#: And no more functions than these: a transaction of a hundred milliseconds is the longest stretch of Python here.
_FUNCTIONS_A_BATCH = 400
#: And no later than this: the first answers of a new workspace are wanted in its first second.
_STORE_SECONDS = 0.3
#: Passages encoded between two commits: about a second of work on two cores, the most that a kill loses.
_PASSAGES_A_BATCH = 128
#: Passages whose vectors are known already, noted in one transaction: a million at once are minutes in which none of
#: them is found, and which nobody can end.
_KNOWN_A_BATCH = 4_096
#: Small batches are stored no later than this, on a slow machine too.
_ENCODE_SECONDS = 1.0


class Updater:
    """Writes one workspace's index; its caller holds the writer lock.

    Args:
        root: The workspace.
        store: Its store.
        max_file_bytes: Larger files are skipped and counted.
        on_progress: Called with the progress so far.
        cancelled: Asked between small pieces of work; what was done until then is kept.
        gate: Passed between them; searches and pauses hold it.
        threads: CPU threads that encode, a few texts at a time, so that a search never waits long; None for large
            batches on all of them.
    """

    def __init__(
        self,
        root: Path,
        store: Store,
        *,
        max_file_bytes: int,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled | None = None,
        gate: Gate | None = None,
        threads: int | None = None,
    ) -> None:
        self._root = root
        self._store = store
        self._max_file_bytes = max_file_bytes
        self._on_progress = on_progress or (lambda _: None)
        self.cancelled = cancelled or (lambda: False)
        self._gate = gate or Gate()
        self._batch_size = BatchSize(_PASSAGES_A_BATCH, None if threads is None else SMALL_BATCH_SECONDS, threads or 1)

    def scan(self, *, full: bool = False) -> IndexReport:
        """Walk the whole workspace; store what is new or changed, forget what is gone.

        Args:
            full: Read files again that look unchanged, too. What is known of them answers until it is replaced,
                and vectors of texts that come out the same are kept.
        """
        started = time.perf_counter()
        self._forget_other_versions()
        self._on_progress(IndexProgress(self._root, "scan"))
        known = self._store.file_records()
        skipped = _Walked()
        seen: set[str] = set()
        suspects: list[SourceFile] = []
        for source in walk(
            self._root, language_of=language_of, skipped=skipped, max_bytes=self._max_file_bytes, known=known
        ):
            seen.add(source.path)
            record = known.get(source.path)
            if (
                full
                or record is None
                or (record.size, record.mtime_ns) != (source.size, source.mtime_ns)
                or record.is_wanted != source.is_wanted
            ):
                suspects.append(source)
            if self._should_stop():
                return IndexReport(self._root, cancelled=True)
        changed = self._read(suspects, full=full)
        gone = {path for path in known.keys() - seen if not (skipped.hides(path) and _is_file(self._root / path))}
        complete = not self.cancelled()
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
        gone: set[str] = set()
        for path in sorted(paths):
            try:
                source = None if rules.reason(path) else self._source(path, is_wanted=rules.is_forced(path))
            except OSError as error:
                _log.info("stays as it was read last, it cannot be looked at: %s (%s)", path, error)
                continue
            if source is None:
                # Of a folder that was deleted some systems report no more than its path, as if it were a file's.
                gone.update(self._store.paths_at(path, inside=not self._is_folder(path)))
                continue
            # Read whatever its size and time say: somebody saw it change.
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
            cancelled=self.cancelled(),
        )

    def encode(
        self, encoder: Encoder, cache: VectorCache, opened: Collection[str] = (), supply: Supply | None = None
    ) -> tuple[int, float]:
        """Give every passage a vector: from the cache where it is known, else from the encoder.

        Args:
            encoder: The model.
            cache: Its vectors.
            opened: Files that are open in an editor: they are encoded first
                (:func:`cascode_indexer.indexing.order.encoding_order`).
            supply: Brings vectors from elsewhere into the cache; None where there is no such place.

        Returns:
            How many texts were encoded to their end, and the seconds that the encoder took.
        """
        if self._store.get_meta("model") != encoder.fingerprint:
            # Vectors of two models never mix: all is pending for this one; its cache may know them.
            self._store.mark_all_pending()
            self._store.set_meta("model", encoder.fingerprint)
        pending = self._store.pending_passages()
        newest = max((passage.id for passage in pending), default=0)
        missing = self._find_uncached(encoding_order(pending, opened), cache, supply)
        progress = EncodingProgress(missing)
        seconds = 0.0
        self._tell_encoding(progress, seconds)
        at = 0
        while at < len(missing) and not self._should_stop():
            # What a scan has stored meanwhile is what the person works on: it goes first.
            fresh = self._store.pending_passages(after=newest)
            newest = max((passage.id for passage in fresh), default=newest)
            found = self._find_uncached(encoding_order(fresh, opened), cache, supply)
            missing[at:at] = found
            progress.expect(found)
            batch = missing[at : at + _PASSAGES_A_BATCH]
            texts = self._store.passage_texts(passage.id for passage in batch)
            progress.forget(passage for passage in batch if passage.id not in texts)
            batch = [passage for passage in batch if passage.id in texts]
            parts: list[EncodedTexts] = []
            done, begun = 0, time.monotonic()
            for part, took in self._encode(encoder, [texts[passage.id] for passage in batch]):
                parts.append(part)
                progress.advance(batch[done : done + len(part.vectors)])
                done, seconds = done + len(part.vectors), seconds + took
                self._tell_encoding(progress, seconds)
                if time.monotonic() - begun > _ENCODE_SECONDS:
                    break
            if done:
                # The cache first: a kill between the two commits costs a look-up, never a second encoding.
                cache.put([passage.key for passage in batch[:done]], *_joined(parts))
                self._store.mark_encoded(passage.id for passage in batch[:done])
            # Held or cancelled within the batch: its rest is the beginning of the next one.
            missing[at : at + _PASSAGES_A_BATCH] = batch
            at += done
        return progress.done, seconds

    def _find_uncached(
        self, pending: Sequence[PendingPassage], cache: VectorCache, supply: Supply | None
    ) -> list[PendingPassage]:
        """Note the passages whose vector the cache knows, or is brought; return the others, in order."""
        known = cache.known(passage.key for passage in pending)
        if supply is not None and len(known) < len(pending):
            known |= supply([passage.key for passage in pending if passage.key not in known])
        if known:
            cache.touch(known)
            found = [passage.id for passage in pending if passage.key in known]
            for start in range(0, len(found), _KNOWN_A_BATCH):
                if self._should_stop():
                    break
                self._store.mark_encoded(found[start : start + _KNOWN_A_BATCH])
        return [passage for passage in pending if passage.key not in known]

    def _encode(self, encoder: Encoder, texts: Sequence[str]) -> Iterator[tuple[EncodedTexts, float]]:
        """Encode texts in parts; end early where indexing is held or cancelled, so that what is done is stored.

        Yields:
            Parts in the order of the texts, and the seconds that they took.
        """
        start = 0
        while start < len(texts) and not self._gate.paused and not self._should_stop():
            part = texts[start : start + self._batch_size.next(texts[start:])]
            begun = time.perf_counter()
            with self._gate.computing():
                found = encoder.encode_definitions(part)
            took = time.perf_counter() - begun
            self._batch_size.learn(part, took)
            start += len(part)
            yield found, took

    def _should_stop(self) -> bool:
        """Let searches go first; say whether to stop."""
        return not self._gate.wait_for_turn(self.cancelled)

    def _forget_other_versions(self) -> None:
        """Read everything again after the extraction or the text preparation has changed."""
        versions = f"{EXTRACTION_VERSION}.{TEXT_VERSION}"
        stored = self._store.get_meta("versions")
        if stored == versions:
            return
        if stored is not None:
            _log.info(
                "the index of %s was made by another version (%s, now %s): indexing again", self._root, stored, versions
            )
            self._store.clear_files()
        self._store.set_meta("versions", versions)
        self._store.set_meta("root", str(self._root))

    def _is_folder(self, path: str) -> bool:
        """Whether there is a folder; a link to one is none, as in the walk."""
        try:
            return stat.S_ISDIR((self._root / path).lstat().st_mode)
        except (OSError, ValueError):
            return False

    def _source(self, path: str, *, is_wanted: bool) -> SourceFile | None:
        """Return the file at ``path`` if it is one that is read for functions.

        Raises:
            OSError: It is there, or may be, and cannot be looked at.
        """
        absolute = self._root / path
        try:
            status = absolute.lstat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        if status.st_size > most_bytes(path, self._max_file_bytes) or not stat.S_ISREG(status.st_mode):
            return None
        wanted = head_bytes(path)
        language = language_of(path, read_head(str(absolute), wanted) if wanted else b"")
        if language is None:
            return None
        return SourceFile(path, absolute, language, status.st_size, status.st_mtime_ns, is_wanted)

    def _read(self, suspects: list[SourceFile], *, full: bool = False) -> int:
        """Read and store files that may have changed; return how many did."""
        changed = 0
        functions = 0
        stored = time.monotonic()
        batch: list[ParsedFile] = []
        untouched: list[SourceFile] = []
        vanished: list[str] = []
        for at, source in enumerate(suspects):
            if self._should_stop():
                break
            content = read_bytes(source, self._max_file_bytes)
            if isinstance(content, SkipReason):
                # The next scan counts it for what it is then.
                if content is not SkipReason.UNREADABLE or not _is_file(source.absolute):
                    vanished.append(source.path)
                continue
            record = self._store.file_record(source.path)
            if not full and self._is_same(record, source, content):
                untouched.append(source)
                continue
            batch.append(parse_content(source, content))
            changed += 1
            functions += len(batch[-1].definitions)
            due = time.monotonic() - stored > _STORE_SECONDS or self._gate.paused
            if due or len(batch) >= _FILES_A_BATCH or functions >= _FUNCTIONS_A_BATCH:
                self._store.replace_files(batch)
                batch.clear()
                functions, stored = 0, time.monotonic()
                self._on_progress(IndexProgress(self._root, "scan", at + 1, len(suspects)))
        if batch:
            self._store.replace_files(batch)
        if untouched:
            self._store.touch_files(untouched)
        self._store.remove_files(vanished)
        if suspects:
            self._on_progress(IndexProgress(self._root, "scan", len(suspects), len(suspects)))
        return changed

    @staticmethod
    def _is_same(record: FileRecord | None, source: SourceFile, content: bytes) -> bool:
        """Whether what is read of a file is what was read of it before, and judged as it was then."""
        return (
            record is not None
            and record.is_wanted == source.is_wanted
            and record.digest == content_digest(content, source.path, source.language)
        )

    def _tell_encoding(self, progress: EncodingProgress, seconds: float) -> None:
        """Report how far encoding has come."""
        if progress.total:
            rate = progress.done / seconds if seconds else None
            self._on_progress(
                IndexProgress(
                    self._root, "encode", functions_done=progress.done, functions_total=progress.total, rate=rate
                )
            )


class _Walked(SkipCounts):
    """What a walk left out, and which folders and files it could not look at."""

    def __init__(self) -> None:
        super().__init__()
        self._unreadable: set[str] = set()

    def add_path(self, path: str, reason: SkipReason) -> None:
        """See :meth:`SkipCounts.add_path`."""
        super().add_path(path, reason)
        if reason is SkipReason.UNREADABLE:
            self._unreadable.add(path)

    def hides(self, path: str) -> bool:
        """Whether a file may be there all the same: somebody else has it open, or a share does not answer."""
        folders = (f"{folder}/" for folder in PurePosixPath(path).parents if folder.parts)
        return not self._unreadable.isdisjoint([path, "/", *folders])


def _is_file(path: Path) -> bool:
    """Whether a regular file is there, readable or not."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def _joined(parts: Sequence[EncodedTexts]) -> tuple[FloatArray, list[bytes] | None]:
    """Vectors ``[texts, dimension]`` and packed states of all parts, which one model made."""
    states = [packed for part in parts for packed in part.states or ()]
    return np.concatenate([part.vectors for part in parts]), None if parts[0].states is None else states
