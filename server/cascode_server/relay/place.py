"""Where the resident server of a user is found: files in a folder for its owner alone, named by what it serves with."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import zlib
from pathlib import Path

#: Overrides the folder, for tests and for machines without a usual one.
RUNTIME_DIR_VARIABLE = "CASCODE_RUNTIME_DIR"
#: ``loopback`` takes a port of this machine and a token, as Windows does, where sockets cannot be files.
TRANSPORT_VARIABLE = "CASCODE_SHARED_TRANSPORT"
#: Raised with every change of what is said before a session or a command.
PROTOCOL = 1
#: Servers that differ in one of these would answer from other folders, with another model, on another device or engine.
PATH_VARIABLES = ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR", "CASCODE_MODEL")
_FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_MODEL_CACHES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
_COMPUTING = ("CASCODE_ENGINE", "CUDA_VISIBLE_DEVICES")
#: Names where hashes are sent to: an editor without it must not be served by a server that has it. Repeated here since
#: its module loads more than a relay may.
_TEAM_VARIABLE = "CASCODE_TEAM_URL"
#: The path of a socket has 108 bytes on Linux and 104 on macOS, a zero at its end among them.
_LONGEST_SOCKET = 100
#: Rights of others than the owner.
_OTHERS = 0o077


def leave_folder() -> None:
    """Move to a folder that stays: the one that an editor started us in may be deleted, and libraries abort then.

    Variables that name paths count from it, and are made absolute before.
    """
    for name in PATH_VARIABLES:
        path = Path(os.environ.get(name, "")).expanduser()
        with contextlib.suppress(OSError):  # it is gone already
            # A model may have a name instead.
            if os.environ.get(name) and (path.exists() or name != "CASCODE_MODEL"):
                os.environ[name] = os.path.abspath(path)  # noqa: PTH100  links are kept
    os.chdir(Path(sys.executable).anchor)


class PlaceError(Exception):
    """The folder cannot be used; the message says why and how to fix it."""


class Place:
    """The files of one resident server.

    Args:
        directory: The folder, which only its owner may enter.
        identity: What the server serves with, as text: another installation, folder or model is another server.
        environment: Variables that name paths, as they are for a process that starts elsewhere.
        by_socket: Whether it is reached by a socket file, else by a port of this machine.
    """

    __slots__ = ("by_socket", "directory", "environment", "identity", "name")

    def __init__(self, directory: Path, identity: str, environment: dict[str, str], by_socket: bool) -> None:
        self.directory = directory
        self.identity = identity
        self.environment = environment
        # Where two share a name the greeting finds it out, and one of them is not shared.
        self.name = f"{zlib.crc32(identity.encode('utf-8', 'surrogateescape')):08x}"
        self.by_socket = by_socket and len(os.fsencode(self.socket)) <= _LONGEST_SOCKET

    @property
    def socket(self) -> Path:
        """The socket file."""
        return self.directory / f"{self.name}.sock"

    @property
    def port(self) -> Path:
        """Holds port and token of a server without a socket file."""
        return self.directory / f"{self.name}.port"

    @property
    def lock(self) -> Path:
        """Locked by the server as long as it lives; the system unlocks it when that is killed."""
        return self.directory / f"{self.name}.lock"

    @property
    def starting(self) -> Path:
        """Locked by whoever starts the server."""
        return self.directory / f"{self.name}.start"


def find_place() -> Place:
    """Return the place of the server that serves as this process would; makes the folder where it is missing.

    Raises:
        PlaceError: The folder cannot be made, or somebody else may enter it.
    """
    environment = {name: _whole(name) for name in PATH_VARIABLES if os.environ.get(name)}
    package = Path(__file__).parents[1]
    identity = json.dumps(
        [
            PROTOCOL,
            str(package),
            (package / "__init__.py").stat().st_mtime_ns,  # an upgrade in place writes the file again
            sys.executable,
            environment,
            {name: os.environ[name] for name in (*_FOLDERS, *_MODEL_CACHES, *_COMPUTING) if name in os.environ},
            _hashed(os.environ.get(_TEAM_VARIABLE, "")),
        ],
        sort_keys=True,
    )
    by_socket = hasattr(socket, "AF_UNIX") and os.name == "posix" and os.environ.get(TRANSPORT_VARIABLE) != "loopback"
    return Place(_private_directory(), identity, environment, by_socket)


def _whole(name: str) -> str:
    """A path of a variable from the root on; a model may have a name instead."""
    value = os.path.expanduser(os.environ[name])  # noqa: PTH111  a name is no path
    return os.path.abspath(value) if name != "CASCODE_MODEL" or Path(value).exists() else value  # noqa: PTH100


def _hashed(address: str) -> str:
    """An address, which may hold a password, as what says only whether two are the same; empty for none."""
    if not address:
        return ""
    import hashlib  # loads OpenSSL, longer than a relay of somebody without a team may take

    return hashlib.sha256(os.fsencode(address)).hexdigest()


def _private_directory() -> Path:
    """Return the folder, made where it is missing and checked where it is there."""
    directory = _directory()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise PlaceError(
            f"cannot make the folder {directory} ({error.strerror or error}): set {RUNTIME_DIR_VARIABLE} to another one"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise PlaceError(f"{directory} is not a folder: remove it, or set {RUNTIME_DIR_VARIABLE} to another one")
    if hasattr(os, "getuid"):
        if found.st_uid != os.getuid():
            raise PlaceError(f"{directory} belongs to another user: set {RUNTIME_DIR_VARIABLE} to a folder of your own")
        if found.st_mode & _OTHERS:
            raise PlaceError(f"other users may enter {directory}: run 'chmod 700 {directory}'")
    return directory


def _directory() -> Path:
    """Return where the folder belongs."""
    chosen = os.environ.get(RUNTIME_DIR_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "cascode" / "run"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "cascode"
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"cascode-{os.getuid()}"  # noqa: S108  checked by its owner
