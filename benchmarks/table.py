"""The table of docs/benchmarks.md."""

from __future__ import annotations

import datetime
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from cascode_models.cores import allowed_cores

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: make bench BENCH_ARGS=--write -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    must: str
    measured: str


def write_table(rows: list[Row], *, keep: bool) -> None:
    """Replace the table of the document; with ``keep``, only the rows that were measured again."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    measured = {_name(row.what): f"| {row.what} | {row.must} | {row.measured} |" for row in rows}
    if keep:
        old = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| |")]
        measured = {**{_name(line.split(" | ")[0].removeprefix("| ")): line for line in old}, **measured}
    where = f"{allowed_cores()} cores, Python {platform.python_version()}"
    lines = [f"Measured on {datetime.date.today():%d %B %Y}, {where}.", "", "| | must | measured |", "|---|---|---|"]
    lines += measured.values()
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", encoding="utf-8")


def _name(what: str) -> str:
    """What a row is about, whatever the size of the workspace that it was measured on."""
    return re.sub(r"\d[\d,]*", "N", what)
