"""Asks a team's index: the :class:`cascode_indexer.team.types.Team` of PostgreSQL."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cascode_indexer.extract import LANGUAGES
from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_indexer.types import Kind
from cascode_models.types import FloatArray
from cascode_team.address import Address
from cascode_team.halves import read_halves, write_half

if TYPE_CHECKING:
    from psycopg import Connection

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: After a failure it is not asked again for so long: searches and indexing do not wait at each step.
_RETRY_SECONDS = 30.0
#: Vectors are looked up while indexing, where encoding the same takes minutes.
_LOOKUP_SECONDS = 30.0
#: Neighbours that the index looks at (Malkov and Yashunin, 2018): docs/scale.md has the recall of each.
_EF_SEARCH = 200
#: Rows of one text that come back: copies of a definition in other places.
_COPIES = 3
#: A declaration or a path is cut here; what a server sends is bounded.
_MOST_CHARACTERS = 4_000
_MOST_CODE = 200_000
_KINDS = frozenset(kind.value for kind in Kind)

_COLUMNS = (
    "d.key, r.name, d.revision, d.path, d.language, d.name, d.qualified_name, d.kind, d.signature, d.doc, "
    "d.start_line, d.end_line, d.name_line, d.name_column, d.code"
)


class PostgresTeam:
    """One team's index, asked through one connection at a time.

    Args:
        url: Its address.
        seconds: How long a search waits for it.

    Raises:
        TeamSetupError: The address cannot be read.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        self._address = Address.parse(url)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._models: dict[str, tuple[int, int]] = {}
        self._failed_at = -math.inf
        self._reason = ""

    @property
    def label(self) -> str:
        """What messages call it."""
        return self._address.label

    @property
    def seconds(self) -> float:
        """How long a search waits for it."""
        return self._seconds

    def vectors(self, fingerprint: str, keys: Sequence[bytes]) -> tuple[list[int], FloatArray]:
        """See :meth:`Team.vectors`."""

        def work(connection: Connection) -> tuple[list[int], FloatArray]:
            number, dimension = self._model(connection, fingerprint)
            if not number:
                return [], np.zeros((0, 0), dtype=np.float32)
            with connection.cursor(binary=True) as cursor:
                cursor.execute(
                    "SELECT key, vector FROM cascode.vectors WHERE model_id = %s AND key = ANY(%s)",
                    (number, list(keys)),
                )
                rows = {bytes(key): bytes(vector) for key, vector in cursor.fetchall()}
            positions = [at for at, key in enumerate(keys) if key in rows]
            return positions, read_halves([rows[keys[at]] for at in positions], dimension)

        return self._ask(work, _LOOKUP_SECONDS)

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """See :meth:`Team.search`."""

        def work(connection: Connection) -> list[TeamDefinition]:
            number, dimension = self._model(connection, question.fingerprint)
            if not number or len(question.vector) != dimension:
                return []
            statement, values = _statement(question, number, dimension)
            with connection.cursor() as cursor:
                cursor.execute(statement.encode(), values)
                rows = cursor.fetchall()
            return [found for row in rows if (found := _definition(row)) is not None]

        return self._ask(work, self._seconds)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _ask(self, work: Callable[[Connection], T], seconds: float) -> T:
        """Do ``work``; once more on a new connection where the one of before was lost.

        Raises:
            TeamUnavailableError: It cannot be reached, refuses, or is too slow.
        """
        import psycopg

        if not self._lock.acquire(timeout=seconds):
            raise TeamUnavailableError(f"{self.label} is still answering the question before")
        try:
            if time.monotonic() - self._failed_at < _RETRY_SECONDS:
                raise TeamUnavailableError(f"{self._reason} (asked again after {_RETRY_SECONDS:.0f} s)")
            known = self._connection is not None
            with self._failures():
                try:
                    return work(self._connect(seconds))
                except psycopg.OperationalError as error:
                    # What ran too long would run too long again.
                    if not known or isinstance(error, psycopg.errors.QueryCanceled):
                        raise
                    _log.info("%s was lost: asking again", self.label)
                    self._drop()
                    return work(self._connect(seconds))
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn errors of the database into one line, and remember it for a while."""
        import psycopg

        try:
            yield
        except (psycopg.Error, ValueError) as error:
            self._drop()
            self._failed_at = time.monotonic()
            self._reason = f"{self.label}: {self._address.clean(str(error)) or type(error).__name__}"
            raise TeamUnavailableError(self._reason) from None  # the cause may hold the address

    def _connect(self, seconds: float) -> Connection:
        """Return a connection that gives up after some seconds."""
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(
                self._address.conninfo,
                autocommit=True,
                connect_timeout=max(2, math.ceil(self._seconds)),  # libpq takes no less than 2
                application_name="cascode",
                # A prepared plan would not know that the model's number is that of its index.
                prepare_threshold=None,
            )
            self._connection.execute("SET default_transaction_read_only = on")
            self._connection.execute("SET hnsw.iterative_scan = strict_order")
            self._connection.execute(f"SET hnsw.ef_search = {_EF_SEARCH}".encode())
        self._connection.execute(f"SET statement_timeout = {int(seconds * 1000)}".encode())
        return self._connection

    def _drop(self) -> None:
        """Forget the connection."""
        connection, self._connection = self._connection, None
        self._models.clear()
        if connection is not None:
            connection.close()

    def _model(self, connection: Connection, fingerprint: str) -> tuple[int, int]:
        """Return number and dimension of a model; zeros where the team's index has none of its vectors."""
        if fingerprint not in self._models:
            row = connection.execute(
                "SELECT id, dimension FROM cascode.models WHERE fingerprint = %s", (fingerprint,)
            ).fetchone()
            if row is None:
                return 0, 0
            self._models[fingerprint] = int(row[0]), int(row[1])
        return self._models[fingerprint]


def _statement(question: TeamQuestion, number: int, dimension: int) -> tuple[str, dict[str, Any]]:
    """Return the question in SQL, and its values.

    The nearest vectors come from the index one by one, and each is let through by the row-level security of who asks,
    and by the filters, before it counts: so that the limit is of what may be shown.
    """
    values: dict[str, Any] = {"vector": write_half(question.vector), "limit": question.limit}
    wanted = ""
    if question.languages:
        wanted += " AND d.language = ANY(%(languages)s)"
        values["languages"] = list(question.languages)
    if question.kinds:
        wanted += " AND d.kind = ANY(%(kinds)s)"
        values["kinds"] = list(question.kinds)
    admitted = f"AND EXISTS (SELECT FROM cascode.definitions d WHERE d.key = v.key{wanted} OFFSET 0)" if wanted else ""
    distance = f"v.vector::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})"
    statement = f"""
        SELECT {_COLUMNS}, near.similarity
        FROM (SELECT v.key, -({distance}) AS similarity FROM cascode.vectors v
              WHERE v.model_id = {number} {admitted} ORDER BY {distance} LIMIT %(limit)s) near
        CROSS JOIN LATERAL (SELECT * FROM cascode.definitions d WHERE d.key = near.key{wanted}
                            ORDER BY d.repository_id, d.path, d.ordinal LIMIT {_COPIES}) d
        JOIN cascode.repositories r ON r.id = d.repository_id
        ORDER BY near.similarity DESC, r.name, d.path, d.ordinal
    """  # noqa: S608  numbers of ours and names of columns; all else are parameters
    return statement, values


def _definition(row: Sequence[Any]) -> TeamDefinition | None:
    """A row as a definition; None where it is not what a definition can be: a server is not believed."""
    key, repository, revision, path, language, name, qualified, kind, signature, doc, *lines, code, similarity = row
    start, end, name_line, column = lines
    if language not in LANGUAGES or kind not in _KINDS or not 1 <= start <= name_line <= end or column < 0:
        return None
    if path.startswith("/") or ".." in path.split("/") or len(bytes(key)) != 16:
        return None
    texts = (text[:_MOST_CHARACTERS] for text in (repository, revision, path, language, name, qualified, kind))
    shown = (signature[:_MOST_CHARACTERS], doc[:_MOST_CHARACTERS])
    return TeamDefinition(
        bytes(key), *texts, *shown, start, end, name_line, column, code[:_MOST_CODE], float(similarity)
    )
