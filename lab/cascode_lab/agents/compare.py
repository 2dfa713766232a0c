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
    answer cost.
    """
    rows = [
        "| repository | questions | found: ripgrep | found: search_code | "
        "median tokens: ripgrep | search_code | ratio |",
        "|---|---|---|---|---|---|---|",
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
        return f"| {name} | {len(compared)} | {counts} | - | - | - |"
    grep, search = (
        median(question.grep.tokens for question in both),
        median(question.search.tokens for question in both),
    )
    ratio = median(question.search.tokens / max(question.grep.tokens, 1) for question in both)
    return f"| {name} | {len(compared)} | {counts} | {grep:,.0f} | {search:,.0f} | {ratio:.2f}x |"
