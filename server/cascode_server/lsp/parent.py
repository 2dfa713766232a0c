"""Notices that the client's process has died: a killed editor closes nothing in good order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

#: A dead editor's server is gone within about this long; looking costs microseconds.
_POLL_SECONDS = 1.0


def watch_process(process_id: int, on_death: Callable[[], object]) -> Callable[[], None]:
    """Call ``on_death`` once the process is gone, from a thread of this function's own.

    A process that is not there at the start is not watched: it lives in another container or machine, where its
    number means nothing here.

    Args:
        process_id: The client's process.
        on_death: Called at most once.

    Returns:
        Ends the watching, and with it the thread.
    """
    stopped = threading.Event()

    def run() -> None:
        import psutil  # loaded here: it would delay the answer to initialize

        try:
            process = psutil.Process(process_id)
        except psutil.Error as error:
            logger.info("the client's process %d is not watched: %s", process_id, error)
            return
        while _alive(process):
            if stopped.wait(_POLL_SECONDS):
                return
        logger.warning("the client's process %d is gone: exiting", process_id)
        on_death()

    threading.Thread(target=run, name="cascode-parent", daemon=True).start()
    return stopped.set


def _alive(process: object) -> bool:
    """Whether the very process lives: not a zombie, not another one with its number."""
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # not ours to look at: then it lives
        return True
