"""How much of the machine this process may use."""

from __future__ import annotations

import os


def allowed_cores() -> int:
    """Processors that this process may run on: a container or ``taskset`` may leave it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
