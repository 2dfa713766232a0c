"""The schema, as recorded migrations: each one runs once, in the transaction that records it."""

from __future__ import annotations

import secrets

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from cascode_indexer.store.word_statistics import token_count

INDEX_MIGRATIONS = Migrations("cascode-index")
VECTOR_MIGRATIONS = Migrations("cascode-vectors")
CODE_MIGRATIONS = Migrations("cascode-codes")


@INDEX_MIGRATIONS()
def m001_files_functions_texts(db: Database) -> None:
    """Files with their functions; the texts that functions share; full-text search over functions."""
    statements = (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE files (
            id INTEGER PRIMARY KEY,
            path TEXT NOT NULL UNIQUE,
            language TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            digest BLOB NOT NULL,
            has_errors INTEGER NOT NULL DEFAULT 0,
            -- why a file that was read gave no functions; remembered so that it is not read again
            skip_reason TEXT
        )""",
        # AUTOINCREMENT: an id is never given twice, so a vector index that missed a removal can not
        # answer with the wrong text.
        """CREATE TABLE texts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            key BLOB NOT NULL UNIQUE,
            text TEXT NOT NULL,
            encoded INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX texts_encoded ON texts (encoded)",
        """CREATE TABLE functions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            file_id INTEGER NOT NULL REFERENCES files (id),
            text_id INTEGER NOT NULL REFERENCES texts (id),
            name TEXT NOT NULL,
            qualified_name TEXT NOT NULL,
            kind TEXT NOT NULL,
            signature TEXT NOT NULL,
            start_line INTEGER NOT NULL,
            end_line INTEGER NOT NULL,
            name_line INTEGER NOT NULL,
            name_column INTEGER NOT NULL
        )""",
        "CREATE INDEX functions_file ON functions (file_id)",
        "CREATE INDEX functions_text ON functions (text_id)",
        # Terms are split by us (identifiers); porter then joins retry, retries and retrying.
        """CREATE VIRTUAL TABLE functions_fts USING fts5 (
            name, path, doc, body, tokenize = 'porter unicode61', detail = column
        )""",
        # Paths that gave no functions, with the reason.
        "CREATE TABLE skipped (reason TEXT PRIMARY KEY, count INTEGER NOT NULL)",
    )
    for statement in statements:
        db.execute(statement)


@INDEX_MIGRATIONS()
def m002_full_detail(db: Database) -> None:
    """Keep the positions of words: without them bm25() reads every matching row again, ten times as slow."""
    statements = (
        """CREATE VIRTUAL TABLE functions_words USING fts5 (
            name, path, doc, body, tokenize = 'porter unicode61', detail = full
        )""",
        """INSERT INTO functions_words (rowid, name, path, doc, body)
           SELECT rowid, name, path, doc, body FROM functions_fts""",
        "DROP TABLE functions_fts",
        "ALTER TABLE functions_words RENAME TO functions_fts",
    )
    for statement in statements:
        db.execute(statement)


@INDEX_MIGRATIONS()
def m003_token_counts(db: Database) -> None:
    """Keep how many tokens each function has: BM25 of open buffers needs their average over the index."""
    db.execute("ALTER TABLE functions ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0")
    rows = db.execute("SELECT rowid, name, path, doc, body FROM functions_fts")
    db.conn.executemany(
        "UPDATE functions SET tokens = ? WHERE id = ?", ((token_count(columns), row) for row, *columns in rows)
    )


@INDEX_MIGRATIONS()
def m004_passages(db: Database) -> None:
    """Further passages of long texts; a text's own row stands for its first. See :mod:`.passages` for their ids."""
    db.execute(
        """CREATE TABLE passages (
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL,
            text TEXT NOT NULL,
            encoded INTEGER NOT NULL DEFAULT 0
        )"""
    )
    db.execute("CREATE INDEX passages_encoded ON passages (encoded)")


@INDEX_MIGRATIONS()
def m005_wanted_files(db: Database) -> None:
    """Remember which files a ``!`` line had read whatever they look like: without it they are judged again."""
    db.execute("ALTER TABLE files ADD COLUMN is_wanted INTEGER NOT NULL DEFAULT 0")


@VECTOR_MIGRATIONS()
def m001_vectors(db: Database) -> None:
    """Unit vectors as float16, by the model that made them and the text that they encode."""
    db.execute(
        """CREATE TABLE models (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL UNIQUE,
            dimension INTEGER NOT NULL
        )"""
    )
    db.execute(
        """CREATE TABLE vectors (
            model_id INTEGER NOT NULL REFERENCES models (id),
            key BLOB NOT NULL,
            vector BLOB NOT NULL,
            used_day INTEGER NOT NULL,
            PRIMARY KEY (model_id, key)
        ) WITHOUT ROWID"""
    )


@VECTOR_MIGRATIONS()
def m002_states(db: Database) -> None:
    """Token states of the texts, packed by the model: a table of its own, since all vectors are read at a start, and
    states of a few candidates a search. Rows of a kilobyte and more want the rowid.

    And what distinguishes this cache from one that takes its place when it is lost.
    """
    db.execute("CREATE TABLE identity (id TEXT NOT NULL)")
    db.execute("INSERT INTO identity VALUES (?)", (secrets.token_hex(8),))
    db.execute(
        """CREATE TABLE states (
            model_id INTEGER NOT NULL REFERENCES models (id),
            key BLOB NOT NULL,
            states BLOB NOT NULL,
            UNIQUE (model_id, key)
        )"""
    )


@CODE_MIGRATIONS()
def m001_codes(db: Database) -> None:
    """Unit vectors as float16, by the model that made them and the text that they compress."""
    # With a rowid: rows of ten kilobytes and more do not belong into the tree of the keys.
    db.execute(
        """CREATE TABLE codes (
            fingerprint TEXT NOT NULL,
            key BLOB NOT NULL,
            vectors BLOB NOT NULL,
            UNIQUE (fingerprint, key)
        )"""
    )
