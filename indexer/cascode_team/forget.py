"""Removes a repository from a team's index, with what nothing else there needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascode_team.access import repository_number
from cascode_team.errors import TeamSetupError
from cascode_team.schema import LOADING

if TYPE_CHECKING:
    from psycopg import Connection

_VECTORS = """
DELETE FROM cascode.vectors v WHERE NOT EXISTS (SELECT FROM cascode.definitions d WHERE d.key = v.key)
    AND NOT EXISTS (SELECT FROM cascode.passages p WHERE p.passage = v.key)
"""
_MODELS = """
DELETE FROM cascode.models m WHERE NOT EXISTS (SELECT FROM cascode.vectors v WHERE v.model_id = m.id) RETURNING m.id
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed."""

    definitions: int
    #: Also those that earlier revisions, and loads that were killed, have left behind.
    vectors: int


def forget(connection: Connection, repository: str) -> Forgotten:
    """Remove a repository, its readers, the vectors of texts that no definition has, and models without vectors.

    Args:
        connection: Of a role that may load, in autocommit mode.
        repository: Its name in the team's index.

    Raises:
        TeamSetupError: There is no such repository, or a load is running.
    """
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOADING,)).fetchone()
    if row != (True,):
        raise TeamSetupError("a load is running, which may need what would be removed: wait for its end, or stop it")
    try:
        with connection.transaction(), connection.cursor() as cursor:
            number = repository_number(cursor, repository)
            definitions = cursor.execute("DELETE FROM cascode.definitions WHERE repository_id = %s", (number,)).rowcount
            cursor.execute("DELETE FROM cascode.repositories WHERE id = %s", (number,))
            vectors = cursor.execute(_VECTORS).rowcount
        # By itself: it keeps searches waiting for as long as it takes.
        with connection.transaction(), connection.cursor() as cursor:
            for (model,) in cursor.execute(_MODELS).fetchall():
                cursor.execute(f"DROP INDEX IF EXISTS cascode.vectors_of_{int(model)}".encode())
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOADING,))
    return Forgotten(definitions, vectors)
