"""Folders that models are written into: whole, without what belongs to earlier weights, readable by others."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from cascode_models import exchange, export, token_states
from cascode_models.errors import ModelError
from cascode_models.exchange import export_for_sentence_transformers
from cascode_models.export import export_model
from cascode_models.folder import STATES_FILE
from cascode_models.load import load_model
from cascode_models.modeling import CasCode
from cascode_models.token_states import StateCodec
from cascode_models.tokenization import TextTokenizer


def codec() -> StateCodec:
    """Keeps eight dimensions of the small model's states."""
    projection = np.eye(32, 8, dtype=np.float32)
    return StateCodec(projection, projection, (1.0, 0.5), np.array([1, 2]))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("write", [export_model, export_for_sentence_transformers])
def test_token_states_of_earlier_weights_are_removed(
    write: Callable[[CasCode, TextTokenizer, Path], Path],
    make_network: Callable[..., CasCode],
    tokenizer: TextTokenizer,
    tmp_path: Path,
) -> None:
    """They would be compared with projections of states that no longer are."""
    network = make_network("late", gate_bias=-1e4)
    folder = export_model(network, tokenizer, tmp_path / "model")
    codec().save(folder)
    assert load_model(str(folder), device="cpu").keeps_states
    write(network, tokenizer, folder)
    assert not (folder / STATES_FILE).exists()
    assert not load_model(str(folder), device="cpu").keeps_states


def full(*_: object, **__: object) -> None:
    """Stands for a write on a full disk."""
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_a_full_disk_is_one_line_and_changes_nothing(
    model_folder: Path, network: CasCode, tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model that was there stays, with its states, and no part of another lies beside it."""
    codec().save(model_folder)
    before = contents(model_folder)
    for module, write in (
        (export, lambda: export_model(network, tokenizer, model_folder)),
        (exchange, lambda: export_for_sentence_transformers(network, tokenizer, model_folder)),
        (token_states, lambda: codec().save(model_folder)),
    ):
        monkeypatch.setattr(module, "save_file", full)
        with pytest.raises(ModelError, match=r"cannot be written \(.*No space left.*\): make room there") as caught:
            write()
        assert "\n" not in str(caught.value)
        assert contents(model_folder) == before


def test_a_kill_between_two_files_leaves_no_mixture(
    model_folder: Path, network: CasCode, tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file is the last that got its name: without the configuration it is no model."""
    replace = Path.replace
    for left in (0, 1, 2):
        export_model(network, tokenizer, model_folder)
        done: list[Path] = []

        def stop(path: Path, target: Path, left: int = left, done: list[Path] = done) -> Path:
            """Rename so many files."""
            if len(done) == left:
                raise KeyboardInterrupt
            done.append(path)
            return replace(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", stop)
            with pytest.raises(KeyboardInterrupt):
                export_model(network, tokenizer, model_folder)
        with pytest.raises(ModelError, match="holds no config"):
            load_model(str(model_folder), device="cpu")
        assert not list(model_folder.glob("*.partial"))


@pytest.mark.skipif(os.name == "nt", reason="rights are Unix's")
def test_weights_are_as_readable_as_any_file(network: CasCode, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """By the umask: the library by itself makes files that their owner alone can read."""
    before = os.umask(0o027)
    try:
        folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
        codec().save(folder)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    finally:
        os.umask(before)
    assert {"model.safetensors", STATES_FILE, "config.json"} <= set(modes)
    assert set(modes.values()) == {0o640}
