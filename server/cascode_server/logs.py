"""The log of a language server: a file in the user's log directory, readable by its owner only.

Each process writes a file of its own. Several editor windows run several servers, and a rotation that one of them
does would take the file away from the others; on Windows it would fail.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from pathlib import Path

logger = logging.getLogger(__name__)

#: Overrides the folder of the logs, for tests and shared machines.
LOG_DIR_VARIABLE = "CASCODE_LOG_DIR"
#: What the level of the log applies to; the libraries below speak from warnings on.
OWN_LOGGERS = ("cascode_server", "cascode_lab", "cascode_indexer", "cascode_models")
#: A day of work at level info takes about 100 kB; 2 MB hold a debugging session, and are still mailed easily.
_MAX_BYTES = 2_000_000
#: Logs of ended servers that are kept: about a week of editor windows.
_KEPT = 20
#: Owner only: a log names paths and queries.
_DIRECTORY_MODE = 0o700
_NAME = re.compile(r"server-\d{8}-\d{6}-(?P<pid>\d+)\.log(?:\.1)?")
#: The moment of the start, so that the name of this process' file stays the same.
_STARTED = time.strftime("%Y%m%d-%H%M%S")


class _LineFormatter(logging.Formatter):
    """One line a message: a file name with a line break in it must not look like another record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name is logging's
        """Return the line of a record, without its traceback."""
        line = super().formatMessage(record)
        return "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode() for character in line
        )


def log_directory() -> Path:
    """Return the folder of the logs."""
    override = os.environ.get(LOG_DIR_VARIABLE)
    if override:
        return Path(override).expanduser().absolute()
    import platformdirs  # as the handler below, nothing that a search through a shared server has to wait for

    return Path(platformdirs.user_log_dir("cascode", appauthor=False)).absolute()


def log_file() -> Path:
    """Return the file that a server of this process writes its log to."""
    return log_directory() / f"server-{_STARTED}-{os.getpid()}.log"


def recent_logs() -> list[Path]:
    """Return the logs of this user's servers, the newest first."""
    found: dict[Path, float] = {}
    with contextlib.suppress(OSError):  # there is no such folder
        for path in log_directory().iterdir():
            if _NAME.fullmatch(path.name) and path.suffix == ".log":
                with contextlib.suppress(OSError):  # a server that begins removes what is old
                    found[path] = path.stat().st_mtime
    return sorted(found, key=found.__getitem__, reverse=True)


def setup_logging(level: str) -> Path | None:
    """Begin to write the log of this process; logs of servers that ended long ago are removed.

    Args:
        level: ``error``, ``warning``, ``info`` or ``debug``.

    Returns:
        The file, or None where none can be written: a server works without its log.
    """
    from cascode_server.log_handler import PrivateFileHandler

    set_level(level)
    path = log_file()
    try:
        path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        handler = PrivateFileHandler(path, maxBytes=_MAX_BYTES, backupCount=1)
    except OSError as error:
        logger.warning(
            "no log is written: %s: %s; set %s to a writable folder",
            path.parent,
            error.strerror or error,
            LOG_DIR_VARIABLE,
        )
        return None
    handler.setFormatter(_LineFormatter("%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    _prune()
    return path


def debugging() -> bool:
    """Whether everything of ours is logged, as ``--debug`` asks for."""
    return logging.getLogger(OWN_LOGGERS[0]).isEnabledFor(logging.DEBUG)


def set_level(level: str) -> None:
    """Change how much is logged.

    Args:
        level: ``error``, ``warning``, ``info`` or ``debug``.
    """
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level.upper())


def _prune() -> None:
    """Remove old logs of processes that have ended."""
    old = recent_logs()[_KEPT:]
    if not old:
        return
    import psutil  # loaded where there is something to remove: it delays the start

    for path in old:
        match = _NAME.fullmatch(path.name)
        if match is None or psutil.pid_exists(int(match["pid"])):
            continue
        for old_path in (path, path.with_name(f"{path.name}.1")):
            try:
                old_path.unlink(missing_ok=True)
            except OSError as error:
                logger.debug("cannot remove the old log %s: %s", old_path, error)
