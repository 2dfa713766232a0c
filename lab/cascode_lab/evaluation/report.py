"""Tables of a measurement in Markdown, and a document that holds them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cascode_models.errors import ModelError

from .metrics import RECALL_DEPTHS
from .pairs import POOL, QUERIES
from .results import SYSTEMS, Calibration, Gain, Interval, Measured, Results, SetResult, read_results

#: Where the tables of a split begin in a document, with the path of their results beside it, and where they end.
_BLOCK = re.compile(
    r"<!-- results of (?P<split>dev|test): (?P<path>\S+) -->\n(?P<tables>.*?)<!-- end of (?P=split) results -->\n",
    re.DOTALL,
)

#: Systems in the heads of the table of gains.
_SHORT = {
    "bm25": "BM25",
    "minilm": "all-MiniLM-L6-v2",
    "fast": "fast stage",
    "cascade@10": "cascade, K = 10,",
    "cascade@100": "cascade, K = 100,",
    "kept@10": "kept states, K = 10,",
    "kept@100": "kept states, K = 100,",
}


def tables(results: Results) -> str:
    """Lay a measurement out in Markdown.

    Args:
        results: The measurement.

    Returns:
        A paragraph on what was measured, then tables: MRR, gains, recall, calibration.
    """
    sets = results["sets"]
    parts = [
        _preface(results),
        "### MRR\n",
        _table(("set", "queries / functions", *(SYSTEMS[system] for system in _systems(sets))), _mrr_rows(sets)),
        "### Gains in MRR, paired over queries, 95 % interval\n",
        _table(("set", *_comparison_rows(sets)), _gain_rows(sets)),
        "### Recall\n",
        _table(("set", "system", *(f"@{depth}" for depth in RECALL_DEPTHS)), _recall_rows(sets)),
    ]
    if results["calibration"]:
        parts += ["### Probabilities\n", _table(_CALIBRATION_HEAD, map(_calibration_row, results["calibration"]))]
        parts += ["### Reliability\n", _table(("set", "probability", "queries", "mean probability", "right"),
                                              _reliability_rows(results["calibration"]))]  # fmt: skip
    return "\n".join(parts)


def blocks(document: str) -> list[tuple[str, str, str]]:
    """Split, path of the results and tables of every block in a document."""
    return [(match["split"], match["path"], match["tables"]) for match in _BLOCK.finditer(document)]


def write_into(document: Path, results_path: Path) -> None:
    """Put the tables of a measurement in place of those of the same split in a document.

    Args:
        document: The document; it has a block for the split already.
        results_path: The results; the document names them by their relative path.

    Raises:
        ModelError: The results or the document cannot be read, or it has no such block.
    """
    results = read_results(results_path)
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{document} cannot be read ({error.strerror}): name the document to write into") from error
    split = results["split"]
    if split not in {found for found, _, _ in blocks(text)}:
        raise ModelError(
            f"{document} has no place for {split} results: put the lines '<!-- results of {split}: none -->' "
            f"and '<!-- end of {split} results -->' into it"
        )
    relative = Path(os.path.relpath(results_path, document.parent)).as_posix()
    block = f"<!-- results of {split}: {relative} -->\n{tables(results)}<!-- end of {split} results -->\n"
    text = _BLOCK.sub(lambda match: block if match["split"] == split else match[0], text)
    document.write_text(text, encoding="utf-8")


def _preface(results: Results) -> str:
    """What was measured, with what, and where it fell short of the protocol."""
    small = [
        f"{result['name']}: {result['queries']:,} queries, {result['functions']:,} functions"
        for result in results["sets"]
        if not result["name"].startswith(("mean", "cosqa"))
        and (result["queries"] < QUERIES or result["functions"] < POOL - 10)
    ]
    tokens = results.get("classified_tokens", results["max_text_tokens"])
    reads = f" and reads {tokens}" if tokens != results["max_text_tokens"] else ""
    classifier = (
        f"its classifier weighs {results['fusion_weight']:g}{reads}"
        if results["fusion_weight"]
        else "its classifier weighs 0: the cascade ranks as the fast stage and has no row"
    )
    lines = [
        f"Measured on {results['date']} at commit `{results['commit']}`: "
        f"model {results['model']} (`{results['fingerprint']}`), {results['max_text_tokens']} tokens of a function; "
        f"{classifier}.",
    ]
    if small:
        lines += ["", f"Smaller than the protocol's {QUERIES:,} queries and {POOL:,} functions: {'; '.join(small)}."]
    return "\n".join(lines) + "\n"


def _title(result: SetResult) -> str:
    """A set's name in a table's head: the split stands above already."""
    return re.sub(r"-(?:dev|test)\b", "", result["name"]).replace("-", " ")


def _systems(sets: Sequence[SetResult]) -> list[str]:
    """Systems measured, in the order of every table."""
    found = {measured["system"] for result in sets for measured in result["systems"]}
    return [system for system in SYSTEMS if system in found]


def _of(result: SetResult, system: str) -> Measured | None:
    """What a system reached on a set."""
    return next((measured for measured in result["systems"] if measured["system"] == system), None)


def _mrr_rows(sets: Sequence[SetResult]) -> Iterable[Sequence[str]]:
    """A row a set, a column a system, each with its interval."""
    for result in sets:
        found = [_of(result, system) for system in _systems(sets)]
        yield (
            _title(result),
            f"{result['queries']:,} / {result['functions']:,}",
            *("" if measured is None else _value(measured["mrr"]) + _few(measured, result) for measured in found),
        )


def _few(measured: Measured | Gain, result: SetResult) -> str:
    """On how many queries, where those are not all of the set."""
    return "" if measured["queries"] == result["queries"] else f" ({measured['queries']:,} queries)"


def _comparison_rows(sets: Sequence[SetResult]) -> list[str]:
    """Heads of the table of gains."""
    return [f"{_SHORT[system]} over {_SHORT[over]}" for system, over in _pairs(sets)]


def _pairs(sets: Sequence[SetResult]) -> list[tuple[str, str]]:
    """Systems compared on any set."""
    return list(dict.fromkeys((gain["system"], gain["over"]) for result in sets for gain in result["gains"]))


def _gain_rows(sets: Sequence[SetResult]) -> Iterable[Sequence[str]]:
    """A row a set, a column a comparison."""
    for result in sets:
        found = {(gain["system"], gain["over"]): gain for gain in result["gains"]}
        yield (_title(result), *(_gain(found[pair], result) if pair in found else "" for pair in _pairs(sets)))


def _gain(gain: Gain, result: SetResult) -> str:
    """A difference with its interval, and on how many queries where those are not all."""
    mrr = gain["mrr"]
    return f"{mrr['mean']:+.4f} [{mrr['low']:+.4f}, {mrr['high']:+.4f}]{_few(gain, result)}"


def _recall_rows(sets: Sequence[SetResult]) -> Iterable[Sequence[str]]:
    """A row a set and system."""
    for result in sets:
        for measured in sorted(result["systems"], key=lambda measured: list(SYSTEMS).index(measured["system"])):
            values = [f"{measured['recall'][str(depth)]:.3f}" for depth in RECALL_DEPTHS]
            yield (_title(result), SYSTEMS[measured["system"]] + _few(measured, result), *values)


_CALIBRATION_HEAD = (
    "set",
    "queries",
    "calibration error",
    "no good match, by the model",
    "of these, first hit wrong",
    "of the others, first hit right",
    "no good match where the answer was taken out",
)


def _calibration_row(row: Calibration) -> Sequence[str]:
    """A row of the table on probabilities."""
    return (
        row["name"],
        f"{row['queries']:,}",
        f"{row['error']:.3f}",
        f"{row['flagged']:,} (p < {row['threshold']:.2f})",
        f"{row['flagged_wrong']:.0%}",
        f"{row['others_right']:.0%}",
        f"{row['flagged_without_answer']:.0%}",
    )


def _reliability_rows(calibration: Sequence[Calibration]) -> Iterable[Sequence[str]]:
    """A row a set and bin."""
    for judged in calibration:
        for part in judged["bins"]:
            yield (
                judged["name"],
                f"{part['low']:.2f} to {part['high']:.2f}",
                f"{part['queries']:,}",
                f"{part['probability']:.2f}",
                f"{part['right']:.2f}",
            )


def _value(interval: Interval) -> str:
    """A mean with its interval."""
    return f"{interval['mean']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"
