"""Recipes: presets chained by the model that each hands to the next, ending with the released folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cascode_models.errors import ModelError

from .config import TrainingConfig, load_preset
from .context import Progress
from .release import Release, release
from .run import train

RECIPES = Path(__file__).parent / "recipes"
#: Folder of the released model beside those of the stages.
RELEASED = "released"


@dataclass(frozen=True, slots=True)
class RecipeStage:
    """One run of a recipe."""

    #: Folder of the run under the recipe's output.
    name: str
    #: Preset it runs by.
    preset: str
    #: Earlier stage whose model it begins with; empty begins with the preset's own.
    after: str = ""
    #: Settings that replace those of the preset, by dotted name.
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, output: Path, cosqa: str, changes: Mapping[str, Any] | None = None) -> TrainingConfig:
        """Settings of the run, in a recipe whose output is ``output``; ``changes`` replace those of the recipe."""
        start = {"start_from": str(output / self.after / "model")} if self.after else {}
        return load_preset(
            self.preset, start | {"folders.cosqa": cosqa} | dict(self.settings or {}) | dict(changes or {})
        )


def load_recipe(recipe: str | Path = "shipped") -> list[RecipeStage]:
    """Read a recipe.

    Args:
        recipe: Name of a recipe that comes with the package, or a YAML file.

    Returns:
        Its stages in order.

    Raises:
        ModelError: There is no such recipe, or a stage is wrong.
    """
    import yaml

    path = Path(recipe)
    if not path.is_file():
        path = RECIPES / f"{recipe}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise ModelError(f"no training recipe {str(recipe)!r}: name a YAML file or one of {known}")
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"]
        stages = [RecipeStage(**row) for row in rows]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is not a training recipe: {' '.join(str(error).split())}") from error
    before: set[str] = set()
    for stage in stages:
        if stage.name in before or stage.name == RELEASED or Path(stage.name).name != stage.name:
            raise ModelError(f"{path}: {stage.name!r} cannot name a stage: it names a folder of its own")
        if stage.after and stage.after not in before:
            raise ModelError(
                f"{path}: stage {stage.name!r} begins after {stage.after!r}, which is not an earlier stage"
            )
        before.add(stage.name)
    if not stages:
        raise ModelError(f"{path} has no stage")
    return stages


def reproduce(
    *,
    data: Path,
    cosqa: Path | None,
    output: Path,
    recipe: str | Path = "shipped",
    changes: Mapping[str, Any] | None = None,
    progress: Progress,
) -> tuple[Path, Release]:
    """Run a recipe from where it stands: finished stages are kept, a killed one continues from its checkpoint.

    Args:
        data: Folder of mined pairs.
        cosqa: Folder of CoSQA; None trains and tunes without it.
        output: Folder of the runs, one for each stage.
        recipe: Name of a recipe that comes with the package, or a YAML file.
        changes: Settings that replace those of every stage, by dotted name.
        progress: Takes the lines of progress.

    Returns:
        Folder of the released model, and what tuning it on dev data gave.

    Raises:
        ModelError: Recipe, settings, data or a checkpoint cannot be used.
    """
    stages = load_recipe(recipe)
    # All of them before the first runs: a mistake in the last should not wait for hours.
    configs = [stage.config(output, str(cosqa or ""), changes) for stage in stages]
    model = output
    for number, (stage, config) in enumerate(zip(stages, configs, strict=True), 1):
        progress(f"stage {number} of {len(stages)}: {stage.name}")
        model = train(config, data=data, output=output / stage.name, resume=True, progress=progress)
    progress(f"tuning {model} on dev data")
    return output / RELEASED, release(model, output / RELEASED, data=data, cosqa=cosqa, progress=progress)
