"""The plot of the literature's systems: one pool, one line of recall a system."""

from __future__ import annotations

from pathlib import Path

from cascode_lab.evaluation.results import Interval
from cascode_lab.literature.plots import plot_depths
from cascode_lab.literature.results import SetScores, SystemResult, new_result


def result(system: str, variant: str, mrr: float, *, queries: int = 300, functions: int = 2_000) -> SystemResult:
    """What was measured of a system on one pool."""
    found = new_result(system, variant, model="m", fingerprint="f", training="")
    found["sets"] = [
        SetScores(
            name="ruby-test",
            queries=queries,
            functions=functions,
            mrr=Interval(mean=mrr, low=mrr, high=mrr),
            recall={"1": mrr, "10": 0.9},
            mrr_by_depth={"1": 0.5, "10": mrr} if system == "shared" else {},
        )
    ]
    return found


def test_lines_are_of_one_pool_and_the_best_variant(tmp_path: Path) -> None:
    """A larger pool is another figure; of three poly-encoders the best one; fewer queries are said."""
    drawn = plot_depths(
        [
            result("fast", "", 0.8),
            result("poly", "16 codes", 0.7),
            result("poly", "64 codes", 0.9),
            result("poly", "360 codes", 0.95, queries=20),
            result("shared", "late head, K = 10", 0.85, queries=100),
            result("classifier", "late head", 0.75, functions=4_360),
        ],
        tmp_path / "depths.svg",
    )
    assert drawn
    text = (tmp_path / "depths.svg").read_text()
    assert "ruby-test, 2,000 functions, 300 queries" in text
    assert "Fast encoder alone" in text
    assert "64 codes" in text
    assert "Slow classifier alone" not in text
    assert "16 codes" not in text
    assert "360 codes" not in text
    assert "late head, K = 10 (100 queries)" in text


def test_without_results_nothing_is_drawn(tmp_path: Path) -> None:
    """Not even an empty picture."""
    assert not plot_depths([], tmp_path / "depths.svg")
    assert not list(tmp_path.iterdir())
