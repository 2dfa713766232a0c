"""What ``cascode watch`` does with changes that cannot be indexed at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from cascode import ChangeBatch, Engine, IndexStoreError, ModelError
from cascode_indexer.location import locate
from cascode_indexer.store.lock import WriterLock
from cascode_models.types import EncodedTexts
from cascode_server.cli.watch import Upkeep
from cascode_server.service.work import RETRY_SECONDS, TAKE_OVER_SECONDS
from fake_encoder import FakeEncoder, FakeModelHandle

from .conftest import Run

DOOR = "def open_door(key):\n    return key.turn()\n"


class Fragile(FakeEncoder):
    """An encoder that can be broken."""

    broken = False

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """See :meth:`FakeEncoder.encode_definitions`."""
        if self.broken:
            raise ModelError("the model cannot be used: fetch another one")
        return super().encode_definitions(texts)


def changed(workspace: Path, name: str) -> ChangeBatch:
    """Write a file, and what a watcher reports of it."""
    (workspace / name).write_text(DOOR, encoding="utf-8")
    return ChangeBatch(workspace, frozenset([name]), frozenset(), rescan=False)


def test_changes_wait_for_another_process(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it keeps from being indexed, at the start and later, is indexed once it is done; one line says why."""
    with Engine([workspace], model=FakeModelHandle()) as engine:
        upkeep = Upkeep(engine, [workspace], lambda: False)
        with WriterLock(locate(workspace)):
            upkeep.begin(engine.update(), now=0.0)
            upkeep.work(TAKE_OVER_SECONDS)
            assert capsys.readouterr().out == ""  # it was said of the first look
        upkeep.work(TAKE_OVER_SECONDS + 1)
        assert capsys.readouterr().out == ""  # not due yet
        upkeep.work(2 * TAKE_OVER_SECONDS)
        assert "3 files changed, 0 removed, 6 definitions encoded" in capsys.readouterr().out
        with WriterLock(locate(workspace)):
            upkeep.add(changed(workspace, "door.py"))
            for now in (100.0, 100.0 + TAKE_OVER_SECONDS):
                upkeep.work(now)
            said = capsys.readouterr().out
            assert re.fullmatch(r"\S+  .*: another process keeps this index up to date\n", said)
        upkeep.work(100.0 + 2 * TAKE_OVER_SECONDS)
        assert "1 file changed, 0 removed, 1 definition encoded" in capsys.readouterr().out


def test_a_failure_is_tried_again(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said once, the watch goes on, and what failed is made up for a minute later."""
    encoder = Fragile()
    with Engine([workspace], model=FakeModelHandle(encoder)) as engine:
        upkeep = Upkeep(engine, [workspace], lambda: False)
        upkeep.begin(engine.update(), now=0.0)
        encoder.broken = True
        upkeep.add(changed(workspace, "door.py"))
        upkeep.work(0.0)
        upkeep.work(RETRY_SECONDS)
        out, err = capsys.readouterr()
        assert (out, err) == ("", "cascode: the model cannot be used: fetch another one\n")
        encoder.broken = False
        upkeep.work(2 * RETRY_SECONDS - 1)
        assert capsys.readouterr().out == ""
        upkeep.work(2 * RETRY_SECONDS)
        assert "1 definition encoded" in capsys.readouterr().out
        assert all(each.counts is not None and not each.counts.pending for each in engine.status())


def test_a_first_look_that_fails_is_tried_again(
    workspace: Path, model: None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is one line, and the watch goes on: what could not be written then is made up for."""
    said: list[str] = []
    monkeypatch.setattr("cascode_server.cli.watch.RETRY_SECONDS", 0.0)
    monkeypatch.setattr("cascode_server.cli.watch._WAIT_SECONDS", 0.01)
    monkeypatch.setattr("cascode_server.cli.watch._say", lambda _root, what: said.append(what))
    monkeypatch.setattr("cascode_server.cli.watch.stop_on_interrupt", lambda: nullcontext(lambda: bool(said)))

    def full_disk(*_arguments: object, **_options: object) -> None:
        raise IndexStoreError("the index cannot be written: the disk is full")

    monkeypatch.setattr(Engine, "update", full_disk)
    watched = run("watch", str(workspace))
    assert watched.status == 0
    assert watched.err.startswith("cascode: the index cannot be written: the disk is full\nwatching")
    assert said[0].startswith("3 files changed, 0 removed, 6 definitions encoded")
