"""A real PostgreSQL with pgvector, an index folder of each test's own, and a stand-in for the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from fake_encoder import fake_model
from postgres_server import Node, programs_folder, server
from small_workspace import index_folder, workspace

__all__ = ["fake_model", "index_folder", "workspace"]


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A server for all tests of a run."""
    if programs_folder() is None:
        pytest.skip("PostgreSQL with pgvector is not here: 'make setup-team' fetches it")
    with server() as nodes:
        yield nodes[0]


@pytest.fixture(scope="module")
def database(node: Node, request: pytest.FixtureRequest) -> str:
    """A database for the tests of one file: its name."""
    import psycopg

    name = str(request.module.__name__).rpartition(".")[2]
    with psycopg.connect(node.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return name


@pytest.fixture(scope="module")
def admin(node: Node, database: str) -> Iterator[Any]:
    """A connection of who loads."""
    import psycopg

    with psycopg.connect(node.url(database=database), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def make_role(node: Node) -> Iterator[Any]:
    """Makes roles that may log in; they are dropped with the server."""
    import psycopg

    with psycopg.connect(node.url(), autocommit=True) as connection:

        def make(name: str, *groups: str) -> None:
            existing = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
            if existing is None:
                connection.execute(f"CREATE ROLE {name} LOGIN".encode())
            for group in groups:
                connection.execute(f"GRANT {group} TO {name}".encode())

        yield make


def rows(connection: Any, statement: str) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a statement."""
    found: Sequence[tuple[Any, ...]] = connection.execute(statement.encode()).fetchall()
    return found
