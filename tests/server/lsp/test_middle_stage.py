"""A middle stage that a setting switches on: the poly-encoder of a model with codes, from start to hit."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_models.export import export_model
from cascode_models.tokenization import LibraryTokenizer
from tiny_model import make_network, make_tokenizer

from .conftest import ErrorAnswer, Start

QUESTION = "retry a failed upload"

SETTINGS = {"search": {"polyTop": 100, "rerank": "never"}}


def model(folder: Path, **parts: object) -> str:
    """Write a real model of two layers."""
    return str(export_model(make_network("late", **parts), LibraryTokenizer(make_tokenizer(), pad_id=0), folder))


def test_hits_name_the_stage_that_ranked_them(start: Start, workspace: Path, tmp_path: Path) -> None:
    """With the setting the poly-encoder ranks; with 0, which is the default, the fast stage does."""
    folder = model(tmp_path / "model", poly_codes=4)
    for settings, stage in ((SETTINGS, "poly"), ({"search": {"rerank": "never"}}, "fast")):
        editor = start("--stdio", CASCODE_MODEL=folder)
        editor.initialize(workspace, options={"settings": settings})
        editor.wait_ready()
        hits = editor.search(QUESTION)["hits"]
        assert hits
        assert {hit["stage"] for hit in hits} == {stage}


def test_a_model_without_codes_is_named_with_what_to_do(start: Start, workspace: Path, tmp_path: Path) -> None:
    """The setting is never passed over in silence."""
    editor = start("--stdio", CASCODE_MODEL=model(tmp_path / "model"))
    editor.initialize(workspace, options={"settings": SETTINGS})
    editor.wait_ready()
    with pytest.raises(ErrorAnswer, match="no codes, and poly-top is 100: set it to 0"):
        editor.search(QUESTION)
