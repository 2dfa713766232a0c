"""A connection of who loads and grants; errors of the database become one line without a password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cascode_team.address import Address
from cascode_team.errors import TeamSetupError, nothing_to_ask

if TYPE_CHECKING:
    from psycopg import Connection

#: A person waits: longer than this the host is not there.
_CONNECT_SECONDS = 10


@contextlib.contextmanager
def connected(url: str, *, writes: bool) -> Iterator[Connection]:
    """Connect while the block runs.

    Args:
        url: Address of the database.
        writes: Whether the primary is needed: of several hosts the others are passed over, whatever the address says.

    Yields:
        The connection, in autocommit mode.

    Raises:
        TeamSetupError: The database cannot be reached, or refuses.
    """
    import psycopg

    address = Address.parse(url)
    session: dict[str, Any] = {"target_session_attrs": "read-write"} if writes else {}
    try:
        with psycopg.connect(
            address.watched(),
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="cascode team",
            **session,
        ) as connection:
            yield connection
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
        raise TeamSetupError(nothing_to_ask(address.label)) from None
    except psycopg.Error as error:
        raise TeamSetupError(f"{address.label}: {address.clean(str(error))}") from None
