"""Plots of the literature's systems: quality against K, and losses of runs side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cascode_lab.training.log import curves, read_log
from cascode_models.errors import ModelError

from .results import SystemResult
from .systems import SYSTEMS


def plot_depths(results: Sequence[SystemResult], picture: Path) -> bool:
    """Draw MRR against K of every cascade, and recall of each system's best variant (CasCode, Figures 4 to 6).

    All lines are of one set, that of the most systems: figures of different pools do not compare.

    Args:
        results: What was measured.
        picture: The SVG to write.

    Returns:
        False where there is nothing to draw.
    """
    titles = {system.name: system.title for system in SYSTEMS}
    ranked = [(result, scores) for result in results if result["system"] in titles for scores in result["sets"]]
    if not ranked:
        return False
    pool, _ = Counter((scores["name"], scores["functions"]) for _, scores in ranked).most_common(1)[0]
    ranked = [(result, scores) for result, scores in ranked if (scores["name"], scores["functions"]) == pool]
    most = max(scores["queries"] for _, scores in ranked)
    # The best variant of each system: thirty lines of recall are one blot.
    best = {
        result["system"]: scores
        for result, scores in sorted(ranked, key=lambda row: (row[1]["queries"], row[1]["mrr"]["mean"]))
    }
    figure = _figure(11, 5.5)
    figure.suptitle(f"{pool[0]}, {pool[1]:,} functions, {most:,} queries", fontsize=9)
    depths, recalls = figure.subplots(1, 2)
    for result, scores in ranked:
        fewer = "" if scores["queries"] == most else f" ({scores['queries']:,} queries)"
        label = f"{titles[result['system']]} {result['variant']}".strip() + fewer
        for axis, values in (
            (depths, scores["mrr_by_depth"]),
            (recalls, scores["recall"] if best[result["system"]] is scores else {}),
        ):
            points = sorted((int(depth), value) for depth, value in values.items())
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", markersize=3, label=label)
    for axis, title, x in ((depths, "MRR by candidates read", "K"), (recalls, "recall at N", "N")):
        axis.set_title(title)
        axis.set_xscale("log")
        axis.set_xlabel(x)
        if axis.lines:
            axis.legend(fontsize=6)
    _save(figure, picture)
    return True


def plot_runs(runs: Mapping[str, Path], picture: Path) -> None:
    """Draw loss and gradient norm of runs side by side (DyHardCode, Figure 2).

    Args:
        runs: Title of each run to its ``log.jsonl``.
        picture: The SVG to write.
    """
    figure = _figure(11, 4.5)
    axes = figure.subplots(1, 2)
    for title, log in runs.items():
        try:
            found = curves(read_log(log))
        except (OSError, ValueError) as error:
            raise ModelError(f"{log} is no log of a run ({error}): name the folder of a run") from error
        for axis, key in zip(axes, ("infonce", "gradient_norm"), strict=True):
            if key in found:
                axis.plot(*zip(*found[key], strict=True), label=title)
    for axis, name in zip(axes, ("InfoNCE", "gradient norm"), strict=True):
        axis.set_title(name)
        axis.set_xlabel("step")
        if axis.lines:
            axis.legend(fontsize=7)
    _save(figure, picture)


def _figure(width: float, height: float) -> Any:
    """An empty figure."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, picture: Path) -> None:
    """Write a figure as the same bytes each time."""
    import matplotlib as mpl

    picture.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "cascode", "svg.fonttype": "none"}):
        figure.savefig(picture, metadata={"Date": None})
