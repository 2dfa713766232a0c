"""Three nodes: one dies while it is asked, another one takes its place, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cascode_indexer.team.types import TeamQuestion, TeamUnavailableError
from cascode_team.access import grant
from cascode_team.client import PostgresTeam
from cascode_team.connection import connected
from cascode_team.errors import TeamSetupError
from fake_encoder import FakeEncoder
from postgres_server import Node, programs_folder, server
from team_loading import load, write_repository

pytestmark = pytest.mark.team

_ROLE = "CREATE ROLE ana LOGIN"
SOURCE = "def charge_card(card):\n    return card\n\n\ndef refund_card(card):\n    return -card\n"


@pytest.fixture(scope="module")
def nodes() -> Iterator[Sequence[Node]]:
    """A primary and two streaming replicas."""
    if programs_folder() is None:
        pytest.skip("PostgreSQL with pgvector is not here: 'make setup-team' fetches it")
    with server(replicas=2) as started:
        yield started


def hosts(nodes: Sequence[Node], role: str, session: str = "any") -> str:
    """An address of several nodes."""
    places = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"postgresql://{role}@{places}/postgres?sslmode=disable&target_session_attrs={session}"


def wait_for_replicas(primary: Any, replicas: Sequence[Node]) -> None:
    """Wait until the replicas have all that the primary has."""
    (position,) = primary.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    for replica in replicas:
        with psycopg.connect(replica.url(), autocommit=True) as connection:
            while connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,)).fetchone() != (
                True,
            ):
                pass


def test_who_loads_gets_the_primary_and_who_asks_any(nodes: Sequence[Node]) -> None:
    """Of an address that is for searches, whichever host stands first."""
    primary, first, second = nodes
    asks = "SELECT pg_is_in_recovery()"
    for order in ((first, second, primary), (primary, first, second)):
        with connected(hosts(order, "admin"), writes=True) as connection:
            assert connection.execute(asks).fetchone() == (False,)
        with connected(hosts(order, "admin"), writes=False) as connection:
            assert connection.execute(asks).fetchone() == (order[0] is not primary,)
    with (
        pytest.raises(TeamSetupError, match=r"127\.0\.0\.1.*read-only"),
        connected(hosts((first, second), "admin"), writes=True),
    ):
        pass


def test_nodes_that_die_cost_a_retry_and_nothing_is_lost(nodes: Sequence[Node], tmp_path: Path) -> None:
    """Eight clients go on searching while a replica is killed, then the primary; the other one is promoted."""
    primary, first, second = nodes
    folder = write_repository(tmp_path / "billing", {"pay.py": SOURCE})
    with psycopg.connect(primary.url(), autocommit=True) as admin:
        load(admin, folder)
        admin.execute(_ROLE)
        grant(admin, "billing", "ana")
        wait_for_replicas(admin, (first, second))
        stored = admin.execute("SELECT key, vector::text FROM cascode.vectors ORDER BY key").fetchall()
    encoder = FakeEncoder()
    (vector,) = encoder.encode_queries(["charge a card"])
    question = TeamQuestion(encoder.fingerprint, vector, limit=5)
    failures: list[str] = []
    answers = [0] * 8
    ended = threading.Event()

    def client(number: int) -> None:
        ordered = [nodes[(number + step) % 3] for step in range(3)]
        team = PostgresTeam(hosts(ordered, "ana"), seconds=30.0)
        while not ended.is_set():
            try:
                found = team.search(question)
                if found[0].qualified_name != "charge_card":
                    failures.append(f"{found}")
                answers[number] += 1
            except TeamUnavailableError as error:
                failures.append(str(error))
        team.close()

    def all_answer_again() -> None:
        """Wait until every client has answered twice more: the first may have been under way."""
        wanted = [count + 2 for count in answers]
        while not failures and any(count < least for count, least in zip(answers, wanted, strict=True)):
            ended.wait(0.01)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        all_answer_again()
        first.stop("immediate")
        all_answer_again()
        primary.stop("immediate")
        second.promote()
        all_answer_again()
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)
    assert failures == []
    (folder / "more.py").write_text("def void_card(card):\n    return None\n")
    with psycopg.connect(hosts(nodes, "admin", "read-write"), autocommit=True) as admin:
        assert admin.execute("SELECT key, vector::text FROM cascode.vectors ORDER BY key").fetchall() == stored
        (report,) = load(admin, folder)
        assert (report.definitions, report.encoded) == (3, 1)
