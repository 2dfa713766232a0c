"""What a run says while it trains: lines for a person, rows for a file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from cascode_models.writing import replacing

from .context import Progress


class RunLog:
    """Lines and rows of one stage.

    Args:
        path: File of JSON lines that rows are appended to; what a killed run wrote there of later steps of the stage
            goes, since they are taken again.
        stage: Name of the stage.
        steps: Its steps.
        first: Steps taken before, by a run that was killed.
        progress: Takes the lines.
    """

    def __init__(self, path: Path, stage: str, steps: int, first: int, progress: Progress) -> None:
        self._path = path
        self._stage = stage
        self._steps = steps
        self._progress = progress
        self._running: list[Mapping[str, float]] = []
        self._since = first
        self._began = time.monotonic()
        _forget_steps(path, stage, first)

    def add(self, losses: Mapping[str, float]) -> None:
        """Take the losses of a step."""
        self._running.append(losses)

    def losses(self, step: int) -> None:
        """Say and record the mean losses since the last time."""
        seconds = (time.monotonic() - self._began) / max(1, step - self._since)
        means = {name: float(np.mean([losses[name] for losses in self._running])) for name in self._running[0]}
        shown = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
        left = (self._steps - step) * seconds / 60
        self._say(step, f"{shown}, {seconds:.2f} s a step, {left:.0f} min left", means)
        self._running = []

    def dev(self, step: int, scores: Mapping[str, float]) -> None:
        """Say and record what the held-out pairs gave; the time that this took counts for no step."""
        shown = ", ".join(f"{name.replace('_mrr', ' MRR')} {value:.4f}" for name, value in scores.items())
        self._say(step, shown, scores)

    def _say(self, step: int, line: str, row: Mapping[str, Any]) -> None:
        """A line and a row; the clock starts again."""
        self._progress(f"{self._stage} {step}/{self._steps}: {line}")
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": self._stage, "step": step, **row}) + "\n")
        self._since, self._began = step, time.monotonic()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a log.

    Raises:
        OSError: It cannot be read.
        ValueError: A line is no row of a log.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("stage"), str) or not isinstance(row.get("step"), int):
            raise ValueError(f"line {number} names no stage and step")
    return rows


def curves(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Lay the stages of a run end to end.

    Args:
        rows: Those of :func:`read_log`.

    Returns:
        For each number in them its points, by the step counted from the beginning of the run.
    """
    lengths: dict[str, int] = {}
    for row in rows:
        lengths[row["stage"]] = max(lengths.get(row["stage"], 0), row["step"])
    ends = accumulate(lengths.values())
    before = {stage: end - lengths[stage] for stage, end in zip(lengths, ends, strict=True)}
    found: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        for key, value in row.items():
            if key not in ("stage", "step"):
                found.setdefault(key, []).append((before[row["stage"]] + row["step"], value))
    return found


def _forget_steps(path: Path, stage: str, first: int) -> None:
    """Leave out the rows of a stage behind a step, and a line that a kill cut."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    kept = [line for line in lines if not _is_behind(line, stage, first)]
    if len(kept) < len(lines):
        with replacing(path.parent, path.name) as (partial,):
            partial.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _is_behind(line: str, stage: str, first: int) -> bool:
    """Whether a line is a row of a later step of a stage, or none at all."""
    try:
        row = json.loads(line)
        return bool(row["stage"] == stage and row["step"] > first)
    except (ValueError, KeyError, TypeError):
        return True
