"""A connection to a team's index: made when it is asked, made again when it is lost, closed when nobody asks any more.

Where it fails it is left alone for a while. Nobody waits for a host that has gone silent: libpq notices one that no
longer answers packets, and a question that takes too long all the same has its socket shut.
"""

from __future__ import annotations

import contextlib
import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from cascode_indexer.team.types import TeamUnavailableError
from cascode_team.address import Address
from cascode_team.errors import nothing_to_ask

if TYPE_CHECKING:
    from psycopg import Connection

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: After a failure it is not asked again for so long: searches and indexing do not wait at each step.
_RETRY_SECONDS = 30.0
#: Without a question for so long it is closed: a server has some hundred connections for everybody.
_IDLE_SECONDS = 180.0
#: The server stops a statement at its time; a question of several that takes so much longer gets no answer.
_GRACE_SECONDS = 5.0
#: libpq takes no less.
_LEAST_CONNECT_SECONDS = 2
#: Neighbours that the index looks at (Malkov and Yashunin, 2018): docs/scale.md has the recall of each.
_EF_SEARCH = 200


class Line:
    """Asks one question at a time.

    Args:
        address: Of the database.
        seconds: How long a statement may take.
        connect_seconds: How long a host may take to answer at all.
    """

    def __init__(self, address: Address, seconds: float, connect_seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._connect_seconds = max(_LEAST_CONNECT_SECONDS, math.ceil(connect_seconds))
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._failed_at = -math.inf
        self._reason = ""
        #: By when the running question should have ended.
        self._due = math.inf
        #: Closes the connection when nobody asks.
        self._idle: threading.Timer | None = None

    def ask(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; once more on a new connection where the one of before was lost.

        Args:
            work: Reads; it may be done twice.

        Raises:
            TeamUnavailableError: The database cannot be reached, refuses, or is too slow.
        """
        import psycopg

        self._check_failure()
        if not self._lock.acquire(timeout=max(0.0, min(self._seconds, self._due - time.monotonic()))):
            raise TeamUnavailableError(self._why_busy())
        try:
            self._check_failure()  # of the question that this one has waited for
            self._due = time.monotonic() + self._connect_seconds + self._seconds + _GRACE_SECONDS
            self._stop_idling()
            known = self._connection is not None
            with self._failures():
                try:
                    return self._do(work)
                except psycopg.OperationalError as error:
                    # What ran too long would run too long again.
                    if not known or isinstance(error, psycopg.errors.QueryCanceled):
                        raise
                    _log.info("%s was lost: asking again", self._address.label)
                    self._drop()
                    return self._do(work)
        finally:
            self._due = math.inf
            if self._connection is not None:
                self._idle = _timer(_IDLE_SECONDS, self._close_idle)
            self._lock.release()

    def close(self) -> None:
        """Close the connection; a question that is running gets no answer."""
        running = self._connection
        if not self._lock.acquire(blocking=False):
            if running is not None:
                _hang_up(running)
            if not self._lock.acquire(timeout=self._connect_seconds + _GRACE_SECONDS):
                return  # it is connecting to a host whose name nobody answers for
        try:
            self._stop_idling()
            self._drop()
        finally:
            self._lock.release()

    def _do(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` on the connection, which is broken where that takes too long."""
        import psycopg

        fresh = self._connection is None
        connection = self._connected()
        late = threading.Event()

        def stop() -> None:
            late.set()
            _hang_up(connection)

        timer = _timer(self._seconds + _GRACE_SECONDS, stop)
        try:
            if fresh:
                # Together: each statement of its own is a way there and back.
                connection.execute(
                    f"SET default_transaction_read_only = on; SET statement_timeout = {int(self._seconds * 1000)}; "
                    f"SET hnsw.iterative_scan = strict_order; SET hnsw.ef_search = {_EF_SEARCH}".encode()
                )
            found = work(connection)
        except psycopg.OperationalError:
            if late.is_set():
                said = f"no answer within {self._seconds + _GRACE_SECONDS:g} s"
                raise psycopg.errors.QueryCanceled(said) from None
            raise
        finally:
            timer.cancel()
        self._failed_at = -math.inf  # somebody may have grown tired of waiting
        return found

    def _check_failure(self) -> None:
        """Raise what went wrong a moment ago."""
        if time.monotonic() - self._failed_at < _RETRY_SECONDS:
            raise TeamUnavailableError(f"{self._reason} (asked again after {_RETRY_SECONDS:.0f} s)")

    def _why_busy(self) -> str:
        """Say why there was no turn; where the question before should have ended, nobody waits for the next while."""
        label = self._address.label
        if time.monotonic() < self._due:
            return f"{label} is still answering the question before"
        self._note_failure(f"{label} does not answer")
        return self._reason

    def _note_failure(self, reason: str) -> None:
        """Remember for a while that it cannot be asked."""
        self._reason, self._failed_at = reason, time.monotonic()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn errors of the database into one line, and remember it for a while."""
        import psycopg

        try:
            yield
        except (psycopg.Error, ValueError) as error:
            self._drop()
            if isinstance(error, psycopg.errors.UndefinedFunction | psycopg.errors.InvalidSchemaName):
                self._note_failure(nothing_to_ask(self._address.label))
            else:
                said = self._address.clean(str(error)) or type(error).__name__
                self._note_failure(f"{self._address.label}: {said}")
            raise TeamUnavailableError(self._reason) from None  # the cause may hold the address

    def _connected(self) -> Connection:
        """Return the connection, made where there is none."""
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(
                self._address.watched(),
                autocommit=True,
                connect_timeout=self._connect_seconds,
                application_name="cascode",
                # A prepared plan would not know that the model's number is that of its index.
                prepare_threshold=None,
            )
        return self._connection

    def _close_idle(self) -> None:
        """Close the connection unless a question has just begun."""
        if self._lock.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _stop_idling(self) -> None:
        """Leave the connection open: whoever asks, or closes it, sees to it now."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _drop(self) -> None:
        """Forget the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _timer(seconds: float, function: Callable[[], None]) -> threading.Timer:
    """Begin to wait, on a thread that no process waits for."""
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer


def _hang_up(connection: Connection) -> None:
    """Shut the socket of a connection that another thread waits on: it finds it closed at once."""
    import psycopg

    # A copy of the handle: the socket itself is libpq's to close. A shutdown asks for no family.
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as shared,
    ):
        shared.shutdown(socket.SHUT_RDWR)
