"""``cascode train states`` and ``average``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_models.export import export_model
from cascode_models.load import load_model
from cascode_models.tokenization import LibraryTokenizer
from tiny_model import make_network, make_tokenizer

from .conftest import Run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A few mined pairs."""
    rows = [
        {"query": f"read the {word}", "code": f"def read_{word}(path): return open(path)", "name": f"read_{word}",
         "language": "python", "package": word, "split": "train"}
        for word in ("file", "json", "list", "path", "request", "sum")
    ]  # fmt: skip
    folder = tmp_path / "pairs"
    folder.mkdir()
    (folder / "python.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_model_is_given_states(run: Run, tmp_path: Path, data: Path) -> None:
    """The folder written keeps states of the dimension asked for."""
    folder = export_model(
        make_network("late", gate_bias=-1e4), LibraryTokenizer(make_tokenizer(), pad_id=0), tmp_path / "model"
    )
    output = tmp_path / "kept"
    there = ("--data", str(data), "--dimension", "8", "--batches", "1", "-o", str(output))
    outcome = run("train", "states", str(folder), *there)
    assert outcome.status == 0, outcome.err
    assert "4 bytes a token" in outcome.err
    assert load_model(str(output)).state_bytes == 4


def test_an_odd_dimension_is_one_line(run: Run, tmp_path: Path, data: Path) -> None:
    """Two dimensions share a byte."""
    outcome = run(
        "train", "states", str(tmp_path), "--data", str(data), "--dimension", "9", "-o", str(tmp_path / "kept")
    )
    assert outcome.status == 2
    assert "even number" in outcome.err


def test_two_models_are_averaged(run: Run, tmp_path: Path) -> None:
    """The folder written is a model; a share beyond 1 is one line."""
    folder = export_model(make_network("late"), LibraryTokenizer(make_tokenizer(), pad_id=0), tmp_path / "model")
    output = tmp_path / "between"
    outcome = run("train", "average", str(folder), str(folder), "--share", "0.3", "-o", str(output))
    assert outcome.status == 0, outcome.err
    assert load_model(str(output)).settings.head == "late"
    outcome = run("train", "average", str(folder), str(folder), "--share", "3", "-o", str(output))
    assert outcome.status == 2
    assert "0<=x<=1" in outcome.err
