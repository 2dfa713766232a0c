"""The state of the server as JSON, in the shape of the wire format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cascode_server.logs import log_file
from cascode_server.schema.shapes import ServerStatus, WorkspaceStatus
from cascode_server.service.types import Folder, IndexState

if TYPE_CHECKING:
    from cascode import ModelHandle


def status_json(
    state: IndexState, folders: Sequence[Folder], model: ModelHandle, version: str, *, describes: bool
) -> ServerStatus:
    """Return the state of the server; asks neither disk nor model.

    Args:
        state: The state of the indexing service.
        folders: The client's workspaces.
        model: The model that the settings name.
        version: Version of the server.
        describes: Whether the settings name a model that describes definitions.
    """
    from cascode import index_root

    skipped: dict[str, int] = {}
    for workspace in state.workspaces:
        for reason, count in workspace.skipped.as_dict().items():
            skipped[reason] = skipped.get(reason, 0) + count
    scan = state.progress if state.progress is not None and state.progress.phase == "scan" else None
    done = scan.files_done if scan else state.files
    return {
        "state": state.state,
        "message": state.message,
        "functions": state.functions,
        "pending": state.pending,
        "files": {"done": done, "total": (scan.files_total or done) if scan else state.files},
        "rate": round(state.progress.rate, 1) if state.progress and state.progress.rate else None,
        "skipped": skipped,
        "model": {
            "label": model.label,
            "loaded": model.loaded,
            "device": model.device,
            "engine": model.engine,
        },
        "describes": describes,
        "workspaces": [_workspace_json(folder, state) for folder in folders],
        "version": version,
        "log_file": str(log_file()),
        "index_directory": str(index_root()),
    }


def _workspace_json(folder: Folder, state: IndexState) -> WorkspaceStatus:
    """Describe the index of one workspace."""
    cover = state.covers.get(folder.path)
    known = next((workspace for workspace in state.workspaces if workspace.root == cover), None)
    counts = known.counts if known else None
    return {
        "uri": folder.uri,
        "name": folder.name,
        "functions": counts.functions if counts else 0,
        "files": counts.files if counts else 0,
        "pending": counts.pending if counts else 0,
        "read_only": folder.path in state.read_only,
        "skipped": dict(known.skipped.as_dict()) if known else {},
    }
