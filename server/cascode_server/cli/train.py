"""``cascode train``: mining packages, git histories and questions, and running a training preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cascode_server.cli.averaging import average_command
from cascode_server.cli.base import Group, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import FOLDER, Language
from cascode_server.cli.ranking import calibrate_command
from cascode_server.cli.token_states import states_command
from cascode_server.cli.words import quantity


@click.group("train", cls=Group)
def group() -> None:
    """Mine a corpus and train (extra 'train')."""


@group.command("mine", short_help="Make training pairs from packages, git histories or questions.")
@click.argument("repositories", type=FOLDER, nargs=-1, metavar="[REPO]...")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder for the pairs.")
@click.option("--packages", type=FOLDER, metavar="DIR", help="Folder that caches the archives of packages.")
@click.option(
    "--held-out",
    type=FOLDER,
    multiple=True,
    required=True,
    metavar="FILE",
    help="List of owner/name that are never trained on; repeatable.",
)
@click.option("--manifest", type=FOLDER, metavar="FILE", help="YAML list in place of the shipped one.")
@click.option("--language", "-l", "languages", multiple=True, type=Language(), help="Only this language; repeatable.")
@click.option("--history", is_flag=True, help="Read git clones: REPO..., or those of the manifest in --clones.")
@click.option("--written", type=FOLDER, metavar="DIR", help="Read DIR/train/*.yaml, questions about repositories.")
@click.option("--clones", type=FOLDER, metavar="DIR", help="Folder of clones named owner+name or owner/name.")
@click.option("--limit", type=WholeNumber(min=1), metavar="N", help="Read N commits of a clone (default 5000).")
def mine_command(
    repositories: tuple[Path, ...],
    output: Path,
    packages: Path | None,
    held_out: tuple[Path, ...],
    manifest: Path | None,
    languages: tuple[str, ...],
    history: bool,
    written: Path | None,
    clones: Path | None,
    limit: int | None,
) -> int:
    """Write training pairs and what to measure on.

    Without --history and --written: fetch the packages of a manifest and write query-function pairs and evaluation
    pools. Debian source packages need deb-src lines; APT_CONFIG may name a configuration that has them.

    With --history: read the commits of local clones; their words ask for the definitions that they changed. REPO...
    gives training pairs. --clones reads the repositories of a manifest: pairs of those to train on, questions about
    those to measure on.

    With --written: questions worded as people ask, as in benchmarks/questions, ask for the definitions that answer
    them, read from the repositories in --clones.
    """
    if (history or written) and (packages or languages):
        wrong, mode = "--packages" if packages else "--language", "--history" if history else "--written"
        raise click.UsageError(f"{wrong} cannot be combined with {mode}")
    if written:
        if history or repositories or manifest or limit:
            raise click.UsageError("--written reads questions about the repositories in --clones, and nothing else")
        return _mine_written(written, output, held_out, clones)
    if history:
        return _mine_history(repositories, output, held_out, manifest, clones, limit)
    if repositories or clones or limit:
        raise click.UsageError("REPO and --limit read git histories: add --history; --clones needs that or --written")
    if packages is None:
        raise click.UsageError("Missing option '--packages'.")
    from cascode_lab.corpus.build import mine, summary_table

    with on_interrupt("the archives fetched so far are kept: run it again to make pairs of them"):
        summary = mine(manifest, output, packages=packages, held_out=held_out, languages=languages, progress=note)
    click.echo(summary_table(summary))
    if summary["failed"]:
        note(f"{quantity(len(summary['failed']), 'package')} left out; see the reasons in {output / 'summary.json'}")
    return 1 if summary["failed"] else 0


def _mine_history(
    repositories: tuple[Path, ...],
    output: Path,
    held_out: tuple[Path, ...],
    manifest: Path | None,
    clones: Path | None,
    limit: int | None,
) -> int:
    """Mine git histories; the exit status is 1 where some of them could not be read."""
    if bool(repositories) == bool(clones):
        raise click.UsageError("--history reads REPO... or, with --clones, the repositories of the manifest: name one")
    if manifest and not clones:
        raise click.UsageError("--manifest names repositories, --clones says where they are: add --clones")
    from cascode_lab.corpus.splits import HeldOut
    from cascode_lab.history.mine import MOST_CANDIDATES
    from cascode_lab.history.workflow import mine_clones, mine_manifest, summary_table

    held, limit = HeldOut.read(*held_out), limit or MOST_CANDIDATES
    with on_interrupt("each repository mined so far is kept: run it again to continue with the others"):
        if clones:
            summary = mine_manifest(manifest, clones, output, held_out=held, limit=limit, progress=note)
        else:
            summary = mine_clones(repositories, output, held_out=held, limit=limit, progress=note)
    click.echo(summary_table(summary))
    if summary["failed"]:
        note(f"{len(summary['failed'])} repositories were left out; see the reasons above and in summary.json")
    return 1 if summary["failed"] else 0


def _mine_written(written: Path, output: Path, held_out: tuple[Path, ...], clones: Path | None) -> int:
    """Make pairs of written questions."""
    if clones is None:
        raise click.UsageError("--written names questions, --clones says where their repositories are: add --clones")
    from cascode_lab.corpus.splits import HeldOut
    from cascode_lab.history.written import write_pairs

    with on_interrupt("the repositories read so far are kept: run it again for all of them"):
        found = write_pairs(written, clones, output, held_out=HeldOut.read(*held_out), progress=note)
    click.echo(quantity(found.pairs, "pair"))
    if found.lost:
        note(f"{quantity(found.lost, 'question')} gave none: the answer is not where it was said to be")
    if found.left_out:
        note(f"{quantity(len(found.left_out), 'repository', 'repositories')} left out; see the reasons above")
    return 1 if found.left_out else 0


@group.command("run", short_help="Train a model from a preset.")
@click.argument("preset")
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the run.")
@click.option("--resume", is_flag=True, help="Continue from the checkpoint in --output, if there is one.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting of the preset, for example joint.steps=200; may be repeated.",
)
@on_interrupt("run it again with --resume to continue from the last checkpoint, if there is one")
def run_command(preset: str, data: Path, output: Path, resume: bool, settings: tuple[str, ...]) -> int:
    """Train a model by PRESET: the name of a shipped one, or a YAML file."""
    overrides = _overrides(settings)
    from cascode_lab.training.run import run

    click.echo(run(preset, data=data, output=output, resume=resume, overrides=overrides, progress=note))
    return 0


@group.command("sample", short_help="Describe training functions with a model.")
@click.option("--model", required=True, metavar="DIR|NAME", help="A model with a decoder (preset 'describe').")
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder for the new pairs.")
@click.option("--language", "-l", default="python", show_default=True, type=Language(), help="Of the functions.")
@click.option("--count", type=WholeNumber(min=1), default=10_000, show_default=True, metavar="N", help="Functions.")
@click.option(
    "--beams", type=WholeNumber(min=0), default=0, show_default=True, metavar="N", help="Beam search; 0 samples."
)
@click.option("--seed", type=WholeNumber(min=0), default=0, show_default=True, metavar="N")
@on_interrupt("no pairs were written: run it again")
def sample_command(model: str, data: Path, output: Path, language: str, count: int, beams: int, seed: int) -> int:
    """Write descriptions of training functions as pairs: more queries, or what a student model learns."""
    from cascode_lab.literature.sampling import sample_descriptions

    written = sample_descriptions(
        model, data, output, language=language, count=count, beams=beams, seed=seed, progress=note
    )
    note(f"{written:,} pairs written to {output}")
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
    help="Override a setting of every stage, for example threads=8; may be repeated.",
)
@on_interrupt("run it again to continue from the last checkpoint, if there is one")
def reproduce_command(data: Path, cosqa: Path | None, output: Path, recipe: str, settings: tuple[str, ...]) -> int:
    """Train as the bundled weights were trained, stage by stage, and tune the result on dev data.

    A second run continues where the first one stopped.
    """
    changes = _overrides(settings)
    from cascode_lab.training.recipe import reproduce

    folder, result = reproduce(data=data, cosqa=cosqa, output=output, recipe=recipe, changes=changes, progress=note)
    gain, low, high = result.gain
    note(f"classifier: {gain:+.4f} MRR on dev [{low:+.4f}, {high:+.4f}], fusion weight {result.fusion_weight:g}")
    click.echo(folder)
    return 0


@group.command("release", short_help="Tune a trained model and write it for release.")
@click.argument("model", type=FOLDER)
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs with dev pools.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="Folder of CoSQA (codes and dev).")
@click.option("--fast-only", is_flag=True, help="Do not measure the classifier: it stays switched off.")
@click.option(
    "--queries",
    type=WholeNumber(min=2),
    metavar="N",
    help="Queries of each dev set (default: as the test sets have).",
)
@click.option(
    "--pool",
    type=WholeNumber(min=10),
    metavar="N",
    help="Functions of each dev set (default: as the test sets have).",
)
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the released model.")
@on_interrupt("no model was written: run it again")
def release_command(
    model: Path,
    data: Path,
    cosqa: Path | None,
    fast_only: bool,
    queries: int | None,
    pool: int | None,
    output: Path,
) -> int:
    """Tune fusion weight, probabilities and the no-match threshold of MODEL on dev data; write the folder to ship."""
    from cascode_lab.training.release import POOL, QUERIES, release

    result = release(
        model,
        output,
        data=data,
        cosqa=cosqa,
        queries=queries or QUERIES,
        pool=pool or POOL,
        fast_only=fast_only,
        progress=note,
    )
    gain, low, high = result.gain
    note(f"classifier: {gain:+.4f} MRR on dev [{low:+.4f}, {high:+.4f}], fusion weight {result.fusion_weight:g}")
    click.echo(output)
    return 0


group.add_command(calibrate_command)
group.add_command(average_command)
group.add_command(states_command)


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
