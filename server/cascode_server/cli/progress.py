"""Progress of indexing on stderr: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cascode_server.cli.console import note
from cascode_server.cli.words import quantity
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cascode import IndexProgress

#: A look at an unchanged workspace is over before this; a bar that flashes is noise.
_SILENT_SECONDS = 0.4
#: Between two lines where stderr is not a terminal: a log stays short, and nobody thinks that it hangs.
_LINE_SECONDS = 15.0


class Reporter(Protocol):
    """Reports how far indexing has come; called from any thread."""

    def __call__(self, progress: IndexProgress) -> None:
        """Show it."""


class _Lines:
    """Lines, at most one each few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = self._last = time.monotonic()

    def __call__(self, progress: IndexProgress) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._last < _LINE_SECONDS:
                return
            self._last = now
        if progress.functions_total:
            rate = progress.functions_done / max(now - self._started, 1e-3)
            note(
                f"{progress.root}: {progress.functions_done:,} of {quantity(progress.functions_total, 'definition')} "
                f"encoded, {rate:,.0f} a second"
            )
        else:
            note(f"{progress.root}: {quantity(progress.files_done, 'file')} read")


class _Bars:
    """A bar for files and one for functions, for each workspace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._bars: Progress | None = None
        self._files: dict[Path, tuple[int, int | None]] = {}
        self._tasks: dict[tuple[Path, str], TaskID] = {}

    def __call__(self, progress: IndexProgress) -> None:
        with self._lock:
            if progress.phase == "scan":
                self._files[progress.root] = (progress.files_done, progress.files_total)
            elif progress.root in self._files:  # encoding begins when the last file has been read
                done = self._files[progress.root][0]
                self._files[progress.root] = (done, done)
            if self._bars is None:
                if time.monotonic() - self._started < _SILENT_SECONDS:
                    return
                self._bars = _new_bars()
                self._bars.start()
            for root, (done, total) in self._files.items():
                self._show(self._bars, root, "files", done, total)
            if progress.functions_total:
                self._show(self._bars, progress.root, "definitions", progress.functions_done, progress.functions_total)

    def _show(self, bars: Progress, root: Path, noun: str, done: int, total: int | None) -> None:
        """Move one bar, which begins at its first call."""
        task = self._tasks.get((root, noun))
        if task is None:
            name = printable(root.name or str(root), one_line=True)
            task = self._tasks[root, noun] = bars.add_task(name, total=None, noun=noun)
        bars.update(task, completed=done, total=total)

    def close(self) -> None:
        """Take the bars away."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()


def _new_bars() -> Progress:
    """Bars with counts, rate and time left."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Counts(ProgressColumn):
        """``210 / 800 files``."""

        def render(self, task: Task) -> Text:
            total = "" if task.total is None else f" / {task.total:,.0f}"
            noun = str(task.fields["noun"])
            return Text(f"{task.completed:,.0f}{total} {noun[:-1] if task.total == 1 else noun}")

    class Rate(ProgressColumn):
        """``312/s``."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f}/s", style="dim")

    class Name(TextColumn):
        """The workspace; its name is not markup."""

        def render(self, task: Task) -> Text:
            return Text.from_markup(escape(task.description))

    return Progress(
        Name("{task.description}"),
        BarColumn(bar_width=None),
        Counts(),
        Rate(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def indexing_progress() -> Iterator[Reporter]:
    """Show indexing while the block runs.

    Yields:
        The text to show.
    """
    if not sys.stderr.isatty():
        yield _Lines()
        return
    bars = _Bars()
    try:
        yield bars
    finally:
        bars.close()
