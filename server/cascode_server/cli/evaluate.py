"""``cascode eval``: the retrieval protocols on a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cascode_indexer.search.types import DEFAULT_RERANK_TOP
from cascode_server.cli.base import Group
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER, Language

if TYPE_CHECKING:
    from cascode_models.evaluation.sets import RetrievalSet
    from cascode_models.inference import CasCodeModel

_split_option = click.option(
    "--split",
    type=click.Choice(["dev", "test"]),
    default="dev",
    show_default=True,
    help="dev to tune on, test to report.",
)
_model_option = click.option(
    "--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache."
)
_depth_option = click.option(
    "--rerank-top",
    type=click.IntRange(min=1),
    default=DEFAULT_RERANK_TOP,
    show_default=True,
    metavar="K",
    help="Candidates that the slow classifier reads.",
)


@click.group("eval", cls=Group)
def group() -> None:
    """Measure a model on a retrieval set."""


@group.command("cosqa")
@click.argument("folder", type=FOLDER)
@_split_option
@click.option("--no-docstrings", is_flag=True, help="Take the docstrings out of the functions.")
@_model_option
@_depth_option
def cosqa_command(folder: Path, split: str, no_docstrings: bool, model: str | None, rerank_top: int) -> int:
    """CoSQA: 500 web queries against 6,267 Python functions.

    FOLDER holds codes.jsonl, dev.jsonl and test.jsonl.
    """
    from cascode_models.evaluation.cosqa import cosqa_set
    from cascode_models.load import load_model

    loaded = load_model(model)
    _evaluate(loaded, [cosqa_set(folder, split, docstrings=not no_docstrings)], rerank_top)
    return 0


@group.command("pairs")
@click.argument("folder", type=FOLDER)
@click.option(
    "--language", "-l", "languages", multiple=True, required=True, type=Language(), help="Language; may be repeated."
)
@_split_option
@_model_option
@_depth_option
def pairs_command(folder: Path, languages: tuple[str, ...], split: str, model: str | None, rerank_top: int) -> int:
    """Docstrings against the functions of packages that were never trained on.

    FOLDER is what 'cascode train mine' wrote.
    """
    from cascode_models.evaluation.pairs import held_out_set
    from cascode_models.load import load_model

    loaded = load_model(model)
    _evaluate(loaded, [held_out_set(folder, language, split) for language in languages], rerank_top)
    return 0


def _evaluate(model: CasCodeModel, tasks: list[RetrievalSet], depth: int) -> None:
    """Print the metrics of both stages for each set."""
    from cascode_models.evaluation.cascade import fast_scores, stage_scores
    from cascode_models.evaluation.metrics import ranks_of, summary

    for position, task in enumerate(tasks):
        note(f"{task.name}: {len(task.queries):,} queries, {len(task.texts):,} functions")
        scores = fast_scores(model, task)
        stages = {"fast": summary(ranks_of(scores, task.answers))}
        if model.has_classifier:
            both = stage_scores(model, task, depth, scores)
            stages[f"cascade K={depth}"] = summary(both.ranks(model.settings.fusion_weight))
        for line in _table(task.name, stages, header=position == 0):
            click.echo(line)


def _table(name: str, stages: dict[str, dict[str, Any]], *, header: bool) -> list[str]:
    """Metrics as aligned rows, one a stage."""
    first = next(iter(stages.values()))
    lines = [f"{'set':<24}{'stage':<16}" + "".join(f"{metric:>11}" for metric in first)] if header else []
    for stage, metrics in stages.items():
        lines.append(f"{name:<24}{stage:<16}" + "".join(f"{value:>11.4f}" for value in metrics.values()))
    return lines
