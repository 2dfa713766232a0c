"""How much of the machine this process may use."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path

#: Where Linux shows control groups, and which of them this process is in.
_GROUPS, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def allowed_cores() -> int:
    """Processors that this process may keep busy: a container or ``taskset`` may leave it fewer than there are."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def bound_openmp() -> None:
    """Keep libraries that load after this (torch, FAISS) to the threads that a container's share of time is enough for.

    OpenMP counts the processors that a process may run on. With two processors' worth of time on 64 of them it would
    start 64 threads, which wait for one another most of the time. A count that the user has set stays.
    """
    if _quota() is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(allowed_cores()))


@cache
def _quota() -> float | None:
    """Processors' worth of time that the groups around this process leave it (``docker run --cpus``); None for all.

    A limit of a group holds for those inside it, so that the least counts. Read once: hardly anything changes it.
    """
    limits = [limit for folder in _folders() if (limit := _limit(folder)) is not None]
    return min(limits, default=None)


def _folders() -> list[Path]:
    """The folders of this process' groups, version 2 and 1, up to the outermost that can be seen."""
    folders = [_GROUPS, _GROUPS / "cpu"]
    try:
        # A group may be called anything that a folder may.
        lines = _OWN_GROUPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return folders
    for line in lines:
        # Number, controllers (none in version 2) and path.
        _, _, named = line.partition(":")
        controllers, _, path = named.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = _GROUPS / "cpu" if controllers else _GROUPS
        own = Path(path.lstrip("/"))
        folders += [top / group for group in (own, *own.parents) if ".." not in group.parts]
    return folders


def _limit(folder: Path) -> float | None:
    """The limit of one group; None where it sets none."""
    try:
        if (both := folder / "cpu.max").is_file():
            quota, period = both.read_text(encoding="ascii").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period")
            )
        limit = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number
        return None
    return limit if 0 < limit < math.inf else None
