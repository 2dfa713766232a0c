"""``cascode pack`` and ``cascode unpack``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import locate
from cascode_indexer.store.lock import WriterLock

from .conftest import Run


@pytest.mark.usefixtures("model")
def test_a_pack_saves_another_machine_the_encoding(
    run: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one machine has packed another one takes in, finds by, and shows in its status."""
    packed = run("pack", "../main.pack")
    assert packed.status == 0, packed.err
    assert "../main.pack: 6 vectors, " in packed.err
    assert packed.out == ""
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "another machine"))
    taken = run("unpack", str(tmp_path / "main.pack"), "--workspace", str(clone))
    assert taken.status == 0, taken.err
    assert "main.pack: 6 vectors, for this workspace alone\n" in taken.err
    assert "(0 definitions encoded in " in taken.err
    assert "pack 6 vectors of main.pack (SHA-256 " in " ".join(run("status", str(clone)).out.split())
    monkeypatch.chdir(clone)
    assert "send_with_retry" in run("search", "send the request again when it failed", "--limit", "1").out


@pytest.mark.usefixtures("model", "workspace")
def test_what_is_no_pack_is_one_line(run: Run, tmp_path: Path) -> None:
    """A missing file, another file, a folder and a workspace without functions."""
    (tmp_path / "noise.pack").write_bytes(b"noise" * 100)
    (tmp_path / "empty").mkdir()
    for arguments, words in (
        (["unpack", "../missing.pack"], "there is no pack"),
        (["unpack", "../noise.pack"], "is no pack, or is damaged"),
        (["unpack", ".."], "is a directory"),
        (["pack", "../no/such/folder/x.pack"], "cannot be written"),
    ):
        outcome = run(*arguments)
        assert outcome.status == 2, arguments
        assert words in outcome.err
        assert "Traceback" not in outcome.err
        assert outcome.err.splitlines()[-1].startswith("cascode: ")
    nothing = run("pack", "../x.pack", "--workspace", str(tmp_path / "empty"))
    assert (nothing.status, (tmp_path / "x.pack").exists()) == (1, False)
    assert "it contains no source files" in nothing.err


@pytest.mark.usefixtures("model")
def test_a_pack_says_what_it_does_not_pass_on(
    run: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another pack brought is counted and left out; where there is nothing else, there is no pack."""
    assert run("pack", "../main.pack").status == 0
    clone = Path(shutil.copytree(workspace, tmp_path / "clone"))
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "another machine"))
    assert run("unpack", str(tmp_path / "main.pack"), "--workspace", str(clone)).status == 0
    refused = run("pack", "../own.pack", "--workspace", str(clone))
    assert (refused.status, (tmp_path / "own.pack").exists()) == (2, False)
    assert "came from a pack or a team's index, which a pack does not pass on" in refused.err
    (clone / "new.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
    packed = run("pack", "../own.pack", "--workspace", str(clone))
    assert packed.status == 0, packed.err
    assert "../own.pack: 1 vector, " in packed.err
    assert "not in it: 6 vectors of a pack or a team's index; a pack passes none on\n" in packed.err


@pytest.mark.usefixtures("model")
def test_what_another_process_has_not_encoded_yet_is_no_pack(run: Run, workspace: Path, tmp_path: Path) -> None:
    """It is at it, so this one leaves the index alone: a part of a pack would pass for all of it."""
    assert run("index").status == 0
    (workspace / "new.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
    with Engine([workspace]) as engine:
        engine.workspaces[0].scan(lambda updater: updater.scan(), None, None)
    with WriterLock(locate(workspace)):
        refused = run("pack", "../main.pack")
    assert (refused.status, (tmp_path / "main.pack").exists()) == (2, False)
    assert "1 of 7 vectors of " in refused.err
    assert "wait for the process that is at it, then pack again" in refused.err
    assert run("pack", "../main.pack").status == 0
