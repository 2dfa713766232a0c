"""Mined pairs and the settings of short runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

VERBS, THINGS = (
    ["read", "write", "open", "close", "sort", "parse", "send"],
    ["file", "json", "path", "list", "request"],
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Mined pairs of two languages, train and dev."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for language in ("python", "go"):
        rows = [
            {
                "query": f"{verb} a {thing}",
                "code": f"def {verb}_{thing}(x): return {verb}({thing})",
                "doc": f"{verb} a {thing}\n\nMore about x.",
                "name": f"Thing.{verb}_{thing}",
                "language": language,
                "package": verb,
                "split": "dev" if (number + other) % 5 == 0 else "train",
            }
            for number, verb in enumerate(VERBS)
            for other, thing in enumerate(THINGS)
        ]
        (folder / f"{language}.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (folder / "pool-python-dev.jsonl").write_text('{"code": "no query here", "name": "other"}\n')
    return folder


def small(model_folder: Path, **more: object) -> dict[str, object]:
    """Settings of a run of seconds."""
    return {
        "start_from": str(model_folder),
        "contrastive.steps": 6,
        "contrastive.batch_pairs": 8,
        "contrastive.learning_rate": 1e-2,
        "log_steps": 2,
        "evaluate_steps": 3,
        "max_query_tokens": 16,
        "max_text_tokens": 48,
        "checkpoint_minutes": 0.0,
        **more,
    }


def both(model_folder: Path, **more: object) -> dict[str, object]:
    """The same of a run with both stages of the preset ``first``."""
    joint = {"steps": 4, "groups": 3, "negatives": 3, "candidates": 6, "batch_pairs": 6}
    return small(model_folder, **{f"joint.{name}": value for name, value in joint.items()}) | more
