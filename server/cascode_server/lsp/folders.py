"""Workspaces that come and go while the editor is open."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from cascode_server.lsp.client import distinct, read_folder
from cascode_server.lsp.params import objects_at
from cascode_server.lsp.session import Session


def add_folders(session: Session) -> None:
    """Follow ``workspace/didChangeWorkspaceFolders``."""

    @session.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def changed(params: Any) -> None:
        """Add and remove workspaces."""
        added = [read_folder(folder) for folder in objects_at(params, "event", "added")]
        removed = [read_folder(folder) for folder in objects_at(params, "event", "removed")]
        before = {folder.path for folder in session.folders}
        gone = {session.disk.spelled_as(folder.path, before) for folder in removed if folder is not None}
        kept = [folder for folder in session.folders if folder.path not in gone]
        kept = list(distinct([*kept, *(folder for folder in added if folder is not None)]))
        session.folders = kept
        now = {folder.path for folder in kept}
        # A workspace may say that it is not to be indexed: it waits until its settings are known.
        session.indexing.exclude(session.unindexed_roots() | (now - before))
        session.indexing.change_roots(
            [folder.path for folder in kept if folder.path not in before], sorted(before - now)
        )
        for call in session.on_folders:
            call()
