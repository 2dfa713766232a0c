"""Recipes and releases: presets chained, resumed, and tuned on dev data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cascode_lab.evaluation.cascade import StageScores
from cascode_lab.training.recipe import RECIPES, load_recipe, reproduce
from cascode_lab.training.release import choose, release
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.load import load_model
from cascode_models.tokenization import TextTokenizer

TINY = {
    "contrastive.steps": 2,
    "contrastive.batch_pairs": 4,
    "max_query_tokens": 16,
    "max_text_tokens": 32,
}
#: What the first stage of the recipe under test has beside.
JOINT = {"joint.steps": 2, "joint.groups": 2, "joint.negatives": 2, "joint.candidates": 3, "joint.batch_pairs": 4}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Mined pairs of one language with a dev pool."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    rows = [
        {
            "query": f"{verb} a {thing}",
            "code": f"def {verb}_{thing}(x): return {verb}({thing})",
            "doc": "",
            "name": f"{verb}_{thing}",
            "language": "python",
            "package": f"p{number}",
            "path": f"{thing}.py",
            "line": number,
            "split": "dev" if (number + other) % 2 == 0 else "train",
        }
        for number, verb in enumerate(["read", "write", "open", "close", "sort", "parse"])
        for other, thing in enumerate(["file", "json", "path", "list"])
    ]
    lines = "\n".join(json.dumps(row) for row in rows) + "\n"
    (folder / "python.jsonl").write_text(lines)
    (folder / "pool-python-dev.jsonl").write_text("\n".join(line for line in lines.splitlines() if '"dev"' in line))
    return folder


@pytest.mark.parametrize("recipe", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_every_recipe_is_valid(recipe: str, tmp_path: Path) -> None:
    """Each stage of a recipe that comes with the package has settings that a run accepts."""
    for stage in load_recipe(recipe):
        config = stage.config(tmp_path, "")
        assert config.start_from == str(tmp_path / stage.after / "model") if stage.after else config.start_from


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("stages: []", "has no stage"),
        ("steps: 3", "not a training recipe"),
        ("stages: [{name: a}]", "not a training recipe"),
        ("stages: [{name: a, preset: first, after: b}]", "not an earlier stage"),
        ("stages: [{name: a, preset: first}, {name: a, preset: first}]", "cannot name a stage"),
        ("stages: [{name: ../a, preset: first}]", "cannot name a stage"),
        ("a: [", "not a training recipe"),
    ],
)
def test_wrong_recipes_are_named(text: str, match: str, tmp_path: Path) -> None:
    """A wrong recipe is one line that names what is wrong."""
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=match):
        load_recipe(path)
    with pytest.raises(ModelError, match="name a YAML file or one of shipped"):
        load_recipe("shiped")


def test_a_stage_may_say_settings_and_give_none(tmp_path: Path) -> None:
    """An empty ``settings:`` in a recipe is none at all."""
    path = tmp_path / "recipe.yaml"
    path.write_text("stages:\n  - name: one\n    preset: first\n    settings:\n")
    (stage,) = load_recipe(path)
    assert stage.config(tmp_path, "").seed == 7


def test_recipe_is_reproduced_and_goes_on_after_a_kill(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Stages run in order, each from the model before it; a killed recipe ends with the same released weights."""
    recipe = tmp_path / "recipe.yaml"
    stage = f"{{name: one, preset: first, settings: {json.dumps({'start_from': str(model_folder), **JOINT})}}}"
    recipe.write_text(f"stages: [{stage}, {{name: two, preset: cascade, after: one}}]")

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith("joint 2/2"):
            raise Killed

    lines: list[str] = []
    whole, result = reproduce(
        data=data, cosqa=None, output=tmp_path / "whole", recipe=recipe, changes=TINY, progress=lines.append
    )
    assert [line for line in lines if line.startswith("stage ")] == ["stage 1 of 2: one", "stage 2 of 2: two"]
    assert result.queries == 12
    assert load_model(str(whole), device="cpu").settings.fusion_weight == result.fusion_weight
    with pytest.raises(Killed):
        reproduce(data=data, cosqa=None, output=tmp_path / "cut", recipe=recipe, changes=TINY, progress=kill)
    again, _ = reproduce(
        data=data, cosqa=None, output=tmp_path / "cut", recipe=recipe, changes=TINY, progress=lambda _: None
    )
    assert (whole / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


def test_release_needs_dev_data(tmp_path: Path, model_folder: Path) -> None:
    """Without dev pairs nothing can be tuned, and the message says so."""
    with pytest.raises(ModelError, match="no dev pairs"):
        release(model_folder, tmp_path / "out", data=tmp_path, cosqa=None, progress=lambda _: None)


def test_damaged_dev_data_are_no_missing_language(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A language without dev pairs is passed over; one whose files are cut is not, for the others would tune alone."""
    (data / "go.jsonl").write_text((data / "python.jsonl").read_text().replace('"dev"', '"train"'))
    (data / "pool-go-dev.jsonl").write_text("")

    def released() -> int:
        return release(
            model_folder, tmp_path / "out", data=data, cosqa=None, fast_only=True, progress=lambda _: None
        ).queries

    assert released() == 12
    whole = (data / "python.jsonl").read_text()
    for name in ("go.jsonl", "pool-go-dev.jsonl"):
        (data / "go.jsonl").write_text(whole)
        (data / "pool-go-dev.jsonl").write_text((data / "pool-python-dev.jsonl").read_text())
        path = data / name
        path.write_text('{"split": "dev"\n' + path.read_text())
        with pytest.raises(ModelError, match="mine them") as caught:
            released()
        assert "go" in str(caught.value)


def test_release_without_the_classifier_leaves_it_off(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A release of the fast stage alone calibrates its similarities and ships a fusion weight of 0."""
    result = release(model_folder, tmp_path / "out", data=data, cosqa=None, fast_only=True, progress=lambda _: None)
    assert result.gain == (0.0, 0.0, 0.0)
    assert result.fused == result.classifier == result.fast
    settings = load_model(str(tmp_path / "out"), device="cpu").settings
    assert (settings.fusion_weight, settings.max_query_tokens) == (0.0, 64)
    assert (settings.max_text_tokens, settings.classified_tokens) == (64, 64)
    assert json.loads((tmp_path / "out" / "release.json").read_text())["fusion_weight"] == 0.0


def test_late_head_reads_as_far_as_the_backbone_has_places(
    data: Path, tmp_path: Path, make_network, tokenizer: TextTokenizer
) -> None:
    """A released late head reads further than the encoder: 256 tokens, or the 128 that the small backbone has."""
    folder = export_model(make_network("late"), tokenizer, tmp_path / "late")
    release(folder, tmp_path / "out", data=data, cosqa=None, progress=lambda _: None)
    settings = load_model(str(tmp_path / "out"), device="cpu").settings
    assert (settings.max_text_tokens, settings.classified_tokens) == (64, 128)


def scores_of(helpful: bool, queries: int = 300) -> StageScores:
    """Both stages where the right one of ten is second for the encoder, and the classifier sees it or does not."""
    rng = np.random.default_rng(1)
    right = np.zeros((queries, 10), dtype=bool)
    place = rng.integers(0, 3, queries)
    right[np.arange(queries), place] = True
    similarities = -np.sort(-rng.uniform(0.3, 0.8, (queries, 10)), axis=1)
    logits = rng.normal(0, 3, (queries, 10)) + (6 * right if helpful else 0)
    return StageScores(
        fast_ranks=place + 1,
        similarities=similarities.astype(np.float32),
        logits=logits.astype(np.float32),
        right=right,
    )


def test_classifier_that_helps_is_switched_on() -> None:
    """Where the gain's interval is above zero the fused score is served."""
    result = choose({"a": scores_of(True, 1_000), "b": scores_of(True, 1_000)})
    assert result.gain[1] > 0
    assert result.fusion_weight == 1.0
    assert result.fused["a"] > result.fast["a"]
    assert 0 < result.no_match_threshold < 1
    assert result.right_above > result.right_below
    assert result.calibration_error < 0.1


def test_classifier_that_does_not_help_is_switched_off() -> None:
    """Noise gives a fusion weight of 0: a rerank that harms is not shipped."""
    result = choose({"a": scores_of(False), "b": scores_of(False)})
    assert result.fusion_weight == 0.0
