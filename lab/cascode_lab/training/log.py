"""What a run says while it trains: lines for a person, rows for a file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .context import Progress


class RunLog:
    """Lines and rows of one stage.

    Args:
        path: File of JSON lines that rows are appended to.
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
