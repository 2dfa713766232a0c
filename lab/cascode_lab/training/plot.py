"""A picture of a run: losses, gradient norm and held-out score over the steps."""

from __future__ import annotations

import logging
from pathlib import Path

from .log import curves, read_log

logger = logging.getLogger(__name__)


def plot_run(log: Path, picture: Path) -> Path | None:
    """Draw losses, gradient norm (DyHardCode, Figure 2) and dev MRR of a run's log.

    Args:
        log: Its ``log.jsonl``.
        picture: The PNG to write.

    Returns:
        The picture, or None where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        logger.info('no picture of the run: matplotlib is not installed (pip install "cascode[train]")')
        return None
    figure = Figure(figsize=(13, 4.5), layout="constrained")
    losses, norms, scores = figure.subplots(1, 3)
    for key, points in curves(read_log(log)).items():
        axis = norms if key == "gradient_norm" else scores if key in ("dev_mrr", "history_mrr", "first") else losses
        axis.plot([step for step, _ in points], [value for _, value in points], label=key)
    titles = ((losses, "loss"), (norms, "gradient norm"), (scores, "dev MRR, share of groups ranked right"))
    for axis, title in titles:
        axis.set_title(title)
        axis.set_xlabel("step")
        if axis.lines:
            axis.legend()
    figure.savefig(picture, dpi=120)
    return picture
