"""What files write into the store: ids that are given once, texts that are stored once, words beside definitions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_indexer.lexical.terms import index_terms
from cascode_indexer.store.file_rows import MOST_VARIABLES
from cascode_indexer.store.store import Store
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.types import Definition, Kind, SourceFile


def parsed(path: str, *texts: str) -> ParsedFile:
    """A file whose definitions have these texts, each on a line of its own."""
    definitions = tuple(
        Definition(f"f{at}", f"Box.f{at}", Kind.METHOD, "python", f"def f{at}()", f"Doc {at}.", at, at, at, 5, text)
        for at, text in enumerate(texts, 1)
    )
    return ParsedFile(SourceFile(path, Path(path), "python", 1, 1), b"digest", definitions, texts)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "index.sqlite")
    yield store
    store.close()


def rows(store: Store, statement: str) -> list[tuple[object, ...]]:
    """What a connection of its own reads."""
    with sqlite3.connect(store.path) as database:
        return database.execute(statement).fetchall()


def test_ids_are_never_given_twice(store: Store) -> None:
    """Neither of definitions nor of texts, also when the last ones are gone."""
    store.replace_files([parsed("a.py", "one", "two"), parsed("b.py", "three")])
    assert rows(store, "SELECT id, text_id FROM functions ORDER BY id") == [(1, 1), (2, 2), (3, 3)]
    store.remove_files(["b.py"])
    store.replace_files([parsed("b.py", "four", "one")])
    assert rows(store, "SELECT id, text_id FROM functions ORDER BY id") == [(1, 1), (2, 2), (4, 4), (5, 1)]
    store.replace_files([parsed("a.py", "five"), parsed("b.py", "six")])
    assert rows(store, "SELECT id, text_id FROM functions ORDER BY id") == [(6, 5), (7, 6)]
    store.clear_files()
    store.replace_files([parsed("a.py", "one")])
    assert rows(store, "SELECT id, text_id FROM functions") == [(8, 7)]


def test_ids_given_here_and_by_the_database_do_not_meet(store: Store) -> None:
    """A row that SQLite numbers itself comes behind those that were numbered here."""
    store.replace_files([parsed("a.py", "one", "two")])
    with store.transaction() as database:
        assert database.execute("INSERT INTO texts (key, text) VALUES (x'00', 'three')").lastrowid == 3
    store.replace_files([parsed("b.py", "four")])
    assert rows(store, "SELECT id, text FROM texts ORDER BY id")[2:] == [(3, "three"), (4, "four")]


def test_texts_are_stored_once(store: Store) -> None:
    """Within a file, between files of a batch, and between batches, of which one is larger than a statement takes."""
    many = [f"text {number}" for number in range(2 * MOST_VARIABLES + 1)]
    store.replace_files([parsed("a.py", "text 1", "text 5", "text 1"), parsed("b.py", "text 5")])
    store.replace_files([parsed("c.py", *many), parsed("d.py", *reversed(many))])
    assert rows(store, "SELECT count(*), count(DISTINCT key) FROM texts") == [(len(many), len(many))]
    stored = rows(store, "SELECT f.start_line, t.text FROM functions f JOIN texts t ON t.id = f.text_id ORDER BY f.id")
    assert stored[:4] == [(1, "text 1"), (2, "text 5"), (3, "text 1"), (1, "text 5")]
    assert stored[4:] == [*enumerate(many, 1), *enumerate(reversed(many), 1)]


def test_words_stand_beside_their_definition(store: Store) -> None:
    """Under its id, with the words of the path, and counted."""
    store.replace_files([parsed("net/retry_upload.py", "sendBytes(buffer)", ""), parsed("b.py", "closeSocket()")])
    words = rows(
        store, "SELECT f.id, w.name, path, doc, body, tokens FROM functions_fts w JOIN functions f ON f.id = w.rowid"
    )
    assert words == [
        (1, "box", index_terms("net/retry_upload.py"), "doc", "send bytes buffer", 9),
        (2, "box", index_terms("net/retry_upload.py"), "doc", "", 6),
        (3, "box", "py", "doc", "close socket", 5),
    ]
    assert [found[0] for found in store.match("socket", (1, 1, 1, 1), 9)] == [3]


def test_a_file_without_definitions_is_known(store: Store) -> None:
    """Its row alone is written."""
    store.replace_files([parsed("a.py")])
    assert list(store.file_records()) == ["a.py"]
    assert store.counts().functions == 0
