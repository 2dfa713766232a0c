"""How common words are in an index, as BM25 of an open buffer needs to know it."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.store.migrations import INDEX_MIGRATIONS
from cascode_indexer.store.passages import passage_id
from cascode_indexer.store.store import Store
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.store.word_statistics import WordStatistics, token_count
from cascode_indexer.types import Definition, Kind, SourceFile

#: One line for each thing that SQLite's tokenizer might cut elsewhere than we do.
TEXTS = (
    "retryFailedUpload(client, max_attempts=3) # HTTP2Server",
    "größe straße naïve cafe\u0301",
    "сохранитьФайл запрос",
    "長さを数える 文字列 漢字",
    "مرحبا بالعالم 5 ٣",
    "x² ½ Ⅷ ①",
    "a_b__c 0x1F 1e-5 __init__",
    "emoji 🎉 don't \u200b zero\u00adwidth",
    "",
)


def definition(name: str, code: str) -> Definition:
    """A function of this name and code."""
    return Definition(name, f"Box.{name}", Kind.METHOD, "python", f"def {name}()", f"Doc of {name}.", 1, 2, 1, 4, code)


def parsed(path: str, *functions: Definition) -> ParsedFile:
    """A file of these functions."""
    source = SourceFile(path, Path("/") / path, "python", 1, 1)
    return ParsedFile(source, b"digest of a file", functions, tuple(function.code for function in functions))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of two files."""
    store = Store(tmp_path / "index.sqlite")
    store.replace_files(
        [
            parsed("src/one.py", *(definition(f"name{at}", text) for at, text in enumerate(TEXTS))),
            parsed("src/two.py", definition("retry", "retry retry retry retry upload")),
        ]
    )
    yield store
    store.close()


def average_of_fts5(path: Path) -> float:
    """Return the average length of a row as FTS5 itself counts it: every instance of every term."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.instances USING fts5vocab (main, functions_fts, instance)")
        tokens = connection.execute("SELECT count(*) FROM temp.instances").fetchone()[0]
        return float(tokens / connection.execute("SELECT count(*) FROM functions_fts").fetchone()[0])
    finally:
        connection.close()


def test_the_average_length_is_that_of_the_full_text_index(store: Store) -> None:
    """In every script, after files were stored, replaced and removed."""
    statistics = store.word_statistics(["retry", "size"])
    assert statistics == WordStatistics(len(TEXTS) + 1, average_of_fts5(store.path), {"retry": 2, "size": 0})
    store.replace_files([parsed("src/two.py", definition("send", "send"), definition("close", TEXTS[1] * 9))])
    assert store.word_statistics([]).average_length == average_of_fts5(store.path)
    store.remove_files(["src/one.py"])
    assert store.word_statistics([]) == WordStatistics(2, average_of_fts5(store.path), {})


def test_an_empty_store_has_no_average(tmp_path: Path) -> None:
    """Before the first file, and after everything was forgotten."""
    store = Store(tmp_path / "index.sqlite")
    assert store.word_statistics(["retry"]) == WordStatistics(0, 0.0, {"retry": 0})
    store.replace_files([parsed("a.py", definition("retry", "retry"))])
    store.clear_files()
    assert store.word_statistics(["retry"]) == WordStatistics(0, 0.0, {"retry": 0})
    store.close()


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_counted_as_the_full_text_index_counts_them(text: str) -> None:
    """Terms of letters and digits are cut at the blanks between them and nowhere else."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (body, tokenize = 'porter unicode61')")
    connection.execute("CREATE VIRTUAL TABLE instances USING fts5vocab (words, instance)")
    connection.execute("INSERT INTO words VALUES (?)", (index_terms(text),))
    assert token_count([index_terms(text)]) == connection.execute("SELECT count(*) FROM instances").fetchone()[0]
    connection.close()


def test_an_index_without_token_counts_is_upgraded(store: Store, tmp_path: Path) -> None:
    """Counts come from the words that are stored already: nothing is read or encoded again."""
    store.mark_encoded([passage_id(1, 0), passage_id(2, 0)])
    expected = store.word_statistics(["retry"])
    connection = sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)
    old = Database(connection)
    INDEX_MIGRATIONS.apply(old, stop_before="m003_token_counts")
    connection.execute("ATTACH ? AS new", (str(store.path),))
    for table in ("meta", "files", "texts", "skipped", "functions"):
        columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
        assert "tokens" not in columns
        connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
    connection.execute(
        "INSERT INTO functions_fts (rowid, name, path, doc, body) "
        "SELECT rowid, name, path, doc, body FROM new.functions_fts"
    )
    connection.close()
    upgraded = Store(tmp_path / "old.sqlite")
    assert upgraded.word_statistics(["retry"]) == expected
    assert upgraded.encoded_passages() == [passage_id(1, 0), passage_id(2, 0)]
    assert dataclasses.asdict(upgraded.counts()) == dataclasses.asdict(store.counts())
    upgraded.close()


def test_a_failed_upgrade_leaves_the_index_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new column and the note that it is there are written together or not at all."""
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    INDEX_MIGRATIONS.apply(Database(connection), stop_before="m003_token_counts")
    connection.execute("INSERT INTO functions_fts (name, path, doc, body) VALUES ('retry', '', '', '')")
    connection.close()
    with monkeypatch.context() as patch:
        patch.setattr("cascode_indexer.store.migrations.token_count", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Store(path)
    Store(path).close()
