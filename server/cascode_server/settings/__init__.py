"""Settings: one tree, described once, read from files and from editors."""

from cascode_server.settings.files import (
    CONFIG_DIR_VARIABLE,
    MODEL_VARIABLE,
    TEAM_VARIABLE,
    WORKSPACE_FILE,
    user_file,
)
from cascode_server.settings.resolve import resolve
from cascode_server.settings.tree import Indexing, Log, Model, Search, Settings, Shared, Team

__all__ = [
    "CONFIG_DIR_VARIABLE",
    "MODEL_VARIABLE",
    "TEAM_VARIABLE",
    "WORKSPACE_FILE",
    "Indexing",
    "Log",
    "Model",
    "Search",
    "Settings",
    "Shared",
    "Team",
    "resolve",
    "user_file",
]
