"""Indexes of earlier versions are carried over."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from cascode_indexer.store import migrations
from cascode_indexer.store.connection import CODE_SCHEMA, INDEX_SCHEMA, VECTOR_SCHEMA, Schema
from cascode_indexer.store.migrations import m001_files_functions_texts
from cascode_indexer.store.store import Store


def test_words_of_an_earlier_schema_are_still_found(tmp_path: Path) -> None:
    """The full-text rows move to the table that keeps positions, with their ids."""
    path = tmp_path / "index.sqlite"
    connection = sqlite3.connect(path)
    database = Database(connection)
    m001_files_functions_texts(database)
    database.execute("CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set, name, applied_at)")
    database.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
        ("cascode-index", "m001_files_functions_texts", "2026-01-01"),
    )
    database.execute(
        "INSERT INTO functions_fts (rowid, name, path, doc, body) VALUES (?, ?, ?, ?, ?)",
        (7, "retry upload", "upload", "", "sleep backoff"),
    )
    connection.commit()
    connection.close()
    store = Store(path)
    ((function, score),) = store.match('"retry" OR "backoff"', (1.0, 1.0, 1.0, 1.0), 10)
    assert function == 7
    assert score != 0
    store.close()


@pytest.mark.parametrize("schema", [INDEX_SCHEMA, VECTOR_SCHEMA, CODE_SCHEMA])
def test_a_schema_names_its_migrations(schema: Schema) -> None:
    """A migration that is not named would never run."""
    migrations_set = getattr(migrations, schema.variable)
    database = Database(memory=True)
    assert schema.name == migrations_set.name
    assert schema.migrations == {migration.name for migration in migrations_set.pending(database)}
    database.close()


def test_an_index_that_is_up_to_date_is_opened_without_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing them takes longer than opening the file."""
    Store(tmp_path / "index.sqlite").close()
    monkeypatch.setattr("cascode_indexer.store.connection._migrate", None)
    Store(tmp_path / "index.sqlite").close()
