"""The store knows the passages of long texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.store.passages import passage_id, passages_of, place_of, text_of
from cascode_indexer.store.store import Store
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.types import Definition, Kind, SourceFile
from cascode_models.text import MAX_PASSAGES, passages

LONG = "\n".join(f"line {number} of a long function" for number in range(200))
SHORT = "def short(): pass"


def parsed(path: str, *texts: str) -> ParsedFile:
    """A file whose definitions have these texts."""
    definitions = tuple(
        Definition(f"f{at}", f"f{at}", Kind.FUNCTION, "python", f"def f{at}()", "", at + 1, at + 1, at + 1, 5, text)
        for at, text in enumerate(texts)
    )
    return ParsedFile(SourceFile(path, Path(path), "python", 1, 1, is_wanted=False), b"", definitions, texts)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A short and a long text."""
    store = Store(tmp_path / "index.sqlite")
    store.replace_files([parsed("a.py", SHORT, LONG)])
    return store


def test_ids_say_text_and_place() -> None:
    """From either id the other is known."""
    assert [text_of(passage_id(7, place)) for place in range(MAX_PASSAGES)] == [7] * MAX_PASSAGES
    assert [place_of(passage_id(7, place)) for place in range(MAX_PASSAGES)] == list(range(MAX_PASSAGES))
    assert passages_of([2, 5]).tolist() == [passage_id(text, place) for text in (2, 5) for place in range(MAX_PASSAGES)]


def test_each_passage_is_pending_until_it_is_encoded(store: Store) -> None:
    """A long text has a beginning and its further passages, under keys of their own."""
    pending = sorted(store.pending_passages(), key=lambda passage: passage.id)
    assert [(text_of(passage.id), place_of(passage.id)) for passage in pending] == [
        (1, 0),
        *((2, place) for place in range(MAX_PASSAGES)),
    ]
    assert [passage.key for passage in pending] == [text_key(text) for text in (SHORT, *passages(LONG))]
    assert store.passage_texts(passage.id for passage in pending[1:]) == dict(
        zip((passage.id for passage in pending[1:]), passages(LONG), strict=True)
    )
    assert store.all_keys() == {passage.key for passage in pending}
    assert (store.counts().pending, store.counts().pending_passages) == (2, MAX_PASSAGES - 1)
    store.mark_encoded(passage.id for passage in pending[:3])
    assert store.encoded_passages() == [passage.id for passage in pending[:3]]
    assert {passage.id for passage in store.pending_passages()} == {passage.id for passage in pending[3:]}
    assert (store.counts().pending, store.counts().pending_passages) == (0, MAX_PASSAGES - 2)
    store.mark_encoded([pending[2].id], encoded=False)
    assert store.encoded_passages() == [passage.id for passage in pending[:2]]
    store.mark_all_pending()
    assert store.encoded_passages() == []


def test_the_file_of_many_passages_is_held_once(store: Store) -> None:
    """A first index of a large workspace lists a million passages: of one file they share its path and time."""
    pending = store.pending_passages()
    assert len({id(passage.path) for passage in pending}) == 1
    assert len({id(passage.mtime_ns) for passage in pending}) == 1
    assert len(pending) > MAX_PASSAGES


def test_only_texts_stored_later_are_asked_for(store: Store) -> None:
    """With all their passages, and none of the texts before."""
    newest = max(passage.id for passage in store.pending_passages())
    assert store.pending_passages(after=newest) == []
    store.replace_files([parsed("b.py", f"{LONG}\nmore")])
    assert [place_of(passage.id) for passage in store.pending_passages(after=newest)] == list(range(MAX_PASSAGES))


def test_passages_go_with_their_text(store: Store) -> None:
    """When the last definition that has it goes, and not before."""
    store.replace_files([parsed("b.py", LONG)])
    store.replace_files([parsed("a.py", SHORT)])
    assert len(store.all_keys()) == 1 + MAX_PASSAGES
    store.remove_files(["b.py"])
    assert store.all_keys() == {text_key(SHORT)}


def test_tests_are_read_at_their_beginning(store: Store) -> None:
    """Until the same text stands elsewhere too; which of the two files is stored first changes nothing."""
    other = f"{LONG}\nmore"
    store.replace_files([parsed("tests/test_a.py", other)])
    assert text_key(other) in store.all_keys()
    assert len(store.all_keys()) == 1 + MAX_PASSAGES + 1
    store.replace_files([parsed("b.py", other)])
    with_tails = store.all_keys()
    assert with_tails == {text_key(text) for text in (SHORT, *passages(LONG), *passages(other))}
    store.replace_files([parsed("tests/test_b.py", other)])
    assert store.all_keys() == with_tails


def test_passages_go_when_everything_is_forgotten(store: Store) -> None:
    """A scan that starts afresh meets no passage of before."""
    store.clear_files()
    assert store.all_keys() == set()


def test_ids_without_a_passage_have_neither_key_nor_text(store: Store) -> None:
    """A short text has one passage whatever is asked for."""
    ids = passages_of([1])
    assert list(store.keys(ids)) == [passage_id(1, 0)]
    assert list(store.passage_texts(np.array(ids))) == [passage_id(1, 0)]
