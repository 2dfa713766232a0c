"""The file that a measurement writes: what was measured, with what, and by which commit."""

from __future__ import annotations

import itertools
import json
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict, cast

from cascode_models.errors import ModelError

#: Raise it when an older file can no longer be read.
FORMAT = 1

#: Systems in the order of every table, and what they are called there.
SYSTEMS = {
    "bm25": "BM25, identifiers split",
    "minilm": "all-MiniLM-L6-v2, untouched",
    "fast": "CasCode, fast stage",
    "cascade@10": "CasCode, cascade, K = 10",
    "cascade@100": "CasCode, cascade, K = 100",
    "kept@10": "CasCode, kept states, K = 10",
    "kept@100": "CasCode, kept states, K = 100",
}


class Interval(TypedDict):
    """A mean over queries with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


class Measured(TypedDict):
    """One system on one set."""

    system: str
    #: The cascade at K = 100 reads fewer queries than the others: it costs ten times as much.
    queries: int
    mrr: Interval
    #: Share of the queries whose answer is among the first N, by N.
    recall: dict[str, float]


class Gain(TypedDict):
    """By how much the MRR of one system exceeds that of another on the same queries."""

    system: str
    over: str
    queries: int
    mrr: Interval


class SetResult(TypedDict):
    """Every system on one set, or the mean of several sets that weigh the same."""

    name: str
    queries: int
    functions: int
    systems: list[Measured]
    gains: list[Gain]


class Bin(TypedDict):
    """The queries whose first hit has a probability in one range."""

    low: float
    high: float
    queries: int
    probability: float
    right: float


class Calibration(TypedDict):
    """How far the probability of the first hit can be believed."""

    name: str
    queries: int
    error: float
    bins: list[Bin]
    #: Below it the tool says that nothing matches well.
    threshold: float
    #: Queries of which it says so, and the share of those whose first hit is indeed wrong.
    flagged: int
    flagged_wrong: float
    #: Share of the other queries whose first hit is right.
    others_right: float
    #: The same queries with their answer taken out of the pool: the share of which it says so.
    flagged_without_answer: float


class Results(TypedDict):
    """A measurement."""

    format: int
    commit: str
    date: str
    split: str
    model: str
    fingerprint: str
    fusion_weight: float
    max_text_tokens: int
    #: What the classifier reads; missing in the oldest files.
    classified_tokens: int
    sets: list[SetResult]
    calibration: list[Calibration]
    seconds: float


def write_results(results: Results, folder: Path) -> Path:
    """Write results under the name of their commit and split, numbered where an earlier measurement has that name.

    Args:
        results: What was measured.
        folder: Where to; made where it is missing.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{results['commit']}-{results['split']}"
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    path = next(path for number in numbers if not (path := folder / f"{stem}{number}.json").exists())
    path.write_text(json.dumps(rounded(results), indent=1) + "\n", encoding="utf-8")
    return path


def read_results(path: Path) -> Results:
    """Read a file of :func:`write_results`.

    Raises:
        ModelError: It cannot be read, or is something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} holds no results ({error}): name a file that 'cascode eval model' wrote") from error
    if found != FORMAT:
        raise ModelError(f"{path} holds results of format {found}, this version reads {FORMAT}: measure again")
    return cast("Results", content)


def revision() -> str:
    """The commit of this source tree, 12 digits; the version of the package where it is none.

    ``-changed`` follows where models, indexer or server differ from it.
    """
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        # Installed: a repository further up, around somebody's environment, is not ours.
        return f"v{version('cascode')}"
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
        sources = [*command[:3], "status", "--porcelain", "--", "models", "indexer", "server"]
        changed = subprocess.run(sources, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return f"v{version('cascode')}"
    return found.stdout.strip() + ("-changed" if changed.stdout.strip() else "")


def rounded(value: object) -> object:
    """Floats to the six digits that can matter, so that a file stays small and its differences readable."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
