"""Counts, sizes and times in words."""

from __future__ import annotations

import time

from cascode import SkipCounts


def quantity(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 file``, ``1,234 files``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def skip_summary(counts: SkipCounts) -> str:
    """Skipped paths by reason: ``12 skipped: 10 ignored, 2 too large``; ``0 skipped`` where there is none."""
    reasons = skip_reasons(counts)
    return f"{counts.total:,} skipped" + (f": {reasons}" if reasons else "")


def skip_reasons(counts: SkipCounts) -> str:
    """Why paths were skipped: ``10 ignored, 2 too large``."""
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in counts.as_dict().items() if count)


def size(count: int) -> str:
    """Bytes in the largest unit that leaves a number of one or more: ``12.3 MB``."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def ago(moment: float, now: float | None = None) -> str:
    """How long ago a moment was: ``3 minutes ago``."""
    seconds = max(0.0, (time.time() if now is None else now) - moment)
    for length, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            return f"{quantity(int(seconds // length), noun)} ago"
    return "just now"


def duration(seconds: float) -> str:
    """A duration: ``0.2 s``, ``2 min 5 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
