"""Watching workspaces: what changes in them, reported in few batches."""

from __future__ import annotations

from .types import ChangeBatch
from .watcher import MAX_WAIT_SECONDS, QUIET_SECONDS, Watcher

__all__ = ["MAX_WAIT_SECONDS", "QUIET_SECONDS", "ChangeBatch", "Watcher"]
