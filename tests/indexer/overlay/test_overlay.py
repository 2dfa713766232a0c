"""Open buffers: what is typed but not saved is found, with the buffer's lines, and never stored."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import QueryError
from cascode_indexer.model import ModelHandle
from cascode_indexer.overlay import buffers
from cascode_indexer.overlay.words import WordCounter
from cascode_indexer.search.sources import COLUMN_WEIGHTS
from cascode_indexer.search.types import Answer, SearchRequest

OpenEngine = Callable[..., Engine]

MAIL = 'def send_mail(to):\n    """Send an email to somebody."""\n    return smtp(to)\n'


class CountingModel:
    """The real model, with a count of the texts it was given."""

    def __init__(self, handle: ModelHandle, monkeypatch: pytest.MonkeyPatch) -> None:
        model = handle.get()
        self.texts: list[str] = []
        encode = model.encode_definitions

        def counted(texts: list[str]) -> object:
            self.texts.extend(texts)
            return encode(texts)

        monkeypatch.setattr(model, "encode_definitions", counted)


@pytest.fixture
def engine(open_engine: OpenEngine, workspace: Path) -> Engine:
    """An indexed workspace."""
    engine = open_engine(workspace)
    engine.update()
    return engine


def places(answer: Answer) -> list[tuple[str, str, int, int]]:
    """Path, name and lines of the hits, best first."""
    return [(hit.path, hit.name, hit.start_line, hit.end_line) for hit in answer.hits]


def test_a_function_typed_but_not_saved_is_found(engine: Engine, workspace: Path) -> None:
    """With the buffer's lines, its snippet, and a calibrated probability like any other."""
    upload = workspace / "src" / "upload.py"
    engine.set_overlay(upload, "# new\n\n" + MAIL + "\n\n" + upload.read_text())
    answer = engine.search(SearchRequest("send an email to somebody"))
    assert places(answer)[0] == ("src/upload.py", "send_mail", 3, 5)
    # The others are in the buffer too: what is kept of them came from the cache.
    assert all(hit.probability is not None for hit in answer.hits)
    assert engine.snippet(answer.hits[0]) == MAIL.rstrip()
    assert ("src/upload.py", "retry_failed_upload", 12, 19) in places(engine.search(SearchRequest("retry upload")))


def test_a_function_deleted_in_the_buffer_is_gone_until_the_disk_rules_again(engine: Engine, workspace: Path) -> None:
    """Clearing brings it back, although nothing was indexed in between."""
    upload = workspace / "src" / "upload.py"
    before = engine.search(SearchRequest("retry_failed_upload"))
    engine.set_overlay(upload, "x = 1\n")
    names = [name for _, name, _, _ in places(engine.search(SearchRequest("retry_failed_upload")))]
    assert "retry_failed_upload" not in names
    assert "test_retry_failed_upload" in names
    engine.clear_overlay(upload)
    assert places(engine.search(SearchRequest("retry_failed_upload"))) == places(before)


def test_a_file_that_does_not_exist_yet_is_found(engine: Engine, workspace: Path) -> None:
    """A new buffer has a name before it has a file."""
    engine.set_overlay(workspace / "new" / "mail.py", MAIL)
    assert places(engine.search(SearchRequest("send an email")))[0] == ("new/mail.py", "send_mail", 1, 3)


def test_one_edited_function_costs_one_encoding(
    engine: Engine, workspace: Path, model: ModelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors of the others come from the store, and stay when the buffer changes again."""
    counting = CountingModel(model, monkeypatch)
    upload = workspace / "src" / "upload.py"
    text = upload.read_text()
    engine.set_overlay(upload, text)
    engine.refresh_overlays()
    assert counting.texts == []
    engine.set_overlay(upload, text.replace("attempts=3", "attempts=4"))
    engine.refresh_overlays()
    assert len(counting.texts) == 1
    engine.set_overlay(upload, "\n" + text.replace("attempts=3", "attempts=4"))
    engine.refresh_overlays()
    engine.search(SearchRequest("retry"))
    assert len(counting.texts) == 1


def test_nothing_typed_reaches_the_disk(engine: Engine, workspace: Path, index_folder: Path) -> None:
    """Neither the text nor its vector is stored."""
    cache = index_folder / "v1" / "vectors.sqlite3"

    def stored() -> int:
        connection = sqlite3.connect(cache)
        try:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        finally:
            connection.close()

    before = stored()
    engine.set_overlay(workspace / "src" / "secret.py", "def unmistakable_secret_name():\n    return 1\n")
    assert places(engine.search(SearchRequest("unmistakable_secret_name")))[0][1] == "unmistakable_secret_name"
    assert stored() == before
    assert not any(b"unmistakable" in path.read_bytes() for path in index_folder.rglob("*") if path.is_file())


def test_words_find_what_was_typed_before_the_model_is_loaded(
    open_engine: OpenEngine, workspace: Path, engine: Engine
) -> None:
    """Without a model the buffer's functions are ranked by their words beside those of the store."""
    engine.close()
    with Engine([workspace], model=ModelHandle("/no/such/model")) as wordy:
        wordy.set_overlay(workspace / "src" / "mail.py", MAIL)
        wordy.refresh_overlays()
        answer = wordy.search(SearchRequest("send an email", wait_for_model=False))
        assert places(answer)[0] == ("src/mail.py", "send_mail", 1, 3)
        assert not answer.model_ready


def test_words_score_in_the_buffer_as_they_do_in_the_store(engine: Engine, workspace: Path) -> None:
    """BM25 of a buffer's function is what SQLite gives the same function once it is stored."""
    store = engine.workspaces[0].store
    stored = store.definitions_of_file("src/upload.py")
    terms = ["retry", "uploads", "failing", "size", "connection", "nothing"]
    expected = dict(store.match(" OR ".join(f'"{term}"' for term in terms), COLUMN_WEIGHTS, 100))
    engine.set_overlay(workspace / "src" / "upload.py", (workspace / "src" / "upload.py").read_text())
    engine.refresh_overlays()
    (file,) = engine._overlays.of(workspace)
    counter = WordCounter()
    scores = file.words.scores(counter.stems(terms), store.word_statistics(terms), COLUMN_WEIGHTS)
    counter.close()
    assert len(scores) == 2
    for at, row in enumerate(stored):
        assert scores[at] == pytest.approx(expected[row.id], rel=1e-6)


def test_filters_hold_for_buffers(engine: Engine, workspace: Path) -> None:
    """Language, kind and glob."""
    engine.set_overlay(workspace / "src" / "mail.py", MAIL)

    def found(**filters: tuple[str, ...]) -> bool:
        answer = engine.search(SearchRequest("send an email", **filters))  # type: ignore[arg-type]
        return any(hit.path == "src/mail.py" for hit in answer.hits)

    assert found(languages=("py",), kinds=("function",), paths=("src/**",))
    assert not found(languages=("js",))
    assert not found(kinds=("method",))
    assert not found(paths=("tests/**",))


def test_what_would_not_be_indexed_stays_out(open_engine: OpenEngine, workspace: Path) -> None:
    """Ignored, in no known language, too large, outside every workspace."""
    (workspace / ".gitignore").write_text("private/\n")
    engine = open_engine(workspace, max_file_bytes=2000)
    engine.update()
    engine.set_overlay(workspace / "private" / "mail.py", MAIL)
    engine.set_overlay(workspace / "mail.txt", MAIL)
    engine.set_overlay(workspace / "src" / "big.py", MAIL + "#" * 2000)
    engine.set_overlay(workspace.parent / "elsewhere" / "mail.py", MAIL)
    assert not any(hit.name == "send_mail" for hit in engine.search(SearchRequest("send an email")).hits)


def test_similar_code_is_found_from_and_in_buffers(engine: Engine, workspace: Path) -> None:
    """The place is one of the buffer; hits of other buffers have their lines."""
    upload = workspace / "src" / "upload.py"
    engine.set_overlay(upload, "\n\n\n" + upload.read_text())
    engine.set_overlay(workspace / "src" / "download.py", upload.read_text().replace("upload", "download"))
    answer = engine.similar(upload, 10)
    assert places(answer)[0] == ("src/download.py", "retry_failed_download", 5, 12)
    assert "retry_failed_upload" not in [hit.name for hit in answer.hits]
    with pytest.raises(QueryError, match="no definition at line 5"):
        engine.similar(upload, 5)


def test_a_buffer_follows_its_workspace(engine: Engine, workspace: Path, tmp_path: Path) -> None:
    """It counts once its root is added, and no more once that is removed."""
    other = tmp_path / "other"
    other.mkdir()
    engine.set_overlay(other / "mail.py", MAIL)
    request = SearchRequest("send an email")
    assert not any(hit.name == "send_mail" for hit in engine.search(request).hits)
    engine.add_root(other)
    assert engine.search(request).hits[0].root == other
    engine.remove_root(other)
    assert not any(hit.name == "send_mail" for hit in engine.search(request).hits)


def test_a_file_deleted_on_disk_lives_on_in_its_buffer(engine: Engine, workspace: Path) -> None:
    """What the person sees is what is found, whatever happened to the file."""
    upload = workspace / "src" / "upload.py"
    engine.set_overlay(upload, upload.read_text())
    shutil.rmtree(workspace / "src")
    engine.update()
    assert places(engine.search(SearchRequest("retry_failed_upload")))[0][:2] == (
        "src/upload.py",
        "retry_failed_upload",
    )


def test_half_typed_and_odd_text_breaks_nothing(engine: Engine, workspace: Path) -> None:
    """Syntax errors, a lone surrogate, a NUL, nothing at all: the other functions are still found."""
    upload = workspace / "src" / "upload.py"
    for text in ("", "def broken(", "def f():\n    '\ud800'\n", "def g():\n    '\x00'\n", "\r" * 50, MAIL + "def ("):
        engine.set_overlay(upload, text)
        assert engine.search(SearchRequest("put a job in the queue")).hits


def test_the_rules_are_asked_once_for_an_open_file(
    engine: Engine, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They read ignore files and start git; a file whose folder becomes a workspace is judged by its rules."""
    asked: list[Path] = []
    rules = buffers.IgnoreRules
    monkeypatch.setattr(buffers, "IgnoreRules", lambda root: asked.append(root) or rules(root))  # type: ignore[func-returns-value]
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / ".gitignore").write_text("mail.py\n")
    engine.set_overlay(other / "mail.py", MAIL)
    for text in ("x = 1\n", MAIL, MAIL + "\n"):
        engine.set_overlay(workspace / "src" / "upload.py", text)
        engine.refresh_overlays()
    assert asked == [workspace]
    engine.add_root(other)
    engine.refresh_overlays()
    assert asked == [workspace, other]
    assert not any(hit.root == other for hit in engine.search(SearchRequest("send an email")).hits)
