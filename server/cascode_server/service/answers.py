"""Hits and answers as JSON, in the shapes of the wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascode import Answer, Hit
    from cascode_server.schema.shapes import Cell, PlainAnswer, PlainHit

#: Less than a thousandth of a cosine moves no hit.
_PART_DIGITS = 4
#: Microseconds are more than any timing of ours is good for.
_TIMING_DIGITS = 3


def hit_json(hit: Hit, workspace: str | None = None) -> PlainHit:
    """Return a hit as JSON.

    Args:
        hit: The hit.
        workspace: Name of its workspace; None for that of the folder.
    """
    return {
        "path": hit.path,
        "workspace": hit.repository or workspace or hit.root.name,
        "name": hit.name,
        "kind": hit.kind,
        "language": hit.language,
        "signature": hit.signature,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "score": float(hit.score),
        "probability": None if hit.probability is None else float(hit.probability),
        "match": hit.match,
        "stage": hit.stage,
        "why": {label: round(part, _PART_DIGITS) for label, part in hit.why.items()},
        "cell": cell_json(hit),
        "repository": hit.repository,
        "revision": hit.revision,
    }


def cell_json(hit: Hit) -> Cell | None:
    """Return where a hit stands in a notebook; None in other files."""
    if hit.cell is None:
        return None
    return {"number": hit.cell.number, "start_line": hit.cell.start_line, "end_line": hit.cell.end_line}


def cell_text(hit: Hit) -> str:
    """Return the same for people, to follow the lines of the file; empty in other files."""
    if hit.cell is None:
        return ""
    return f" (cell {hit.cell.number}, lines {hit.cell.start_line}-{hit.cell.end_line})"


def answer_json(answer: Answer) -> PlainAnswer:
    """Return an answer as JSON."""
    return {
        "query": answer.query,
        "hits": [hit_json(hit) for hit in answer.hits],
        "confident": answer.confident,
        "team_note": answer.team_note,
        "dropped": answer.dropped,
        "model_error": answer.model_error,
        "index": {"state": answer.state, "functions": answer.functions, "pending": answer.pending},
        "timings_ms": timings_json(answer),
    }


def timings_json(answer: Answer) -> dict[str, float]:
    """Return the timings of an answer, rounded."""
    return {name: round(float(value), _TIMING_DIGITS) for name, value in answer.timings_ms.items()}
