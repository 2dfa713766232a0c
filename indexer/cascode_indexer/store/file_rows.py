"""Writes what the store holds of one file: its row, its definitions, their texts and their words."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.store.passages import passage_id, read_passages
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.store.word_statistics import token_count
from cascode_indexer.types import Definition
from cascode_models.text import MAX_PASSAGES


def insert_file(database: Connection, file: ParsedFile) -> None:
    """Insert one file with its definitions, texts and full-text rows."""
    source = file.source
    database.execute(
        """INSERT INTO files (path, language, size, mtime_ns, digest, has_errors, skip_reason)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET language = excluded.language, size = excluded.size,
           mtime_ns = excluded.mtime_ns, digest = excluded.digest, has_errors = excluded.has_errors,
           skip_reason = excluded.skip_reason""",
        (
            source.path,
            source.language,
            source.size,
            source.mtime_ns,
            file.digest,
            int(file.has_errors),
            file.skip_reason.value if file.skip_reason else None,
        ),
    )
    file_id = int(database.execute("SELECT id FROM files WHERE path = ?", (source.path,)).fetchone()[0])
    path_terms = index_terms(source.path)
    for definition, text in zip(file.definitions, file.texts, strict=True):
        _insert_function(database, file_id, _text_id(database, text, source.path), path_terms, definition)


def _text_id(database: Connection, text: str, path: str) -> int:
    """Return the id of a text, which is stored once for all definitions that share it."""
    key = text_key(text)
    row = database.execute("SELECT id FROM texts WHERE key = ?", (key,)).fetchone()
    if row is None:
        # A cursor that inserted has the id of its row, which only the type checker does not know.
        row = (database.execute("INSERT INTO texts (key, text) VALUES (?, ?)", (key, text)).lastrowid,)
    text_id = int(row[0])
    # A text that is known may be known from a file that is not read to the end.
    database.executemany(
        "INSERT OR IGNORE INTO passages (id, key, text) VALUES (?, ?, ?)",
        [
            (passage_id(text_id, place), text_key(passage), passage)
            for place, passage in enumerate(read_passages(text, path))
            if place
        ],
    )
    return text_id


def _insert_function(database: Connection, file_id: int, text_id: int, path_terms: str, definition: Definition) -> None:
    """Insert a definition and its words."""
    words = (
        index_terms(definition.qualified_name),
        path_terms,
        index_terms(definition.doc),
        index_terms(definition.code),
    )
    cursor = database.execute(
        """INSERT INTO functions (file_id, text_id, name, qualified_name, kind, signature, start_line,
           end_line, name_line, name_column, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            file_id, text_id, definition.name, definition.qualified_name, definition.kind.value, definition.signature,
            definition.start_line, definition.end_line, definition.name_line, definition.name_column,
            token_count(words),
        ),
    )  # fmt: skip
    database.execute(
        "INSERT INTO functions_fts (rowid, name, path, doc, body) VALUES (?, ?, ?, ?, ?)", (cursor.lastrowid, *words)
    )


def delete_functions(database: Connection, paths: Iterable[str]) -> None:
    """Delete the definitions of files; remember their texts for :func:`drop_orphans`."""
    database.execute("CREATE TEMP TABLE IF NOT EXISTS released (text_id INTEGER PRIMARY KEY)")
    for path in paths:
        row = database.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        if row is None:
            continue
        database.execute("INSERT OR IGNORE INTO released SELECT text_id FROM functions WHERE file_id = ?", row)
        database.execute("DELETE FROM functions_fts WHERE rowid IN (SELECT id FROM functions WHERE file_id = ?)", row)
        database.execute("DELETE FROM functions WHERE file_id = ?", row)


def drop_orphans(database: Connection) -> None:
    """Delete the texts of deleted definitions that no other definition uses, and their passages."""
    database.execute(
        """DELETE FROM texts WHERE id IN (SELECT text_id FROM released)
           AND NOT EXISTS (SELECT 1 FROM functions WHERE functions.text_id = texts.id)"""
    )
    places = ", ".join(f"({place})" for place in range(1, MAX_PASSAGES))
    database.execute(
        f"""DELETE FROM passages WHERE id IN (
            SELECT text_id * {MAX_PASSAGES} + column1 FROM released, (VALUES {places})
            WHERE NOT EXISTS (SELECT 1 FROM texts WHERE texts.id = released.text_id))"""  # noqa: S608
    )
    database.execute("DELETE FROM released")
