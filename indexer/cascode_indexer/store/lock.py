"""One process writes an index; the operating system frees the lock when that process dies."""

from __future__ import annotations

from types import TracebackType

from filelock import FileLock, Timeout

from cascode_indexer.errors import IndexBusyError
from cascode_indexer.location import IndexLocation, make_private_directory


class WriterLock:
    """The right to write one workspace's index.

    Args:
        location: The index.
    """

    def __init__(self, location: IndexLocation) -> None:
        self._location = location
        # Not thread-local: the thread that opens an index need not be the one that closes it.
        self._lock = FileLock(location.lock, mode=0o600, thread_local=False)

    def try_acquire(self) -> bool:
        """Take the lock if nobody holds it; say whether this process has it now."""
        make_private_directory(self._location.directory)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def acquire(self, timeout_seconds: float) -> None:
        """Take the lock, waiting for another process.

        Raises:
            IndexBusyError: The other process still holds it.
        """
        make_private_directory(self._location.directory)
        try:
            self._lock.acquire(timeout=timeout_seconds)
        except Timeout:
            raise IndexBusyError(
                f"another cascode process is writing this index ({self._location.directory}); "
                "wait for it to end or stop it"
            ) from None

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    @property
    def held(self) -> bool:
        """Whether this process holds the lock."""
        return bool(self._lock.is_locked)

    def __enter__(self) -> WriterLock:
        self.acquire(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
