"""Logs of runs: each step once, also after a kill, and stages end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_lab.literature.plots import plot_runs
from cascode_lab.training import run
from cascode_lab.training.log import RunLog, curves, read_log
from cascode_models.errors import ModelError

from .conftest import both


def test_steps_that_are_taken_again_are_logged_once(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A run that was killed behind its checkpoint has the log of one that was not."""

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith("joint 4/4"):
            raise Killed

    def steps(name: str) -> list[tuple[str, int, list[str]]]:
        return [(row["stage"], row["step"], sorted(row)) for row in read_log(tmp_path / name / "log.jsonl")]

    settings = both(model_folder)
    run("first", data=data, output=tmp_path / "whole", overrides=settings)
    # Checkpoints at the ends of stages alone: the second stage begins again.
    rarely = settings | {"checkpoint_minutes": 60.0}
    with pytest.raises(Killed):
        run("first", data=data, output=tmp_path / "cut", overrides=rarely, progress=kill)
    assert ("joint", 2) in {(stage, step) for stage, step, _ in steps("cut")}
    run("first", data=data, output=tmp_path / "cut", overrides=rarely, resume=True)
    assert steps("cut") == steps("whole")
    # A finished run that is taken up again has nothing to add.
    run("first", data=data, output=tmp_path / "cut", overrides=rarely, resume=True)
    assert steps("cut") == steps("whole")


def test_a_stage_begins_behind_the_last_step_kept(tmp_path: Path) -> None:
    """Rows of other stages stay; a line that a kill cut goes."""
    path = tmp_path / "log.jsonl"
    rows = [{"stage": stage, "step": step, "loss": 1.0} for stage in ("a", "b") for step in (2, 4, 6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"stage": "b", "st')
    RunLog(path, "b", 8, 4, lambda _line: None)
    assert [(row["stage"], row["step"]) for row in read_log(path)] == [
        *(("a", step) for step in (2, 4, 6)),
        *(("b", step) for step in (2, 4)),
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]


def test_stages_of_any_name_are_laid_end_to_end() -> None:
    """Each begins where all before it end."""
    rows = [{"stage": stage, "step": step, "x": step} for stage in ("first", "contrastive", "last") for step in (5, 10)]
    assert [step for step, _ in curves(rows)["x"]] == [5, 10, 15, 20, 25, 30]


@pytest.mark.parametrize("content", ["3\n", '{"step": 3}\n', '{"stage": "a"}\n', "{\n"])
def test_what_is_no_log_is_named(content: str, tmp_path: Path) -> None:
    """Its picture is not drawn."""
    (tmp_path / "log.jsonl").write_text(content)
    with pytest.raises(ModelError, match="is no log of a run"):
        plot_runs({"a": tmp_path / "log.jsonl"}, tmp_path / "a.svg")
