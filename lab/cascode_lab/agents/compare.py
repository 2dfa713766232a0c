"""Agents side by side: found how often, and for how many tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Reading:
    """What one agent read for one question."""

    tokens: int
    found: bool
    #: Calls of tools.
    calls: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One question, by both agents."""

    repository: str
    query: str
    grep: Reading
    search: Reading


def table(compared: Sequence[Compared]) -> str:
    """Return a Markdown table: a row a repository, and one for all.

    The medians are of the questions that both found: what an agent read in vain says when it gave up, not what an
    answer cost. The ratio of tokens is the median of the questions' ratios.
    """
    rows = [
        "| repository | questions | found: ripgrep | found: search_code | "
        "median tokens: ripgrep | search_code | ratio | median calls: ripgrep | search_code |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    names = list(dict.fromkeys(question.repository for question in compared))
    for name in names:
        rows.append(_row(name, [question for question in compared if question.repository == name]))
    if len(names) > 1:
        rows.append(_row("all", compared))
    return "\n".join(rows)


def _row(name: str, compared: Sequence[Compared]) -> str:
    """One row of the table."""
    both = [question for question in compared if question.grep.found and question.search.found]
    counts = (
        f"{sum(question.grep.found for question in compared)} | {sum(question.search.found for question in compared)}"
    )
    if not both:
        return f"| {name} | {len(compared)} | {counts} | - | - | - | - | - |"
    agents = [question.grep for question in both], [question.search for question in both]
    tokens = " | ".join(f"{median(reading.tokens for reading in readings):,.0f}" for readings in agents)
    calls = " | ".join(f"{median(reading.calls for reading in readings):.0f}" for readings in agents)
    ratio = median(question.search.tokens / max(question.grep.tokens, 1) for question in both)
    return f"| {name} | {len(compared)} | {counts} | {tokens} | {ratio:.2f}x | {calls} |"
