"""Who may read which repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascode_team.errors import TeamSetupError
from cascode_team.rights import READER, advice

if TYPE_CHECKING:
    from psycopg import Connection, Cursor


@dataclass(frozen=True, slots=True)
class Loaded:
    """A repository of the team's index."""

    name: str
    revision: str
    definitions: int
    #: Roles that may read it.
    readers: tuple[str, ...]


def grant(connection: Connection, repository: str, role: str) -> None:
    """Let a role, or the members of a group, read a repository.

    Args:
        connection: Of a role that may load.
        repository: Its name in the team's index.
        role: A role of PostgreSQL.

    Raises:
        TeamSetupError: There is no such repository or role, or the role may not be made a reader.
    """
    from psycopg import errors, sql

    try:
        with connection.transaction(), connection.cursor() as cursor:
            number = repository_number(cursor, repository)
            cursor.execute(
                "INSERT INTO cascode.readers VALUES (%s, %s::regrole) ON CONFLICT DO NOTHING",
                (number, sql.Identifier(role).as_string(connection)),
            )
            cursor.execute("SELECT pg_has_role(%s, %s, 'USAGE')", (role, READER))
            if cursor.fetchone() != (True,):
                cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(READER), sql.Identifier(role)))
    except errors.InsufficientPrivilege as error:
        raise TeamSetupError(f"{role!r} cannot be made a reader: {advice(connection)}") from error
    except errors.UndefinedObject as error:
        raise TeamSetupError(f"the database has no role {role!r}: create it first (CREATE ROLE)") from error


def revoke(connection: Connection, repository: str, role: str) -> None:
    """Let a role read a repository no longer; other roles that it is a member of still may.

    Raises:
        TeamSetupError: There is no such repository, or the role could not read it.
    """
    with connection.transaction(), connection.cursor() as cursor:
        number = repository_number(cursor, repository)
        cursor.execute(
            "DELETE FROM cascode.readers r USING pg_roles p "
            "WHERE r.repository_id = %s AND r.role::oid = p.oid AND p.rolname = %s",
            (number, role),
        )
        if not cursor.rowcount:
            raise TeamSetupError(f"{role!r} was not granted {repository!r}: 'cascode team status' lists who was")


def repositories(connection: Connection) -> list[Loaded]:
    """List what is loaded, and who may read it, as far as the asking role may see."""
    row = connection.execute(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'cascode.definitions'::regclass"
    ).fetchone()
    listed = "cascode.loaded_in(NULL)" if row == (True,) else "cascode.loaded()"
    rows = connection.execute(f"SELECT name, revision, definitions, readers FROM {listed}".encode()).fetchall()  # noqa: S608
    return [Loaded(name, revision, count, tuple(readers)) for name, revision, count, readers in rows]


def repository_number(cursor: Cursor, name: str) -> int:
    """Return a repository's number.

    Raises:
        TeamSetupError: There is none of that name.
    """
    cursor.execute("SELECT id FROM cascode.repositories WHERE name = %s", (name,))
    row = cursor.fetchone()
    if row is None:
        raise TeamSetupError(f"the team's index has no repository {name!r}: 'cascode team status' lists them")
    return int(row[0])
