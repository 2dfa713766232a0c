"""Manners of a process that serves clients for hours: where it stands, what it logs, what its clients share."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cascode import CascodeError
from cascode_server.logs import debugging, setup_logging
from cascode_server.relay.place import leave_folder
from cascode_server.service.team import team_of
from cascode_server.settings import Settings, Team

if TYPE_CHECKING:
    from cascode import Disk, Engine, GistModel, ModelHandle, WorkspacePool

#: Python lets a thread that computes run this long before another one may: the default of 5 ms, paid by each thread
#: that a message passes through, is what a request costs while files are parsed.
_SWITCH_SECONDS = 0.001


class Models:
    """The models of this process by name and device: several sessions share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: dict[tuple[str, str], ModelHandle] = {}
        self._gist_models: dict[str, GistModel] = {}

    def get(self, name: str, device: str, unload_minutes: int) -> ModelHandle:
        """Return a model, not loaded yet where nobody needed it.

        Args:
            name: Folder or name; empty for the default model.
            device: ``auto``, ``cpu`` or ``cuda``.
            unload_minutes: When to let it go; the last who says so decides for all who share it. 0 is never.
        """
        from cascode import ModelHandle

        with self._lock:
            key = (name, device)
            if key not in self._handles:
                self._handles[key] = ModelHandle(name or None, device=None if device == "auto" else device)
            self._handles[key].idle_seconds = 60.0 * unload_minutes or None
            return self._handles[key]

    def describer(self, name: str, unload_minutes: int) -> GistModel:
        """Return a model that describes definitions, not loaded yet where nobody needed it.

        Args:
            name: Folder or name.
            unload_minutes: When to let it go; the last who says so decides for all who share it. 0 is never.
        """
        from cascode import GistModel

        with self._lock:
            if name not in self._gist_models:
                self._gist_models[name] = GistModel(name)
            self._gist_models[name].idle_seconds = 60.0 * unload_minutes or None
            return self._gist_models[name]


class SharedParts:
    """What the clients of one process share: models, and the open files of workspaces.

    Clients that open one workspace with the same settings have one index in memory, whichever of them came first.
    """

    def __init__(self) -> None:
        from cascode import Disk

        self.models = Models()
        #: Says which spellings of a path are one file.
        self.disk = Disk()
        self._lock = threading.Lock()
        self._pool: WorkspacePool | None = None

    def open_engine(self, settings: Settings) -> Engine:
        """Open an engine that indexes beside other work, without workspaces.

        Args:
            settings: The settings of its client.
        """
        from cascode import WorkspacePool

        with self._lock:
            self._pool = self._pool or WorkspacePool()
        return open_background_engine(settings, self.model_of(settings), self._pool, self.disk)

    def model_of(self, settings: Settings) -> ModelHandle:
        """Return the model that settings name."""
        model = settings.model
        return self.models.get(model.path, settings.device, model.unload_minutes)


def settle() -> None:
    """Make the process fit for a long life."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    leave_folder()


def log_to_file() -> None:
    """Log to the file; on stderr, which editors show as errors, only what is one."""
    for handler in logging.getLogger().handlers:
        if not debugging():
            handler.setLevel(logging.ERROR)
    setup_logging("debug" if debugging() else "info")


def with_usable_team(settings: Settings, problem: Callable[[str], object]) -> Settings:
    """Return settings without the team where its address is wrong: one's own code is searched all the same.

    Args:
        settings: The settings.
        problem: Called with a line for a person.
    """
    try:
        team_of(settings.team)
    except CascodeError as error:
        problem(f"searching without the team's index: {error}")
        return replace(settings, team=Team())
    return settings


def open_background_engine(
    settings: Settings, model: ModelHandle, pool: WorkspacePool | None = None, disk: Disk | None = None
) -> Engine:
    """Open an engine that indexes beside other work, without workspaces.

    Args:
        settings: The settings.
        model: Its model.
        pool: Shares open workspaces with other engines; None for workspaces of its own.
        disk: Says which spellings of a path are one file; None for the file system.
    """
    from cascode import Engine, allowed_cores

    indexing = settings.indexing
    return Engine(
        [],
        model=model,
        max_file_bytes=indexing.max_file_size,
        threads=indexing.threads or max(1, allowed_cores() // 2),
        pool=pool,
        disk=disk,
        team=team_of(settings.team),
    )
