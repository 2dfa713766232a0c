"""Descriptions sampled for training functions: written whole or not at all, and never over what was mined."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from cascode_lab.literature import sampling
from cascode_models.errors import ModelError


class Saying:
    """A describer that says the same of every function, until it has said it often enough."""

    def __init__(self, most: int) -> None:
        self.left = most

    def sample(self, texts: Sequence[str], *, seed: int) -> list[str]:
        """Say it; a kill where nothing is left."""
        if len(texts) > self.left:
            raise KeyboardInterrupt
        self.left -= len(texts)
        return ["says it"] * len(texts)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Mined pairs of five functions."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    rows = [{"query": f"q{n}", "code": f"def f{n}(): pass", "language": "python", "split": "train"} for n in range(5)]
    (folder / "python.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def describe(pairs: Path, output: Path, monkeypatch: pytest.MonkeyPatch, most: int = 10) -> int:
    """Describe the functions of a folder, two at a time; killed after so many."""
    monkeypatch.setattr(sampling.Describer, "load", lambda _model: Saying(most))
    monkeypatch.setattr(sampling, "_CHUNK", 2)
    return sampling.sample_descriptions("model", pairs, output, language="python", count=5, progress=lambda _line: None)


def test_mined_pairs_are_not_written_over(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the mined pairs is refused as output, however it is spelled."""
    before = (pairs / "python.jsonl").read_bytes()
    (tmp_path / "link").symlink_to(pairs)
    for output in (pairs, tmp_path / "other" / ".." / "pairs", tmp_path / "link"):
        with pytest.raises(ModelError, match="holds the mined pairs, which would be lost: name another folder"):
            describe(pairs, output, monkeypatch)
    assert (pairs / "python.jsonl").read_bytes() == before


def test_a_stopped_run_leaves_what_was_there(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the descriptions are no file that training reads; those of an earlier run stay."""
    output = tmp_path / "sampled"
    with pytest.raises(KeyboardInterrupt):
        describe(pairs, output, monkeypatch, most=3)
    assert not list(output.glob("*.jsonl"))
    assert describe(pairs, output, monkeypatch) == 5
    whole = (output / "python.jsonl").read_bytes()
    assert whole.count(b"says it") == 5
    with pytest.raises(KeyboardInterrupt):
        describe(pairs, output, monkeypatch, most=3)
    assert (output / "python.jsonl").read_bytes() == whole
