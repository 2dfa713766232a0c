"""Connections to a team's index: a host that has gone silent, questions one after another, and when they are closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cascode_indexer.team.types import TeamQuestion, TeamUnavailableError
from cascode_team.access import grant
from cascode_team.address import Address
from cascode_team.client import PostgresTeam
from cascode_team.connection import connected
from cascode_team.line import Line
from fake_encoder import FakeEncoder
from postgres_server import Node
from tcp_proxy import proxy
from team_loading import load, write_repository

pytestmark = pytest.mark.team

SOURCE = "def charge_card(card):\n    return card\n\n\ndef refund_card(card):\n    return -card\n"


@pytest.fixture(scope="module")
def question() -> TeamQuestion:
    """One that the index answers at once."""
    encoder = FakeEncoder()
    return TeamQuestion(encoder.fingerprint, encoder.encode_queries(["charge a card"])[0], limit=1)


@pytest.fixture(scope="module")
def reader(database: str, admin: Any, make_role: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A role that may read the one repository that is loaded."""
    load(admin, write_repository(tmp_path_factory.mktemp("line") / "billing", {"pay.py": SOURCE}))
    make_role("lena")
    grant(admin, "billing", "lena")
    return "lena"


def address_of(node: Node, reader: str, database: str, port: int) -> str:
    """The address of a way to the server."""
    return node.url(reader, database=database).replace(f":{node.port}/", f":{port}/")


def seconds_of(work: Callable[[], object]) -> tuple[float, str]:
    """Do what must fail; return how long that took, and what was said. It fails where it does not end at all."""
    said: list[str] = []

    def run() -> None:
        try:
            work()
        except TeamUnavailableError as error:
            said.append(str(error))

    begun = time.monotonic()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it waits without end"
    return time.monotonic() - begun, said[0]


def test_a_host_that_goes_silent_is_waited_for_once(
    node: Node, database: str, reader: str, question: TeamQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stands, and nothing comes: the question ends, and the next one fails at once for half a minute."""
    monkeypatch.setattr("cascode_team.line._GRACE_SECONDS", 0.5, raising=False)
    with proxy(node.port) as way:
        team = PostgresTeam(address_of(node, reader, database, way.port), seconds=0.5)
        assert team.search(question)
        way.silence()
        took, said = seconds_of(lambda: team.search(question))
        assert took < 5
        assert "no answer within 1 s" in said
        took, said = seconds_of(lambda: team.search(question))
        assert took < 0.3
        assert said.endswith("(asked again after 30 s)")
        team.close()


def test_indexing_goes_on_where_a_host_goes_silent(
    node: Node, database: str, reader: str, question: TeamQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up ends, too: it takes longer than a search, and not for ever."""
    monkeypatch.setattr("cascode_team.line._GRACE_SECONDS", 0.5, raising=False)
    monkeypatch.setattr("cascode_team.client._LOOKUP_SECONDS", 0.5)
    with proxy(node.port) as way:
        team = PostgresTeam(address_of(node, reader, database, way.port), seconds=0.5)
        team.vectors(question.fingerprint, [b"0" * 16], with_states=False)
        way.silence()
        took, _ = seconds_of(lambda: team.vectors(question.fingerprint, [b"0" * 16], with_states=False))
        assert took < 5
        team.close()


def test_nobody_waits_behind_a_question_that_is_overdue(
    node: Node, database: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait as long as it may take, then no longer; once it has ended after all, the line is open again."""
    monkeypatch.setattr("cascode_team.line._GRACE_SECONDS", 0.0, raising=False)
    line = Line(Address.parse(node.url(reader, database=database)), 0.2, 0.2)
    begun, ended = threading.Event(), threading.Event()

    def hang(connection: Any) -> None:
        begun.set()
        ended.wait(30)

    stuck = threading.Thread(target=line.ask, args=(hang,), daemon=True)
    stuck.start()
    begun.wait(10)
    took, said = seconds_of(lambda: line.ask(lambda connection: None))
    assert took < 1
    assert "is still answering the question before" in said
    time.sleep(2.5)  # a host may take 2 s to connect to
    took, said = seconds_of(lambda: line.ask(lambda connection: None))
    assert took < 0.1
    assert said.endswith("does not answer")
    took, said = seconds_of(lambda: line.ask(lambda connection: None))
    assert took < 0.1
    assert said.endswith("does not answer (asked again after 30 s)")
    ended.set()
    stuck.join(10)
    assert line.ask(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    line.close()


def test_a_silent_host_is_noticed_by_the_system_too(node: Node, database: str, reader: str) -> None:
    """Connections of searches and of loads have keep-alives; where the address sets some, those hold."""
    url = node.url(reader, database=database)
    line = Line(Address.parse(url), 5.0, 5.0)
    found = line.ask(lambda connection: connection.info.get_parameters())
    line.close()
    wanted = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "25000"}
    assert wanted.items() <= found.items()
    with connected(f"{url}&keepalives_idle=77", writes=False) as connection:
        assert wanted | {"keepalives_idle": "77"} == {
            name: value for name, value in connection.info.get_parameters().items() if name in wanted
        }


def test_a_connection_that_nobody_uses_is_closed(
    node: Node, database: str, admin: Any, reader: str, question: TeamQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server has some hundred of them for everybody; the next question opens a new one."""
    monkeypatch.setattr("cascode_team.line._IDLE_SECONDS", 0.3, raising=False)
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    opened = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'lena'"
    for _ in range(2):
        assert team.search(question)
        assert admin.execute(opened).fetchone() == (1,)
        until = time.monotonic() + 10
        while admin.execute(opened).fetchone() != (0,):
            assert time.monotonic() < until, "it stays open"
            time.sleep(0.05)
    team.close()


def test_a_search_goes_there_and_back_once(node: Node, database: str, reader: str, question: TeamQuestion) -> None:
    """The first connects, sets it up and asks for the model's number before; those after it ask alone."""
    with proxy(node.port) as way:
        team = PostgresTeam(address_of(node, reader, database, way.port), seconds=20.0)
        assert team.search(question)
        assert way.turns <= 4
        before = way.turns
        assert team.search(question)
        assert way.turns == before + 1
        team.close()


def test_a_model_of_another_number_is_found_again(
    node: Node, database: str, admin: Any, reader: str, question: TeamQuestion, tmp_path: Path
) -> None:
    """The number that was remembered is asked for again where it brings nothing: the index was made again since."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    (before,) = team.search(question)
    admin.execute("DROP SCHEMA cascode CASCADE")
    load(admin, write_repository(tmp_path / "other", {"a.py": "def f():\n    pass\n"}), encoder=FakeEncoder("another"))
    load(admin, write_repository(tmp_path / "billing", {"pay.py": SOURCE}))
    grant(admin, "billing", reader)
    (after,) = team.search(question)
    assert (after.qualified_name, after.key) == (before.qualified_name, before.key)
    team.close()
