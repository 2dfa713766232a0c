"""Work on another thread, held where a test wants to look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from cascode_indexer.indexing.types import IndexProgress

#: A thread that has not ended after this long hangs.
PATIENCE = 60.0


class Running:
    """A call on another thread, and what became of it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._result: object = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def result(self) -> object:
        """Wait for its end; raise what it raised."""
        self._thread.join(PATIENCE)
        assert self.done, "the thread hangs"
        if self._error is not None:
            raise self._error
        return self._result


class Steps:
    """Holds an update at its first step of a phase until it is let go."""

    def __init__(self, phase: str) -> None:
        self._phase = phase
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, progress: IndexProgress) -> None:
        """Receive progress."""
        if progress.phase == self._phase and (progress.files_done or progress.functions_done):
            self.reached.set()
            assert self.go_on.wait(PATIENCE)


def write_functions(root: Path, files: int, each: int = 5) -> None:
    """Fill a workspace with functions that all differ."""
    root.mkdir(exist_ok=True)
    for file in range(files):
        lines = [
            f"def topic_{file}_{at}(value):\n    total = value * {file} + {at}\n    return total\n"
            for at in range(each)
        ]
        (root / f"module_{file}.py").write_text("\n".join(lines))
