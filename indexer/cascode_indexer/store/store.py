"""The store of one workspace: files, their functions, and the texts that functions share."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from cascode_indexer.store import file_rows
from cascode_indexer.store.connection import INDEX_SCHEMA, connect_or_rebuild, transaction, translate_errors
from cascode_indexer.store.passages import passage_id, place_of, text_of
from cascode_indexer.store.types import FileRecord, ParsedFile, PendingPassage, StoreCounts
from cascode_indexer.store.word_statistics import WordStatistics, rows_holding
from cascode_indexer.types import SkipCounts, SkipReason, SourceFile, StoredDefinition
from cascode_models.text import MAX_PASSAGES

#: Where passages lie, and how many ids apart: a text's own row is its first.
_PASSAGE_TABLES = (("texts", MAX_PASSAGES), ("passages", 1))

_FUNCTION_COLUMNS = """
    f.id, f.text_id, files.path, files.language, files.size, files.mtime_ns, f.name, f.qualified_name, f.kind,
    f.signature, f.start_line, f.end_line, f.name_line, f.name_column
"""


class Store:
    """SQLite access for one workspace's index; safe to call from several threads.

    Args:
        path: The database file; created if missing, put aside and started empty if damaged.

    Raises:
        IndexStoreError: From any method, when the disk refuses.
        DamagedFileError: From any method, when the file turns out damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._writes = 0
        self._counted: tuple[tuple[int, int], StoreCounts] | None = None
        self._database: Connection = connect_or_rebuild(path, INDEX_SCHEMA)

    @contextlib.contextmanager
    def _access(self) -> Iterator[Connection]:
        """One thread at a time, errors translated."""
        with self._lock, translate_errors(self.path):
            yield self._database

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: what is written inside is lost as a whole on an error or a kill."""
        with self._access() as database:
            if database.in_transaction:
                yield database
                return
            with transaction(database):
                yield database
            self._writes += 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def version(self) -> tuple[int, int]:
        """Return what changes whenever anything was written: by another connection of any process, or by this one."""
        with self._access() as database:
            return int(database.execute("PRAGMA data_version").fetchone()[0]), self._writes

    # --- meta -----------------------------------------------------------------------------------------

    def get_meta(self, key: str) -> str | None:
        """Return a remembered value, None where there is none."""
        with self._access() as database:
            row = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        with self.transaction() as database:
            database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- files ----------------------------------------------------------------------------------------

    def file_records(self) -> dict[str, FileRecord]:
        """Return every file by its path."""
        with self._access() as database:
            return file_rows.read_records(database)

    def file_record(self, path: str) -> FileRecord | None:
        """Return one file, None where it is not in the index."""
        with self._access() as database:
            return file_rows.read_records(database, path).get(path)

    def paths_at(self, path: str, *, inside: bool) -> list[str]:
        """See :func:`cascode_indexer.store.file_rows.paths_at`."""
        with self._access() as database:
            return file_rows.paths_at(database, path, inside=inside)

    def touch_files(self, sources: Iterable[SourceFile]) -> None:
        """Note new sizes and times of files whose content did not change."""
        with self.transaction() as database:
            database.executemany(
                "UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?",
                [(source.size, source.mtime_ns, source.path) for source in sources],
            )

    def replace_files(self, parsed: Sequence[ParsedFile]) -> None:
        """Store files with their functions in place of what was there, in one transaction."""
        with self.transaction() as database:
            file_rows.delete_functions(database, [file.source.path for file in parsed])
            file_rows.insert_files(database, parsed)
            file_rows.drop_orphans(database)

    def remove_files(self, paths: Collection[str]) -> None:
        """Forget files and their functions; their vectors stay in the cache."""
        if not paths:
            return
        with self.transaction() as database:
            file_rows.delete_functions(database, paths)
            database.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in paths])
            file_rows.drop_orphans(database)

    def clear_files(self) -> None:
        """Forget everything that was read from the workspace, so that it is read again."""
        with self.transaction() as database:
            for table in ("functions_fts", "functions", "passages", "texts", "files", "skipped"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608
            database.execute("DELETE FROM meta WHERE key = 'last_indexed'")  # until a scan is complete again

    # --- what was skipped -----------------------------------------------------------------------------

    def set_skipped(self, skipped: SkipCounts) -> None:
        """Remember what the last full scan skipped without reading it, by reason."""
        with self.transaction() as database:
            database.execute("DELETE FROM skipped")
            database.executemany(
                "INSERT INTO skipped VALUES (?, ?)",
                [(reason.value, count) for reason, count in skipped.by_reason.items()],
            )

    def skipped(self) -> SkipCounts:
        """Return what was skipped by the last full scan or for its content, by reason."""
        with self._access() as database:
            rows = database.execute(
                "SELECT reason, count FROM skipped UNION ALL "
                "SELECT skip_reason, count(*) FROM files WHERE skip_reason IS NOT NULL GROUP BY skip_reason"
            ).fetchall()
        counts = SkipCounts()
        for reason, count in rows:
            counts.add(SkipReason(reason), count)
        return counts

    def skipped_files(self) -> dict[str, SkipReason]:
        """Return the files that were skipped for their content."""
        with self._access() as database:
            rows = database.execute("SELECT path, skip_reason FROM files WHERE skip_reason IS NOT NULL").fetchall()
        return {path: SkipReason(reason) for path, reason in rows}

    # --- texts and vectors ----------------------------------------------------------------------------

    def pending_passages(self, *, after: int = 0) -> list[PendingPassage]:
        """Return every passage without a vector, in no order.

        Args:
            after: Only passages of texts that were stored after that of this passage.
        """
        pending: list[PendingPassage] = []
        # A million passages stand in some ten thousand files: each path and time is held once.
        files: dict[tuple[str, int], tuple[str, int]] = {}
        # The last id that a passage of that text can have; what comes later is found by id, asked before each batch.
        bound = passage_id(text_of(after), MAX_PASSAGES - 1)
        with self._access() as database:
            for table, scale in _PASSAGE_TABLES:
                # Of a group's columns SQLite takes those beside max() from the row that has it.
                rows = database.execute(
                    f"SELECT p.id * {scale}, p.key, length(p.text), files.path, max(files.mtime_ns) "  # noqa: S608
                    f"FROM {table} p JOIN functions ON functions.text_id = p.id * {scale} / {MAX_PASSAGES} "
                    "JOIN files ON files.id = functions.file_id "
                    "WHERE p.encoded = 0 AND p.id > ? GROUP BY p.id",
                    (bound // scale,),
                )
                for number, key, length, *file in rows:
                    where = tuple(file)
                    pending.append(PendingPassage(number, key, length, *files.setdefault(where, where)))
        return pending

    def texts(self, text_ids: Sequence[int]) -> dict[int, str]:
        """Return function texts by id; ids that are gone are missing."""
        return dict(self._by_ids("SELECT id, text FROM texts WHERE id IN ({marks})", text_ids))

    def passage_texts(self, passages: Iterable[int]) -> dict[int, str]:
        """Return what is encoded of passages by id; ids that are gone are missing."""
        return self._of_passages("text", passages)

    def keys(self, passages: Iterable[int]) -> dict[int, bytes]:
        """Return keys of passages by id; ids that are gone are missing."""
        return self._of_passages("key", passages)

    def all_keys(self) -> set[bytes]:
        """Return the key of every passage, for pruning the vector cache."""
        with self._access() as database:
            return {row[0] for row in database.execute("SELECT key FROM texts UNION SELECT key FROM passages")}

    def encoded_passages(self) -> list[int]:
        """Return the ids of the passages that have a vector, ascending."""
        found: list[int] = []
        with self._access() as database:
            for table, scale in _PASSAGE_TABLES:
                rows = database.execute(f"SELECT id * {scale} FROM {table} WHERE encoded = 1")  # noqa: S608
                found += [row[0] for row in rows]
        return sorted(found)

    def mark_encoded(self, passages: Iterable[int], *, encoded: bool = True) -> None:
        """Note that passages have a vector now, or have lost it."""
        with self.transaction() as database:
            for (table, _), ids in zip(_PASSAGE_TABLES, _by_table(passages), strict=True):
                database.executemany(
                    f"UPDATE {table} SET encoded = ? WHERE id = ?",  # noqa: S608
                    [(int(encoded), number) for number in ids],
                )

    def mark_all_pending(self) -> None:
        """Note that nothing has a vector: the model changed."""
        with self.transaction() as database:
            for table, _ in _PASSAGE_TABLES:
                database.execute(f"UPDATE {table} SET encoded = 0 WHERE encoded = 1")  # noqa: S608

    # --- definitions ------------------------------------------------------------------------------------

    def definitions_of_texts(self, text_ids: Sequence[int]) -> list[StoredDefinition]:
        """Return every definition whose text is one of ``text_ids``."""
        rows = self._by_ids(
            f"SELECT {_FUNCTION_COLUMNS} FROM functions f JOIN files ON files.id = f.file_id "  # noqa: S608
            "WHERE f.text_id IN ({marks})",
            text_ids,
        )
        return [StoredDefinition(*row) for row in rows]

    def definitions(self, definition_ids: Sequence[int]) -> list[StoredDefinition]:
        """Return definitions by id; ids that are gone are missing."""
        rows = self._by_ids(
            f"SELECT {_FUNCTION_COLUMNS} FROM functions f JOIN files ON files.id = f.file_id "  # noqa: S608
            "WHERE f.id IN ({marks})",
            definition_ids,
        )
        return [StoredDefinition(*row) for row in rows]

    def definitions_of_file(self, path: str) -> list[StoredDefinition]:
        """Return the definitions of one file, in the order of their lines."""
        with self._access() as database:
            rows = database.execute(
                f"SELECT {_FUNCTION_COLUMNS} FROM functions f JOIN files ON files.id = f.file_id "  # noqa: S608
                "WHERE files.path = ? ORDER BY f.start_line, f.id",
                (path,),
            ).fetchall()
        return [StoredDefinition(*row) for row in rows]

    def copies(
        self, keys: Sequence[bytes], places: Sequence[tuple[str, str]]
    ) -> tuple[set[bytes], set[tuple[str, str]]]:
        """Return which texts, and which definitions by path and qualified name, this workspace has.

        Args:
            keys: Addresses of texts.
            places: Paths and qualified names.
        """
        with self._access() as database:
            texts = {
                key
                for key in keys
                if database.execute("SELECT 1 FROM texts WHERE key = ?", (key,)).fetchone() is not None
            }
            named = {
                place
                for place in places
                if database.execute(
                    "SELECT 1 FROM functions f JOIN files ON files.id = f.file_id "
                    "WHERE files.path = ? AND f.qualified_name = ?",
                    place,
                ).fetchone()
                is not None
            }
        return texts, named

    def function_facets(self) -> list[tuple[int, int, str, str, str]]:
        """Return (definition id, text id, path, language, kind) of every definition, for filters."""
        with self._access() as database:
            return database.execute(
                "SELECT f.id, f.text_id, files.path, files.language, f.kind "
                "FROM functions f JOIN files ON files.id = f.file_id"
            ).fetchall()

    def match_among(self, expression: str, weights: Sequence[float], ids: Sequence[int]) -> dict[int, float]:
        """Return the BM25 of some definitions, on the scale of :meth:`match`.

        Args:
            expression: FTS5 expression.
            weights: Of the columns name, path, doc, body.
            ids: The definitions; those that hold no word of the expression are missing from the answer.
        """
        with self._access() as database:
            rows = database.execute(
                "SELECT rowid, -bm25(functions_fts, ?, ?, ?, ?) FROM functions_fts "
                # The sign keeps SQLite from looking each row up by itself, which matches the whole expression again.
                "WHERE functions_fts MATCH ? AND +rowid IN (SELECT value FROM json_each(?))",
                (*weights, expression, json.dumps(list(ids))),
            ).fetchall()
        return {int(row[0]): float(row[1]) for row in rows}

    def match(self, expression: str, weights: Sequence[float], limit: int) -> list[tuple[int, float]]:
        """Rank functions by BM25 over the full-text columns (Robertson and Zaragoza, 2009).

        Args:
            expression: FTS5 expression.
            weights: Of the columns name, path, doc, body.
            limit: At most this many.

        Returns:
            (function id, score), best first; a higher score is better.
        """
        with self._access() as database:
            rows = database.execute(
                "SELECT rowid, -bm25(functions_fts, ?, ?, ?, ?) AS score FROM functions_fts "
                "WHERE functions_fts MATCH ? ORDER BY score DESC LIMIT ?",
                (*weights, expression, limit),
            ).fetchall()
        return [(int(row[0]), float(row[1])) for row in rows]

    def word_statistics(self, terms: Iterable[str]) -> WordStatistics:
        """Return what BM25 needs to know of the whole index to score a function that is not in it."""
        counts = self.counts()
        with self._access() as database:
            holding = rows_holding(database, terms)
        return WordStatistics(counts.functions, counts.tokens / max(counts.functions, 1), holding)

    def counts(self) -> StoreCounts:
        """Count what the store holds; counted again only after something was written."""
        version = self.version()
        if self._counted is None or self._counted[0] != version:
            self._counted = (version, self._count())
        return self._counted[1]

    def _count(self) -> StoreCounts:
        """Count what the store holds."""
        with self._access() as database:
            files, errors = database.execute(
                "SELECT count(*), coalesce(sum(has_errors), 0) FROM files WHERE skip_reason IS NULL"
            ).fetchone()
            functions, tokens = database.execute("SELECT count(*), coalesce(sum(tokens), 0) FROM functions").fetchone()
            texts = database.execute("SELECT count(*) FROM texts").fetchone()[0]
            pending = database.execute(
                "SELECT count(*) FROM functions JOIN texts ON texts.id = functions.text_id WHERE texts.encoded = 0"
            ).fetchone()[0]
            more = database.execute("SELECT count(*) FROM passages WHERE encoded = 0").fetchone()[0]
            languages = database.execute(
                "SELECT files.language, count(*) AS n FROM functions JOIN files ON files.id = functions.file_id "
                "GROUP BY files.language ORDER BY n DESC"
            ).fetchall()
        return StoreCounts(files, errors, functions, texts, pending, more, dict(languages), tokens)

    def check(self) -> str | None:
        """Let SQLite check the whole file; return what is wrong, None where nothing is."""
        with self._access() as database:
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if verdict == "ok" else str(verdict)

    def _of_passages(self, column: str, passages: Iterable[int]) -> dict[int, Any]:
        """Read a column of passages by id."""
        found: dict[int, Any] = {}
        for (table, scale), ids in zip(_PASSAGE_TABLES, _by_table(passages), strict=True):
            rows = self._by_ids(f"SELECT id, {column} FROM {table} WHERE id IN ({{marks}})", ids)  # noqa: S608
            found.update((number * scale, value) for number, value in rows)
        return found

    def _by_ids(self, statement: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        """Run a statement with an IN list over ``ids``, in parts that SQLite takes."""
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), file_rows.MOST_VARIABLES):
            chunk = ids[start : start + file_rows.MOST_VARIABLES]
            with self._access() as database:
                rows += database.execute(statement.format(marks=",".join("?" * len(chunk))), chunk).fetchall()
        return rows


def _by_table(passages: Iterable[int]) -> tuple[list[int], list[int]]:
    """Split ids of passages into the rows of each of :data:`_PASSAGE_TABLES`."""
    firsts: list[int] = []
    further: list[int] = []
    for number in map(int, passages):
        if place_of(number):
            further.append(number)
        else:
            firsts.append(text_of(number))
    return firsts, further
