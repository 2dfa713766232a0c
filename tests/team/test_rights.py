"""Rights of who loads: what is missing is named in statements that work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cascode_team.access import grant, repositories
from cascode_team.errors import TeamSetupError
from cascode_team.schema import MIGRATIONS, migrate
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team


@pytest.fixture
def code(node: Node) -> Iterator[str]:
    """A database of its own for each test, which nobody but the superuser may change."""
    with psycopg.connect(node.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rights_of_loaders")
        connection.execute("CREATE DATABASE rights_of_loaders")
    yield "rights_of_loaders"
    with psycopg.connect(node.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE rights_of_loaders WITH (FORCE)")


@contextlib.contextmanager
def as_role(node: Node, database: str, role: str | None = None) -> Iterator[Any]:
    """A connection of a role; of the superuser without."""
    with psycopg.connect(node.url(role, database=database), autocommit=True) as connection:
        yield connection


def statements_of(error: pytest.ExceptionInfo[TeamSetupError]) -> str:
    """What a message says that a superuser should run."""
    said = str(error.value)
    assert "let a superuser run in this database: " in said
    return said.split("let a superuser run in this database: ", 1)[1]


def test_what_a_loader_lacks_is_what_a_superuser_runs(node: Node, code: str, make_role: Any, tmp_path: Path) -> None:
    """From no right at all to loading and granting, in the statements of one message."""
    make_role("plain_loader")
    make_role("rights_reader")
    with as_role(node, code, "plain_loader") as own:
        with pytest.raises(TeamSetupError, match="the role 'plain_loader' may not set up") as refused:
            migrate(own)
        with as_role(node, code) as superuser:
            superuser.execute(statements_of(refused).encode())
        (report,) = load(own, write_repository(tmp_path / "shop", {"a.py": "def a():\n    return 1\n"}))
        assert report.error is None
        grant(own, "shop", "rights_reader")
        assert [row.readers for row in repositories(own)] == [("rights_reader",)]


def test_tables_that_a_superuser_made_are_handed_over(node: Node, code: str, make_role: Any, tmp_path: Path) -> None:
    """Who owns the database and not the tables is refused before anything is read; afterwards they load and grant."""
    make_role("later_loader")
    make_role("rights_reader")
    folder = write_repository(tmp_path / "shop", {"a.py": "def a():\n    return 1\n"})
    with as_role(node, code) as superuser, as_role(node, code, "later_loader") as own:
        load(superuser, folder)
        superuser.execute("GRANT USAGE ON SCHEMA cascode TO later_loader")
        superuser.execute("ALTER DATABASE rights_of_loaders OWNER TO later_loader")
        with pytest.raises(TeamSetupError, match="the role 'later_loader' may not set up") as refused:
            load(own, folder)
        assert "CREATE EXTENSION" not in str(refused.value)
        superuser.execute(statements_of(refused).encode())
        (folder / "b.py").write_text("def b():\n    return 2\n")
        (report,) = load(own, folder)
        assert (report.error, report.definitions) == (None, 2)
        grant(own, "shop", "rights_reader")


def test_a_loader_of_a_second_database_is_given_the_group(
    node: Node, code: str, make_role: Any, tmp_path: Path
) -> None:
    """The group is there and somebody else's: a grant says who must give it, and works then."""
    make_role("second_loader")
    make_role("other_reader")
    with as_role(node, code) as superuser, as_role(node, code, "second_loader") as own:
        superuser.execute("ALTER DATABASE rights_of_loaders OWNER TO second_loader")
        superuser.execute("CREATE EXTENSION vector")
        superuser.execute("DO $$ BEGIN CREATE ROLE cascode_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        (report,) = load(own, write_repository(tmp_path / "shop", {"a.py": "def a():\n    return 1\n"}))
        assert report.error is None
        with pytest.raises(TeamSetupError, match="'other_reader' cannot be made a reader") as refused:
            grant(own, "shop", "other_reader")
        assert repositories(own)[0].readers == ()
        assert statements_of(refused) == "GRANT cascode_reader TO second_loader WITH ADMIN OPTION"
        superuser.execute(statements_of(refused).encode())
        grant(own, "shop", "other_reader")


def test_tables_that_are_up_to_date_are_not_touched(node: Node, code: str, make_role: Any) -> None:
    """Their owner needs neither the database nor the right to make a schema or a role."""
    make_role("bare_loader")
    with as_role(node, code) as superuser:
        migrate(superuser)
        names = superuser.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'cascode'::regnamespace AND relkind = 'r'"
        ).fetchall()
        for (name,) in names:
            superuser.execute(f"ALTER TABLE cascode.{name} OWNER TO bare_loader".encode())
        functions = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'cascode'::regnamespace"
        for (name,) in superuser.execute(functions).fetchall():
            superuser.execute(f"ALTER FUNCTION {name} OWNER TO bare_loader".encode())
        superuser.execute("GRANT USAGE ON SCHEMA cascode TO bare_loader")
    with as_role(node, code, "bare_loader") as own:
        migrate(own)
        own.execute("INSERT INTO cascode.migrations VALUES (%s)", (len(MIGRATIONS) + 1,))
        with pytest.raises(TeamSetupError, match="later version of cascode"):
            migrate(own)
