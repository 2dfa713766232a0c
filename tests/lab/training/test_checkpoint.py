"""Checkpoints: written whole, on every system, and let go of once they are read."""

from __future__ import annotations

import os
import stat
import weakref
from importlib import import_module
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from cascode_lab.training import checkpoint, run
from cascode_lab.training.checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint
from cascode_models.errors import ModelError

from .conftest import small

TENSORS = {"a": torch.arange(3.0)}


def test_a_checkpoint_is_written_through_where_that_needs_the_right_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to write a file through that is open for reading alone."""
    fcntl = pytest.importorskip("fcntl")
    modes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL)))
    save_checkpoint(tmp_path, "s", 3, "digest", TENSORS)
    assert [mode & os.O_ACCMODE for mode in modes] == [os.O_RDWR]
    found = load_checkpoint(tmp_path, "digest")
    assert found is not None
    assert found[:2] == ("s", 3)
    assert torch.equal(found[2]["a"], TENSORS["a"])


@pytest.mark.skipif(os.name == "nt", reason="rights are Unix's")
def test_a_checkpoint_has_the_rights_of_any_file(tmp_path: Path) -> None:
    """Another user may go on with a run where the umask allows it."""
    before = os.umask(0o022)
    try:
        save_checkpoint(tmp_path, "s", 3, "digest", TENSORS)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / CHECKPOINT).stat().st_mode) == 0o644


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and the run goes on from where it was saved last."""
    save_checkpoint(tmp_path, "s", 3, "digest", TENSORS)

    def full(*_: object, **__: object) -> None:
        raise SafetensorError("No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(ModelError, match="cannot be written"):
        save_checkpoint(tmp_path, "s", 4, "digest", TENSORS)
    found = load_checkpoint(tmp_path, "digest")
    assert found is not None
    assert found[1] == 3
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_resumed_run_lets_go_of_its_checkpoint(
    data: Path, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is mapped from the file, which Windows does not replace while it is."""

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith("contrastive 4/6"):
            raise Killed

    settings = small(model_folder, head="none")
    with pytest.raises(Killed):
        run("control", data=data, output=tmp_path / "run", overrides=settings, progress=kill)
    read: list[weakref.ref[torch.Tensor]] = []
    # By its name: the package exports the function of that name.
    module = import_module("cascode_lab.training.run")

    def load(folder: Path, digest: str) -> tuple[str, int, dict[str, torch.Tensor]] | None:
        found = load_checkpoint(folder, digest)
        assert found is not None
        read.extend(weakref.ref(tensor) for tensor in found[2].values())
        return found

    left: list[int] = []

    def save(folder: Path, stage: str, step: int, digest: str, tensors: dict[str, torch.Tensor]) -> None:
        left.append(sum(tensor() is not None for tensor in read))
        save_checkpoint(folder, stage, step, digest, tensors)

    monkeypatch.setattr(module, "load_checkpoint", load)
    monkeypatch.setattr(module, "save_checkpoint", save)
    run("control", data=data, output=tmp_path / "run", overrides=settings, resume=True)
    assert read
    assert left
    assert set(left) == {0}
