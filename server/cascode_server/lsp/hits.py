"""Answers of the engine as the client reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascode_server.lsp.client import Folder
from cascode_server.lsp.positions import split_lines, to_units
from cascode_server.lsp.uris import below, from_path

if TYPE_CHECKING:
    from lsprotocol.types import PositionEncodingKind

    from cascode_indexer.engine import Engine
    from cascode_indexer.search.types import Answer, Hit
    from cascode_server.lsp.session import Session


def answer_json(session: Session, engine: Engine, answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON; reads the hits' files, so it is made on a thread.

    Args:
        session: Whose client asks.
        engine: Gave the answer.
        answer: What it found.
    """
    assert session.client is not None
    encoding = session.client.encoding
    state = session.indexing.state
    if state.state in ("paused", "disabled"):
        shown = "paused" if answer.pending or state.state == "paused" else "ready"
    else:
        shown = "indexing" if state.state in ("starting", "indexing") or answer.state == "indexing" else "ready"
    return {
        "query": answer.query,
        "hits": [hit_json(hit, session.folder_of(hit.root), engine.snippet(hit), encoding) for hit in answer.hits],
        "confident": answer.confident,
        "index": {
            "state": shown,
            "functions": answer.functions,
            "pending": answer.pending,
            "files": state.files,
        },
        "timings_ms": dict(answer.timings_ms),
    }


def hit_json(hit: Hit, folder: Folder | None, snippet: str, encoding: PositionEncodingKind) -> dict[str, Any]:
    """Return a hit as JSON.

    Args:
        hit: The hit.
        folder: Its workspace as the client names it; None where it was removed meanwhile.
        snippet: Its lines.
        encoding: The unit of columns.
    """
    lines = split_lines(snippet)
    last = lines[-1] if len(lines) == hit.end_line - hit.start_line + 1 else ""
    at = hit.name_line - hit.start_line
    name_line = lines[at] if 0 <= at < len(lines) else ""
    name = hit.name.rpartition(".")[2]
    named = name_line.startswith(name, hit.name_column)
    start = to_units(name_line, hit.name_column, encoding)
    end = to_units(name_line, hit.name_column + len(name), encoding) if named else start
    return {
        "uri": below(folder.uri, hit.path) if folder else from_path(hit.root / hit.path),
        "range": _range(hit.start_line - 1, 0, hit.end_line - 1, to_units(last, len(last), encoding)),
        "selectionRange": _range(hit.name_line - 1, start, hit.name_line - 1, end),
        "path": hit.path,
        "workspace": folder.name if folder else hit.root.name,
        "name": hit.name,
        "kind": hit.kind,
        "language": hit.language,
        "signature": hit.signature,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "score": hit.score,
        "probability": hit.probability,
        "stage": hit.stage,
    }


def _range(start_line: int, start: int, end_line: int, end: int) -> dict[str, Any]:
    """A range as LSP writes it."""
    return {
        "start": {"line": start_line, "character": start},
        "end": {"line": end_line, "character": end},
    }
