"""Answers, progress and settings as JSON between two processes of one version, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascode_server.settings import Settings
from cascode_server.settings.leaves import LEAVES, value_of, with_values

if TYPE_CHECKING:
    from cascode import Answer, Hit, IndexProgress


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON, whole."""
    return dataclasses.asdict(answer) | {
        "hits": [dataclasses.asdict(hit) | {"root": str(hit.root), "why": dict(hit.why)} for hit in answer.hits],
        "timings_ms": dict(answer.timings_ms),
    }


def answer_from_json(content: Mapping[str, Any]) -> Answer:
    """Return the answer of what :func:`answer_to_json` gave.

    Raises:
        TypeError: It comes from another version.
        KeyError: It comes from another version.
    """
    from cascode import Answer

    return Answer(**{**content, "hits": tuple(map(_hit, content["hits"]))})


def _hit(content: Mapping[str, Any]) -> Hit:
    """Return one hit."""
    from cascode import CellPlace, Hit

    cell = content["cell"]
    return Hit(
        **{**content, "root": Path(content["root"]), "cell": None if cell is None else CellPlace(**cell)},
    )


def progress_to_json(progress: IndexProgress) -> dict[str, Any]:
    """Return progress as JSON."""
    return dataclasses.asdict(progress) | {"root": str(progress.root)}


def progress_from_json(content: Mapping[str, Any]) -> IndexProgress:
    """Return the progress of what :func:`progress_to_json` gave."""
    from cascode import IndexProgress

    return IndexProgress(**{**content, "root": Path(content["root"])})


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON: each value by its key."""
    return {key: value_of(settings, leaf) for key, leaf in LEAVES.items()}


def settings_from_json(content: Mapping[str, Any]) -> Settings:
    """Return the settings of what :func:`settings_to_json` gave."""
    return with_values(Settings(), {key: value for key, value in content.items() if key in LEAVES})
