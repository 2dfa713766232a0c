"""The paths that were left out, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascode_server.schema.shapes import SkippedArgument, SkippedPath, SkippedPaths
from cascode_server.service.searching import stop_if
from cascode_server.service.types import Cancelled
from cascode_server.service.uris import below, from_path

if TYPE_CHECKING:
    from cascode import Engine
    from cascode_server.lsp.session import Session

#: Paths of a page: more than a list shows at once, and little enough to be drawn without a pause.
_PAGE = 200


class SkippedList:
    """Names what is left out of a session's workspaces.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paths: list[SkippedPath] = []

    def page(self, argument: SkippedArgument, cancelled: Cancelled) -> SkippedPaths:
        """Return a page; the first one walks the workspaces, so it is for a thread.

        Args:
            argument: Which page.
            cancelled: Whether nobody waits any more.

        Raises:
            CancelledError: Nobody waits any more; pages of the list of before stay as they are.
        """
        start = max(0, argument.get("offset") or 0)
        if not start:
            with self._session.indexing.holder.borrowed() as engine:
                self._paths = self._gather(engine, cancelled)
        page = self._paths[start : start + (argument.get("limit") or _PAGE)]
        return {"total": len(self._paths), "paths": page}

    def _gather(self, engine: Engine, cancelled: Cancelled) -> list[SkippedPath]:
        """Name all of them."""
        found: list[SkippedPath] = []
        for workspace in engine.workspaces:
            root = workspace.root
            folder = self._session.folder_of(root)
            for path, reason in engine.skipped_paths(root, cancelled=cancelled):
                uri = from_path(root / path) if folder is None else below(folder.uri, path)
                uri += "/" if path.endswith("/") else ""  # a folder
                name = root.name if folder is None else folder.name
                found.append({"path": path, "workspace": name, "uri": uri, "reason": reason.value})
            stop_if(cancelled)
        return found
