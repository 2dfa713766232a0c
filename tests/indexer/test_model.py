"""Searching before the model is loaded, and where it cannot be."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cascode_models.load
from cascode_indexer.engine import Engine
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_models.errors import ModelError
from fake_encoder import FakeEncoder, FakeModelHandle, fake_model
from running import PATIENCE, Running
from tiny_model import model_folder, network, tokenizer

__all__ = ["fake_model", "model_folder", "network", "tokenizer"]

OpenEngine = Callable[..., Engine]


def names(answer: Answer) -> list[str]:
    """Names of the hits, best first."""
    return [hit.name for hit in answer.hits]


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The real model, loaded only once the event is set."""
    load, go_on = cascode_models.load.load_model, threading.Event()

    def load_later(*arguments: object, **options: object) -> object:
        assert go_on.wait(PATIENCE)
        return load(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cascode_models.load, "load_model", load_later)
    yield go_on
    go_on.set()


def test_words_answer_until_the_model_is_loaded(workspace: Path, slow_model: threading.Event) -> None:
    """At once, with the code-aware ranking; the search begins the load; later answers have vectors."""
    with Engine([workspace]) as engine:
        update = Running(engine.update)
        request = SearchRequest("retry_failed_upload", wait_for_model=False)
        while engine.search(request).functions < 6:
            assert not update.done
        answer = engine.search(request)
        assert names(answer)[0] == "retry_failed_upload"
        assert (answer.model_ready, answer.model_error, answer.state, answer.pending) == (False, None, "indexing", 6)
        assert (
            names(engine.search(SearchRequest("take a job out of the queue", wait_for_model=False)))[0] == "Queue.pop"
        )
        similar = engine.similar(workspace / "src" / "upload.py", 6, wait_for_model=False)
        assert "test_retry_failed_upload" in names(similar)
        assert "retry_failed_upload" not in names(similar)
        slow_model.set()
        update.result()
        answer = engine.search(request)
        assert (answer.model_ready, answer.state, answer.pending) == (True, "ready", 0)


def test_a_model_that_cannot_be_loaded_leaves_words(workspace: Path) -> None:
    """The update says why and has stored everything; answers go on with the reason."""
    with Engine([workspace], model="/no/such/model") as engine:
        with pytest.raises(ModelError, match="/no/such/model"):
            engine.update()
        answer = engine.search(SearchRequest("retry failed upload", wait_for_model=False))
        assert names(answer)[0] == "retry_failed_upload"
        assert not answer.model_ready
        assert "/no/such/model" in (answer.model_error or "")
        with pytest.raises(ModelError, match="/no/such/model"):
            engine.search(SearchRequest("retry failed upload"))


def test_closing_does_not_wait_for_the_model(workspace: Path, slow_model: threading.Event) -> None:
    """A server that is asked to end while the model loads ends."""
    engine = Engine([workspace])
    update = Running(engine.update)
    while not engine.status()[0].indexed:
        assert not update.done
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 5
    (report,) = update.result()  # type: ignore[misc]
    assert report.cancelled


def test_a_search_that_waits_for_the_model_can_be_cancelled(
    open_engine: OpenEngine, workspace: Path, slow_model: threading.Event
) -> None:
    """It is answered by words then."""
    with Engine([workspace]) as engine:
        assert not engine.search(SearchRequest("retry"), cancelled=lambda: True).model_ready


def test_an_unexpected_failure_of_loading_is_one_line(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken torch, for instance: the message names the model and the fix, whatever was raised."""

    def broken(*_: object, **__: object) -> None:
        raise OSError("libtorch.so:\n cannot open")

    monkeypatch.setattr(cascode_models.load, "load_model", broken)
    handle = ModelHandle(None)
    with pytest.raises(ModelError, match=r"the model 'bundled' cannot be loaded \(libtorch.so: cannot open\)"):
        handle.get()
    assert handle.ready() is None
    assert handle.error is not None


def test_an_idle_model_is_let_go_and_comes_back(fake_model: FakeModelHandle) -> None:
    """Nobody asked for it: it is no longer held, and the next question has it again."""
    fake_model.idle_seconds = 0.01
    model = fake_model.get()
    watcher = fake_model._held.watcher
    assert watcher is not None
    watcher.join(PATIENCE)
    assert not watcher.is_alive()
    assert (fake_model.loaded, fake_model.current, fake_model.engine) == (False, None, None)
    assert fake_model.get() is model


def test_a_model_is_kept_while_it_is_asked_for_or_nobody_lets_it_go(fake_model: FakeModelHandle) -> None:
    """By default it is kept; a limit set later takes effect on the model that is held, and can be taken back."""
    fake_model.get()
    assert fake_model._held.watcher is None
    fake_model.idle_seconds = 3600.0
    watcher = fake_model._held.watcher
    assert watcher is not None
    fake_model.idle_seconds = None
    fake_model.ready()
    assert (fake_model.loaded, fake_model._held.watcher) == (True, watcher)
    fake_model.idle_seconds = 0.0
    watcher.join(PATIENCE)
    assert not fake_model.loaded


def test_what_computes_keeps_its_model_and_others_share_it(model_folder: Path) -> None:
    """Indexing for minutes does not make the next question load a second one; afterwards the memory is free."""
    handle = ModelHandle(str(model_folder), device="cpu", idle_seconds=0.0)
    computing = handle.get()
    let_go(handle)
    assert handle.get() is computing
    let_go(handle)
    kept = weakref.ref(computing)
    del computing
    gc.collect()
    assert kept() is None
    assert handle.get().dimension == 32


def let_go(handle: ModelHandle) -> None:
    """Wait until a model that may go is gone."""
    watcher = handle._held.watcher
    if watcher is not None:
        watcher.join(PATIENCE)
    assert not handle.loaded


def test_only_questions_and_new_definitions_keep_the_model(workspace: Path, fake_model: FakeModelHandle) -> None:
    """A scan that finds nothing new uses the model that is there, and lets its time run on."""
    with Engine([workspace], model=fake_model) as engine:
        engine.update()
        used = fake_model._held.used
        engine.update()
        assert fake_model._held.used == used
        engine.search(SearchRequest("retry"))
        assert fake_model._held.used > used
        used = fake_model._held.used
        (workspace / "src" / "fresh.py").write_text("def fresh():\n    return 1\n")
        engine.update()
        assert fake_model._held.used > used


class UpgradedHandle(FakeModelHandle):
    """Another model under the name of the one before, whose files are others."""

    identity = "upgraded"


def test_weights_replaced_under_the_same_name_are_noticed(fake_model: FakeModelHandle, tmp_path: Path) -> None:
    """An upgrade of the package brings other weights: all is encoded again, though no file of the workspace changed."""
    (tmp_path / "a.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    upgraded = UpgradedHandle(FakeEncoder(fingerprint="upgraded"))
    upgraded.name = fake_model.name
    encoded = []
    for handle in (fake_model, upgraded, upgraded):
        with Engine([tmp_path], model=handle) as engine:
            encoded.append(engine.update()[0].encoded)
    assert encoded == [1, 1, 0]


def test_the_identity_of_a_model_follows_its_files(tmp_path: Path) -> None:
    """It is known without loading, and stays the same while nothing changes."""
    weights = tmp_path / "model.safetensors"
    weights.write_text("old", encoding="utf-8")
    os.utime(weights, (1_000_000_000, 1_000_000_000))
    handle = ModelHandle(str(tmp_path))
    before = handle.identity
    assert before.startswith(handle.label)
    assert handle.identity == before
    os.utime(weights, (1_000_000_001, 1_000_000_001))
    assert handle.identity != before
    assert not handle.loaded
