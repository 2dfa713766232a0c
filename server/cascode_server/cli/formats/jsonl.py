"""JSON lines: one object a query, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cascode_indexer.search.types import Answer, Hit

if TYPE_CHECKING:
    from cascode_indexer.engine import Engine


def print_answer(answer: Answer, _engine: Engine) -> None:
    """Print an answer as one line."""
    # ASCII only: right in every locale, and file names that are no UTF-8 survive.
    click.echo(json.dumps(as_object(answer), ensure_ascii=True, allow_nan=False))


def as_object(answer: Answer) -> dict[str, Any]:
    """An answer in the published schema."""
    return {
        "query": answer.query,
        "hits": [_hit(hit) for hit in answer.hits],
        "index": {"state": answer.state, "functions": answer.functions, "pending": answer.pending},
        "timings_ms": {name: round(float(value), 3) for name, value in answer.timings_ms.items()},
    }


def _hit(hit: Hit) -> dict[str, Any]:
    """A hit in the published schema."""
    return {
        "path": hit.path,
        "name": hit.name,
        "kind": hit.kind,
        "language": hit.language,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "score": float(hit.score),
        "probability": None if hit.probability is None else float(hit.probability),
        "stage": hit.stage,
    }
