"""A connection to a team's index: made when it is asked, made again when it is lost, left alone when it fails."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from cascode_indexer.team.types import TeamUnavailableError
from cascode_team.address import Address

if TYPE_CHECKING:
    from psycopg import Connection

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: After a failure it is not asked again for so long: searches and indexing do not wait at each step.
_RETRY_SECONDS = 30.0
#: libpq takes no less.
_LEAST_CONNECT_SECONDS = 2
#: Neighbours that the index looks at (Malkov and Yashunin, 2018): docs/scale.md has the recall of each.
_EF_SEARCH = 200


class Line:
    """Asks one question at a time.

    Args:
        address: Of the database.
        seconds: How long a question may take.
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

    def ask(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; once more on a new connection where the one of before was lost.

        Args:
            work: Reads; it may be done twice.

        Raises:
            TeamUnavailableError: The database cannot be reached, refuses, or is too slow.
        """
        import psycopg

        if not self._lock.acquire(timeout=self._seconds):
            raise TeamUnavailableError(f"{self._address.label} is still answering the question before")
        try:
            if time.monotonic() - self._failed_at < _RETRY_SECONDS:
                raise TeamUnavailableError(f"{self._reason} (asked again after {_RETRY_SECONDS:.0f} s)")
            known = self._connection is not None
            with self._failures():
                try:
                    return work(self._connected())
                except psycopg.OperationalError as error:
                    # What ran too long would run too long again.
                    if not known or isinstance(error, psycopg.errors.QueryCanceled):
                        raise
                    _log.info("%s was lost: asking again", self._address.label)
                    self._drop()
                    return work(self._connected())
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn errors of the database into one line, and remember it for a while."""
        import psycopg

        try:
            yield
        except (psycopg.Error, ValueError) as error:
            self._drop()
            self._failed_at = time.monotonic()
            said = self._address.clean(str(error)) or type(error).__name__
            self._reason = f"{self._address.label}: {said}"
            raise TeamUnavailableError(self._reason) from None  # the cause may hold the address

    def _connected(self) -> Connection:
        """Return the connection, made where there is none."""
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(
                self._address.conninfo,
                autocommit=True,
                connect_timeout=self._connect_seconds,
                application_name="cascode",
                # A prepared plan would not know that the model's number is that of its index.
                prepare_threshold=None,
            )
            self._connection.execute("SET default_transaction_read_only = on")
            self._connection.execute(f"SET statement_timeout = {int(self._seconds * 1000)}".encode())
            self._connection.execute("SET hnsw.iterative_scan = strict_order")
            self._connection.execute(f"SET hnsw.ef_search = {_EF_SEARCH}".encode())
        return self._connection

    def _drop(self) -> None:
        """Forget the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
