"""The document of the literature's systems: tables of quality and cost, from result files alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cascode_models.errors import ModelError

from .results import SetScores, SystemResult
from .systems import OTHERS, SYSTEMS, System

#: Where the generated part of a document begins and ends; what a person wrote stands around it.
BEGIN, END = "<!-- tables: written by 'cascode eval table' -->", "<!-- end of tables -->"
NOT_RUN = "not run"


def tables(results: Sequence[SystemResult], plots: Mapping[str, str]) -> str:
    """Lay results out in Markdown.

    Args:
        results: What was measured.
        plots: Title of each plot to its path from the document.

    Returns:
        Quality, cost, other measures, how each was made and measured, plots.
    """
    parts = [
        "### Quality\n",
        _table(("system", *_set_names(results), "published", "differs"), _quality_rows(results)),
        "### Cost\n",
        _table(
            ("system", "pool", "parameters", "s a query", "queries a s", "memory", "s to encode the pool",
             "bytes a function", "machine"),
            _cost_rows(results),
        ),
        "### Other measures\n",
        _table(("system", "measure", "score", "95 %", "published"), _score_rows(results)),
        *_samples(results),
        "### Where each row comes from\n",
        _table(("system", "weights", "commit", "date", "command"), _origin_rows(results)),
        *(f"![{title}]({path})\n" for title, path in plots.items()),
    ]  # fmt: skip
    return "\n".join(parts)


def write_document(document: Path, results: Sequence[SystemResult], plots: Mapping[str, str]) -> None:
    """Replace the tables of a document.

    Raises:
        ModelError: It cannot be read, or has no place for tables.
    """
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{document} cannot be read ({error.strerror}): name the document to write into") from error
    if BEGIN not in text or END not in text:
        raise ModelError(f"{document} has no place for tables: put the lines {BEGIN!r} and {END!r} into it")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n\n{tables(results, plots)}\n{END}{after}", encoding="utf-8")


def rows_of(system: System, results: Sequence[SystemResult]) -> list[tuple[str, SystemResult | None]]:
    """Titles and results of a system: its known variants, measured or not, then any other that was measured.

    Where a variant was measured with several models, each has a row that names it.
    """
    found: dict[str, list[SystemResult]] = {}
    for result in results:
        if result["system"] == system.name:
            found.setdefault(result["variant"], []).append(result)
    rows: list[tuple[str, SystemResult | None]] = []
    for name in dict.fromkeys([*system.variants, *found]):
        title = f"{system.title}{f', {name}' if name else ''}"
        measured = found.get(name, [])
        several = len(measured) > 1
        rows += [(f"{title}, {result['model']}" if several else title, result) for result in measured]
        rows += [] if measured else [(title, None)]
    return rows


def _columns(results: Sequence[SystemResult]) -> dict[tuple[str, int], int]:
    """Every set and pool that was measured on, in the order met, and the most queries that were asked there."""
    known = {system.name for system in SYSTEMS}
    most: dict[tuple[str, int], int] = {}
    for result in results:
        for scores in result["sets"] if result["system"] in known else ():
            most[_pool(scores)] = max(scores["queries"], most.get(_pool(scores), 0))
    return most


def _pool(scores: SetScores) -> tuple[str, int]:
    """A set and its functions: pools of different sizes do not compare."""
    return scores["name"], scores["functions"]


def _set_names(results: Sequence[SystemResult]) -> list[str]:
    """Heads of the columns, each a set with its queries and functions."""
    return [f"{name} ({queries:,} / {functions:,})" for (name, functions), queries in _columns(results).items()]


def _quality_rows(results: Sequence[SystemResult]) -> Iterable[Sequence[str]]:
    """A row for each system and variant."""
    columns = _columns(results)
    for system in SYSTEMS:
        for title, result in rows_of(system, results):
            measured = {} if result is None else {_pool(scores): scores for scores in result["sets"]}
            cells = [_quality(measured[pool], most) if pool in measured else "" for pool, most in columns.items()]
            yield (
                title,
                *(cells if measured else [NOT_RUN, *[""] * (len(columns) - 1)]),
                system.published,
                system.differs,
            )


def _quality(scores: SetScores, most: int) -> str:
    """MRR with its interval, and recall; a system that was asked fewer queries than others says so."""
    mrr, recall = scores["mrr"], scores["recall"]
    asked = f"{scores['queries']:,} of {most:,} queries: " if scores["queries"] < most else ""
    return (
        f"{asked}{_share(mrr['mean'])} [{_share(mrr['low'])}, {_share(mrr['high'])}], "
        f"R@1 {_share(recall['1'])}, R@10 {_share(recall['10'])}"
    )


def _cost_rows(results: Sequence[SystemResult]) -> Iterable[Sequence[str]]:
    """A row for each system whose time was taken."""
    for system in SYSTEMS:
        for title, result in rows_of(system, results):
            cost = None if result is None else result["cost"]
            if result is None or cost is None:
                yield title, NOT_RUN, *[""] * 7
                continue
            yield (
                title,
                f"{cost['functions']:,}",
                f"{cost['parameters'] / 1e6:.1f}M",
                f"{cost['seconds_a_query']:.3g}",
                f"{1 / cost['seconds_a_query']:.3g}",
                f"{cost['resident_bytes'] / 2**20:,.0f} MiB",
                f"{cost['seconds_a_pool']:.3g}",
                f"{cost['bytes_a_function']:,}",
                result["machine"],
            )


def _score_rows(results: Sequence[SystemResult]) -> Iterable[Sequence[str]]:
    """A row for each number that is no rank."""
    for system in OTHERS:
        for title, result in rows_of(system, results):
            if result is None:
                yield title, NOT_RUN, "", "", system.published
                continue
            for score in result["scores"]:
                value = f"{score['metric']} {score['mean']:.4f}"
                yield title, score["name"], value, f"{score['low']:.4f} to {score['high']:.4f}", system.published


def _samples(results: Sequence[SystemResult]) -> list[str]:
    """What was said of a few functions."""
    found = [result for result in results if result["samples"]]
    if not found:
        return []
    heads = list(dict.fromkeys(name for result in found for sample in result["samples"] for name in sample))
    rows = [
        (f"{result['system']}, {result['variant']}", *(sample.get(name, "") for name in heads))
        for result in found
        for sample in result["samples"]
    ]
    return ["### Samples\n", _table(("system", *heads), rows)]


def _origin_rows(results: Sequence[SystemResult]) -> Iterable[Sequence[str]]:
    """How each result was made."""
    for system in (*SYSTEMS, *OTHERS):
        for title, result in rows_of(system, results):
            if result is not None:
                weights = ": ".join(filter(None, (result["model"], result["training"])))
                yield title, weights, f"`{result['commit']}`", result["date"], f"`{result['command']}`"


def _share(value: float) -> str:
    """Three digits after the point, without a leading zero."""
    return f"{value:.3f}".removeprefix("0")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    """A row; a bar or a line's end inside a cell would break it."""
    return "| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells) + " |"
