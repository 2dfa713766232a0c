"""``cascode train``: mining the corpus and running a training preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cascode_server.cli.base import Group, interrupted_with
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER, Language


@click.group("train", cls=Group)
def group() -> None:
    """Mine a corpus and train (extra 'train')."""


@group.command("mine", short_help="Make training pairs from a manifest of packages.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder for the pairs.")
@click.option("--packages", type=FOLDER, required=True, metavar="DIR", help="Folder that caches the archives.")
@click.option(
    "--held-out", type=FOLDER, required=True, metavar="FILE", help="List of owner/name that are never trained on."
)
@click.option("--manifest", type=FOLDER, metavar="FILE", help="YAML list of packages (default: the shipped one).")
@click.option("--language", "-l", "languages", multiple=True, type=Language(), help="Only this language; repeatable.")
@interrupted_with("the archives fetched so far are kept: the same call makes the pairs of them")
def mine_command(
    output: Path, packages: Path, held_out: Path, manifest: Path | None, languages: tuple[str, ...]
) -> int:
    """Fetch the packages of a manifest and write query-function pairs and evaluation pools.

    Debian source packages need deb-src lines; APT_CONFIG may name a configuration that has them.
    """
    from cascode_lab.corpus.workflow import mine, summary_table

    summary = mine(manifest, output, packages=packages, held_out=held_out, languages=languages, progress=note)
    click.echo(summary_table(summary))
    return 0


@group.command("run", short_help="Train a model by a preset.")
@click.argument("preset")
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the run.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in --output where there is one.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Replace a setting of the preset, as joint.steps=200; may be repeated.",
)
@interrupted_with("the same call with --resume goes on from the last checkpoint, if there is one yet")
def run_command(preset: str, data: Path, output: Path, resume: bool, settings: tuple[str, ...]) -> int:
    """Train a model by PRESET: the name of a shipped one, or a YAML file."""
    overrides = _overrides(settings)
    from cascode_lab.training.run import run

    click.echo(run(preset, data=data, output=output, resume=resume, overrides=overrides, progress=note))
    return 0


@group.command("reproduce", short_help="Train as the bundled weights were trained.")
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="Folder of CoSQA (codes, train and dev).")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the runs.")
@click.option("--recipe", default="shipped", show_default=True, help="Name of a shipped recipe, or a YAML file.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Replace a setting of every stage, as threads=8; may be repeated.",
)
@interrupted_with("the same call goes on from the last checkpoint, if there is one yet")
def reproduce_command(data: Path, cosqa: Path | None, output: Path, recipe: str, settings: tuple[str, ...]) -> int:
    """Train as the bundled weights were trained, stage by stage, and tune the result on dev data.

    A second call goes on where the first one stopped.
    """
    changes = _overrides(settings)
    from cascode_lab.training.recipe import reproduce

    folder, result = reproduce(data=data, cosqa=cosqa, output=output, recipe=recipe, changes=changes, progress=note)
    gain, low, high = result.gain
    note(f"classifier: {gain:+.4f} MRR on dev [{low:+.4f}, {high:+.4f}], fusion weight {result.fusion_weight:g}")
    click.echo(folder)
    return 0


@group.command("release", short_help="Tune a trained model and write it to ship.")
@click.argument("model", type=FOLDER)
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs with dev pools.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="Folder of CoSQA (codes and dev).")
@click.option("--fast-only", is_flag=True, help="Do not measure the classifier: it stays switched off.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the released model.")
@interrupted_with("what was written is not complete: tune again before you use it")
def release_command(model: Path, data: Path, cosqa: Path | None, fast_only: bool, output: Path) -> int:
    """Tune fusion weight, probabilities and the no-match threshold of MODEL on dev data; write the folder to ship."""
    from cascode_lab.training.release import release

    result = release(model, output, data=data, cosqa=cosqa, fast_only=fast_only, progress=note)
    gain, low, high = result.gain
    note(f"classifier: {gain:+.4f} MRR on dev [{low:+.4f}, {high:+.4f}], fusion weight {result.fusion_weight:g}")
    click.echo(output)
    return 0


def _overrides(settings: tuple[str, ...]) -> dict[str, Any]:
    """Settings by dotted name, their values read as YAML would read them."""
    overrides: dict[str, Any] = {}
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator or not name.strip():
            raise click.UsageError(f"Invalid value for '--set': {setting!r} is not KEY=VALUE, such as joint.steps=200")
        import yaml

        try:
            overrides[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise click.UsageError(f"Invalid value for '--set': {value!r} is not a YAML value") from None
    return overrides
