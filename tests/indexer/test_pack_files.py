"""The file of a pack: what a full disk leaves, and who may read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import PackError
from fake_encoder import FakeModelHandle


@pytest.mark.skipif(sys.platform == "win32", reason="the size of files is limited by POSIX alone")
def test_a_full_disk_is_a_line_and_leaves_nothing(workspace: Path, tmp_path: Path) -> None:
    """As a limit of the size of files is: safetensors' own error is none of the system's."""
    import resource
    import signal

    with Engine([workspace], model=FakeModelHandle()) as engine:
        engine.update()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            with pytest.raises(PackError, match=r"cannot be written: .*make room"):
                engine.pack(tmp_path / "x.pack")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.glob("*.pack"))
    assert not list(tmp_path.glob(".x.pack*"))


@pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX'")
def test_others_read_a_pack_as_any_new_file(workspace: Path, tmp_path: Path) -> None:
    """It is made to be handed on."""
    plain = tmp_path / "plain"
    plain.touch()
    with Engine([workspace], model=FakeModelHandle()) as engine:
        engine.update()
        engine.pack(tmp_path / "x.pack")
    assert (tmp_path / "x.pack").stat().st_mode == plain.stat().st_mode
