"""How long a first index takes, and how much memory: for a process of its own."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cascode_indexer.engine import Engine
from cascode_indexer.indexing.types import IndexProgress


def index_and_measure(workspace: Path, model: str | None, *, first: bool) -> dict[str, Any]:
    """Index ``workspace`` and report how long it took, what was encoded and the memory at each quarter."""

    if first:  # imports and the load of the model are no part of indexing
        from cascode_models.load import load_model

        load_model(model).encode_texts(["def warm_up(): pass"])
    peaks: dict[int, float] = {}

    def on_progress(progress: IndexProgress) -> None:
        if progress.functions_total:
            peaks[4 * progress.functions_done // progress.functions_total] = peak_mb()

    with Engine([workspace], model=model) as engine:
        seconds, reports = timed(lambda: engine.update(on_progress=on_progress))
    (report,) = reports
    return {
        "seconds": seconds,
        "seconds_encoding": report.seconds_encoding,
        "encoded": report.encoded,
        "functions": report.functions,
        "files": report.files,
        "peaks_mb": [peaks[quarter] for quarter in (1, 2, 3) if quarter in peaks] + [peak_mb()],
    }


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def peak_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux's ru_maxrss begins with the size of the process that started this one.
        fields = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
