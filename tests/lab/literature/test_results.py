"""Files of results: which is the latest, how they were made, and a row for each model."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from cascode_lab.literature.results import SystemResult, new_result, read_results, write_result
from cascode_lab.literature.table import tables


def measured(training: str, model: str = "m", **changes: object) -> SystemResult:
    """A result; ``training`` names it."""
    result = new_result("shared", "K = 10", model=model, fingerprint="f", training=training)
    result.update(changes)  # type: ignore[typeddict-item]
    return result


def latest(folder: Path) -> list[str]:
    """What is read of a folder, by name."""
    return [result["training"] for result in read_results(folder)]


def test_the_latest_of_a_commit_is_read(tmp_path: Path) -> None:
    """Whatever its number, in files that hold no time too: the first of a commit has none in its name."""
    for number in range(1, 12):
        result = measured(str(number), commit="abc123", date="2026-01-02", time="")
        del result["time"]  # type: ignore[misc]
        write_result(result, tmp_path)
        assert latest(tmp_path) == [str(number)]


def test_the_latest_of_a_day_is_read(tmp_path: Path) -> None:
    """Of two commits the one measured later, though its name stands before the other's; one without a time is older."""
    write_result(measured("morning", commit="fff", date="2026-01-02", time="2026-01-02T08:00:00+00:00"), tmp_path)
    write_result(measured("evening", commit="aaa", date="2026-01-02", time="2026-01-02T20:00:00+00:00"), tmp_path)
    path = write_result(measured("before", commit="zzz", date="2026-01-02"), tmp_path)
    content = json.loads(path.read_text())
    assert content.pop("time") > content["date"]
    path.write_text(json.dumps(content))
    assert latest(tmp_path) == ["evening"]


def test_a_commit_of_digits_is_no_number(tmp_path: Path) -> None:
    """Nor is what stands before the commit in a name."""
    for number in (1, 2):
        write_result(measured(str(number), variant="K = 123456", commit="123456", time="", date="2026"), tmp_path)
    assert latest(tmp_path) == ["2"]


def test_every_model_has_a_row(tmp_path: Path) -> None:
    """Two models of one variant are two rows that name them; a single one needs no name."""
    write_result(measured("", model="bundled"), tmp_path)
    text = tables(read_results(tmp_path), {})
    assert text.count("| CasCode, shared model (3.4), K = 10 |") == 3
    write_result(measured("", model="mine"), tmp_path)
    text = tables(read_results(tmp_path), {})
    for model in ("bundled", "mine"):
        assert text.count(f"| CasCode, shared model (3.4), K = 10, {model} |") == 3


def test_the_command_of_a_result_can_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell would split or replace is quoted; the folders above a path are of the machine that measured."""
    arguments = ["eval", "system", "three stages", "--variant", "K = 10 $x", "--pairs", str(tmp_path / "my pairs")]
    monkeypatch.setattr(sys, "argv", ["/somewhere/cascode", *arguments])
    assert shlex.split(measured("")["command"]) == ["cascode", *arguments[:-1], "my pairs"]
