"""Contents of files out of a repository's history, by one process that stays open."""

from __future__ import annotations

import contextlib
import subprocess
from types import TracebackType

from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository

#: A clone without any file contents lacks thousands; each one that is asked for costs a process.
MOST_MISSING = 200


class BlobReader:
    """Reads blobs by their object names.

    Args:
        repository: The repository.
    """

    def __init__(self, repository: GitRepository) -> None:
        self._repository = repository
        self._process: subprocess.Popen[bytes] | None = None
        self._missing = 0
        self._is_partial: bool | None = None

    def __enter__(self) -> BlobReader:
        self._start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, blob: str) -> bytes | None:
        """Return a blob's content; None where the repository lacks it, as a partial clone may.

        Raises:
            HistoryError: git died, or a partial clone lacks more than ``MOST_MISSING`` blobs.
        """
        process = self._process
        assert process is not None, "a BlobReader is used as a context"
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(blob.encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise self._ended_early() from error
        head = process.stdout.readline().split()
        if not head:
            # git ends at an object that a remote promised and that it may not fetch.
            self._missing += 1
            if self._is_partial is None:
                self._is_partial = self._repository.is_partial()
            if self._missing > MOST_MISSING or not self._is_partial:
                raise self._ended_early()
            self._stop()
            self._start()
            return None
        if head[-1] in (b"missing", b"ambiguous"):
            return None
        size = int(head[2])
        content = process.stdout.read(size + 1)
        if len(content) != size + 1:
            raise self._ended_early()
        return content[:-1] if head[1] == b"blob" else None

    def _start(self) -> None:
        """Start the process."""
        self._process = self._repository.conversation("cat-file", "--batch")

    def _stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            # A reply that was not read to its end would keep the process waiting.
            process.kill()
            # What was asked of a process that has ended cannot be delivered.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            process.wait()

    def _ended_early(self) -> HistoryError:
        """What is said when git ends before its time."""
        return HistoryError(f"git cat-file ended while reading {self._repository.folder}: {self._repository.advice()}.")
