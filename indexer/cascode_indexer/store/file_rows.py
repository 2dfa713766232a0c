"""Writes what the store holds of files: their rows, their definitions, the texts of these and their words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.store.passages import passage_id, read_passages
from cascode_indexer.store.types import FileRecord, ParsedFile
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.store.word_statistics import token_count
from cascode_models.text import MAX_PASSAGES

#: Variables in one statement; SQLite's oldest limit is 999.
MOST_VARIABLES = 900


def insert_files(database: Connection, files: Sequence[ParsedFile]) -> None:
    """Insert files with their definitions, texts and full-text rows.

    Rows are handed over by the table and not one by one, which takes half of the time; so their ids are given here. The
    caller's transaction is the only one that writes.
    """
    text_ids = _insert_texts(database, files)
    last_id = _last_id(database, "functions")
    for file in files:
        file_id = _insert_file(database, file)
        path_terms = index_terms(file.source.path)
        words = [
            (index_terms(found.qualified_name), path_terms, index_terms(found.doc), index_terms(found.code))
            for found in file.definitions
        ]
        ids = range(last_id + 1, last_id + 1 + len(words))
        last_id += len(words)
        database.executemany(
            """INSERT INTO functions (id, file_id, text_id, name, qualified_name, kind, signature, start_line,
               end_line, name_line, name_column, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (
                    number, file_id, text_ids[text], found.name, found.qualified_name, found.kind.value,
                    found.signature, found.start_line, found.end_line, found.name_line, found.name_column,
                    token_count(columns),
                )
                for number, text, found, columns in zip(ids, file.texts, file.definitions, words, strict=True)
            ],
        )  # fmt: skip
        database.executemany(
            "INSERT INTO functions_fts (rowid, name, path, doc, body) VALUES (?, ?, ?, ?, ?)",
            [(number, *columns) for number, columns in zip(ids, words, strict=True)],
        )


def _insert_file(database: Connection, file: ParsedFile) -> int:
    """Insert a file's own row; return its id."""
    source = file.source
    database.execute(
        """INSERT INTO files (path, language, size, mtime_ns, digest, has_errors, skip_reason, is_wanted)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET language = excluded.language, size = excluded.size,
           mtime_ns = excluded.mtime_ns, digest = excluded.digest, has_errors = excluded.has_errors,
           skip_reason = excluded.skip_reason, is_wanted = excluded.is_wanted""",
        (
            source.path,
            source.language,
            source.size,
            source.mtime_ns,
            file.digest,
            int(file.has_errors),
            file.skip_reason.value if file.skip_reason else None,
            int(source.is_wanted),
        ),
    )
    return int(database.execute("SELECT id FROM files WHERE path = ?", (source.path,)).fetchone()[0])


def _insert_texts(database: Connection, files: Iterable[ParsedFile]) -> dict[str, int]:
    """Insert the texts of files, each of which is stored once for all definitions that share it; return their ids."""
    keys = {text: text_key(text) for file in files for text in file.texts}
    known = _known_texts(database, list(keys.values()))
    fresh = {text: key for text, key in keys.items() if key not in known}
    known.update(zip(fresh.values(), itertools.count(_last_id(database, "texts") + 1)))
    database.executemany(
        "INSERT INTO texts (id, key, text) VALUES (?, ?, ?)", [(known[key], key, text) for text, key in fresh.items()]
    )
    ids = {text: known[key] for text, key in keys.items()}
    # A text that is known may be known from a file that is not read to the end.
    database.executemany(
        "INSERT OR IGNORE INTO passages (id, key, text) VALUES (?, ?, ?)",
        [
            (passage_id(ids[text], place), text_key(passage), passage)
            for file in files
            for text in file.texts
            for place, passage in enumerate(read_passages(text, file.source.path))
            if place
        ],
    )
    return ids


def _known_texts(database: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of the texts that are stored already, by key."""
    known: dict[bytes, int] = {}
    for start in range(0, len(keys), MOST_VARIABLES):
        chunk = keys[start : start + MOST_VARIABLES]
        known.update(database.execute(f"SELECT key, id FROM texts WHERE key IN ({','.join('?' * len(chunk))})", chunk))  # noqa: S608
    return known


def _last_id(database: Connection, table: str) -> int:
    """Return the highest id that was ever given in a table, as AUTOINCREMENT remembers it."""
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) if row else 0


def read_records(database: Connection, path: str | None = None) -> dict[str, FileRecord]:
    """Return what is remembered of files, by their paths; of one alone where its path is given."""
    chosen, values = ("", ()) if path is None else (" WHERE path = ?", (path,))
    rows = database.execute(
        f"SELECT path, id, size, mtime_ns, language, digest, is_wanted FROM files{chosen}",  # noqa: S608
        values,
    )
    return {
        path: FileRecord(number, size, mtime_ns, language, digest, bool(is_wanted))
        for path, number, size, mtime_ns, language, digest, is_wanted in rows
    }


def paths_at(database: Connection, path: str, *, inside: bool) -> list[str]:
    """Return the file at a path, if it is known, and where ``inside`` says so those in the folder of that name."""
    # In the order of bytes the character after "/" is "0".
    bounds = (f"{path}/", f"{path}0") if inside else ("", "")
    rows = database.execute("SELECT path FROM files WHERE path = ? OR (path > ? AND path < ?)", (path, *bounds))
    return [known for (known,) in rows]


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
