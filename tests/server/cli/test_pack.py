"""``cascode pack`` and ``cascode unpack``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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
