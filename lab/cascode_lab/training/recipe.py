"""Recipes: presets chained by the model that each hands to the next, ending with the released folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cascode_models.errors import ModelError

from .averaging import average
from .config import TrainingConfig, load_preset
from .context import Progress
from .release import Release, release
from .run import train

RECIPES = Path(__file__).parent / "recipes"
#: Folder of the released model beside those of the stages.
RELEASED = "released"
#: Folder in that of a stage whose start is the mean of two others.
AVERAGED = "start"


@dataclass(frozen=True, slots=True)
class RecipeStage:
    """One run of a recipe."""

    #: Folder of the run under the recipe's output.
    name: str
    #: Preset it runs by.
    preset: str
    #: Earlier stage whose model it begins with; empty begins with the preset's own.
    after: str = ""
    #: Earlier stage whose weights are averaged with those of :attr:`after` before it begins; empty for none.
    averaged_with: str = ""
    #: Earlier stages whose models teach its stage ``contrastive``.
    teachers: Sequence[str] = ()
    #: Settings that replace those of the preset, by dotted name.
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, output: Path, cosqa: str, changes: Mapping[str, Any] | None = None) -> TrainingConfig:
        """Settings of the run, in a recipe whose output is ``output``; ``changes`` replace those of the recipe."""
        start: dict[str, Any] = {"start_from": str(self.start(output))} if self.after else {}
        if self.teachers:
            start["contrastive.teachers"] = [str(_model_of(output, name)) for name in self.teachers]
        return load_preset(
            self.preset, start | {"folders.cosqa": cosqa} | dict(self.settings or {}) | dict(changes or {})
        )

    def start(self, output: Path) -> Path:
        """Folder of the model that it begins with."""
        return output / self.name / AVERAGED if self.averaged_with else _model_of(output, self.after)

    def prepare(self, output: Path) -> None:
        """Average the weights that it begins with, where it is told to and has not yet."""
        if self.averaged_with and not (self.start(output) / "config.json").is_file():
            first, second = (_model_of(output, name) for name in (self.after, self.averaged_with))
            average(first, second, 0.5, self.start(output))


def _model_of(output: Path, stage: str) -> Path:
    """Folder of the model that a stage ends with."""
    return output / stage / "model"


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
        for name in filter(None, (stage.after, stage.averaged_with, *stage.teachers)):
            if name not in before:
                raise ModelError(f"{path}: stage {stage.name!r} begins after {name!r}, which is not an earlier stage")
        if stage.averaged_with and not stage.after:
            raise ModelError(
                f"{path}: stage {stage.name!r} averages {stage.averaged_with!r} with nothing: name 'after'"
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
        stage.prepare(output)
        model = train(config, data=data, output=output / stage.name, resume=True, progress=progress)
    progress(f"tuning {model} on dev data")
    return output / RELEASED, release(model, output / RELEASED, data=data, cosqa=cosqa, progress=progress)
