"""The configuration files: the user's, and the workspace's ``cascode.toml``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Overrides the folder of the user's file, for tests and shared machines.
CONFIG_DIR_VARIABLE = "CASCODE_CONFIG_DIR"
#: The model's own variable, repeated since its module loads torch.
MODEL_VARIABLE = "CASCODE_MODEL"
#: Address of a team's index: where it holds a password, a variable is easier to keep from others than a file.
TEAM_VARIABLE = "CASCODE_TEAM_URL"
#: Name of the file, at the top of a workspace and in the user's configuration folder.
WORKSPACE_FILE = "cascode.toml"
#: Every setting with a comment takes 2 kB; a file above this is not a file of settings, and it comes from anywhere.
_MAX_BYTES = 256 * 1024


def user_file() -> Path:
    """Return where the user's own configuration file is looked for."""
    override = os.environ.get(CONFIG_DIR_VARIABLE)
    if override:
        return Path(override).expanduser().absolute() / WORKSPACE_FILE
    import platformdirs

    return Path(platformdirs.user_config_dir("cascode", appauthor=False)).absolute() / WORKSPACE_FILE


def read_file(path: Path) -> tuple[Mapping[str, Any], list[str]]:
    """Read a configuration file.

    Args:
        path: The file, which need not exist.

    Returns:
        Its values, none where it cannot be read, and a line for what is wrong with it.
    """
    try:
        if not path.exists():
            return {}, []
        if not path.is_file():  # a pipe would never end
            return {}, [f"{path}: ignored: it is not a regular file"]
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        return {}, [f"{path}: ignored: it cannot be read: {error.strerror or error}"]
    if len(content) > _MAX_BYTES:
        return {}, [f"{path}: ignored: it holds more than {_MAX_BYTES:,} bytes"]
    return _parse(path, content)


def _parse(path: Path, content: bytes) -> tuple[Mapping[str, Any], list[str]]:
    """The values of a file's content, and what is wrong with it."""
    if sys.version_info >= (3, 11):  # loaded where it is called for: most have no file, and a server starts sooner
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(content.decode("utf-8-sig")), []
    except UnicodeDecodeError as error:
        return {}, [f"{path}: ignored: it is not UTF-8 (byte {error.start:,}); save it as UTF-8"]
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{path}: ignored: invalid TOML: {' '.join(str(error).split())}"]
    except RecursionError:
        return {}, [f"{path}: ignored: it is nested too deeply"]
