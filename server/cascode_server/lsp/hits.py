"""Answers of the engine as an editor reads them: with URIs, and places in the client's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from cascode_server.lsp.positions import Encoding, split_lines, to_units
from cascode_server.schema.shapes import Answer, Hit, Range
from cascode_server.service.answers import hit_json, timings_json
from cascode_server.service.types import Folder
from cascode_server.service.uris import below, from_path

if TYPE_CHECKING:
    import cascode
    from cascode_server.lsp.session import Session


def editor_answer(session: Session, engine: cascode.Engine, answer: cascode.Answer) -> Answer:
    """Return an answer as JSON; reads the hits' files, so call it on a worker thread.

    Args:
        session: Whose client asks.
        engine: Gave the answer.
        answer: What it found.
    """
    assert session.client is not None
    encoding = session.client.encoding
    state = session.indexing.state
    shown: Literal["ready", "indexing", "paused"] = answer.state
    if state.state == "paused" or (state.state == "disabled" and answer.pending):
        shown = "paused"
    elif state.state == "disabled":
        shown = "ready"
    elif state.state in ("starting", "indexing"):
        shown = "indexing"
    return {
        "query": answer.query,
        "hits": [editor_hit(hit, session.folder_of(hit.root), engine.snippet(hit), encoding) for hit in answer.hits],
        "confident": answer.confident,
        "team_note": answer.team_note,
        "dropped": answer.dropped,
        "model_error": answer.model_error,
        "index": {"state": shown, "functions": answer.functions, "pending": answer.pending, "files": state.files},
        "timings_ms": timings_json(answer),
    }


def editor_hit(hit: cascode.Hit, folder: Folder | None, snippet: str, encoding: Encoding) -> Hit:
    """Return a hit as JSON.

    Args:
        hit: The hit.
        folder: Its workspace as the client names it; None where it was removed meanwhile.
        snippet: Its lines.
        encoding: The unit of columns.
    """
    lines = split_lines(snippet)
    place = hit if hit.cell is None else hit.cell
    last = lines[-1] if len(lines) == place.end_line - place.start_line + 1 else ""
    at = place.name_line - place.start_line
    name_line = lines[at] if 0 <= at < len(lines) else ""
    name = hit.name.rpartition(".")[2]
    named = name_line.startswith(name, place.name_column)
    start = to_units(name_line, place.name_column, encoding)
    end = to_units(name_line, place.name_column + len(name), encoding) if named else start
    shown = _range(place.name_line - 1, start, place.name_line - 1, end)
    if hit.cell is None:
        whole, selection = _range(hit.start_line - 1, 0, hit.end_line - 1, to_units(last, len(last), encoding)), shown
    else:  # lines of JSON: the name stands further right, and nobody reads where the last one ends
        whole = _range(hit.start_line - 1, 0, hit.end_line, 0)
        column = hit.name_column
        selection = _range(hit.name_line - 1, column, hit.name_line - 1, column + (end - start if column else 0))
    return {
        **hit_json(hit, folder.name if folder else None),
        "uri": _uri(hit, folder),
        "range": whole,
        "selectionRange": selection,
        "cellSelectionRange": None if hit.cell is None else shown,
    }


def _uri(hit: cascode.Hit, folder: Folder | None) -> str:
    """Where a hit can be opened; one of the team's index has an address that names it and opens nothing."""
    if hit.repository is not None:
        return f"cascode-team:/{quote(hit.repository)}/{quote(hit.path)}?{quote(hit.revision)}"
    return below(folder.uri, hit.path) if folder else from_path(hit.root / hit.path)


def _range(start_line: int, start: int, end_line: int, end: int) -> Range:
    """A range as LSP writes it."""
    return {
        "start": {"line": start_line, "character": start},
        "end": {"line": end_line, "character": end},
    }
