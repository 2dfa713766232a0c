"""What of a team's answer is believed, in which time it comes, and what is said where there is none."""

from __future__ import annotations

import decimal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_team import client
from cascode_team.access import grant
from cascode_team.client import PostgresTeam
from fake_encoder import FakeEncoder, FakeModelHandle
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

QUERY = "charge an amount to a credit card"
#: Far from the query, each different.
FAR = "\n\n\n".join(f"def water_garden_{n}(roses):\n    return {n}" for n in range(30))
NEAR = "\n\n\ndef charge_credit_card(card, amount):\n    return card.charge(amount)\n"


@pytest.fixture(scope="module")
def reader(database: str, admin: Any, make_role: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A role that may read a small repository beside a large one that answers as well."""
    parent = tmp_path_factory.mktemp("answers")
    crowd = "\n\n\n".join(f"def charge_card_{n}(card, amount):\n    return {n} + amount" for n in range(600))
    load(admin, write_repository(parent / "crowd", {"crowd.py": crowd}))
    load(admin, write_repository(parent / "garden", {"garden.py": FAR + NEAR}))
    make_role("mia")
    grant(admin, "garden", "mia")
    return "mia"


@pytest.fixture
def giving_up(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The nearest-neighbour index gives up after the first definition that the user may see."""
    statement_of = client._statement

    def statement(*arguments: Any, exact: bool = False) -> tuple[str, dict[str, Any]]:
        made, values = statement_of(*arguments, exact=exact)
        return made, values if exact else {**values, "limit": 1, "vectors": 1}

    monkeypatch.setattr(client, "_statement", statement)
    return statement


def asked(fingerprint: str = "fake-encoder-1", limit: int = 10) -> TeamQuestion:
    """The question."""
    (vector,) = FakeEncoder().encode_queries([QUERY])
    return TeamQuestion(fingerprint, vector, limit=limit)


def test_what_the_index_has_found_stays_among_what_is_compared(
    node: Node, database: str, reader: str, giving_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many definitions only some are compared one by one; the nearest, which the index gave, is first even so."""
    monkeypatch.setattr(client, "_MOST_COMPARED", 2)
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    found = team.search(asked())
    team.close()
    assert found[0].qualified_name == "charge_credit_card"
    assert len(found) == 3
    assert [row.similarity for row in found] == sorted((row.similarity for row in found), reverse=True)


def test_an_answer_comes_within_its_time_whatever_comes_after_it(
    node: Node, database: str, reader: str, giving_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing one by one takes what the index left of the time; what the index found is there before its end."""

    def slow(*arguments: Any, exact: bool = False) -> tuple[str, dict[str, Any]]:
        return ("SELECT pg_sleep(60)", {}) if exact else giving_up(*arguments)

    monkeypatch.setattr(client, "_statement", slow)
    team = PostgresTeam(node.url(reader, database=database), seconds=2.0)
    begun = time.monotonic()
    found = team.search(asked())
    took = time.monotonic() - begun
    monkeypatch.undo()
    assert [row.qualified_name for row in found] == ["charge_credit_card"]
    assert took < 2.0
    assert len(team.search(asked())) == 10, "the next question has its whole time again"
    team.close()


def test_an_index_that_cannot_answer_says_why(node: Node, database: str, reader: str, make_role: Any) -> None:
    """Another model, another width of its vectors, a user who may read nothing: each is a line, and no empty answer."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    with pytest.raises(TeamUnavailableError, match="holds nothing of the model fake-encoder-9: use the model that"):
        team.search(asked("fake-encoder-9"))
    narrow = TeamQuestion("fake-encoder-1", np.eye(32, dtype=np.float32)[0], limit=1)
    with pytest.raises(TeamUnavailableError, match="holds vectors of 64 numbers for the model fake-encoder-1, which h"):
        team.search(narrow)
    assert team.search(asked()), "none of it keeps it from being asked"
    team.close()
    make_role("nora", "cascode_reader")
    team = PostgresTeam(node.url("nora", database=database), seconds=20.0)
    with pytest.raises(TeamUnavailableError, match="no repository that you may read: whoever runs it grants"):
        team.search(asked())
    team.close()


def test_filters_that_let_nothing_through_are_no_fault(node: Node, database: str, reader: str) -> None:
    """Nothing is found, and nothing is said: the index is as it should be."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    question = asked()
    assert team.search(TeamQuestion(question.fingerprint, question.vector, languages=("cobol",))) == []
    team.close()


def test_a_definition_comes_with_the_origin_of_its_repository(
    node: Node, database: str, admin: Any, reader: str
) -> None:
    """So that what lies here of the same repository goes before it; of a folder there is none."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    for origin in (None, "git.example.org/acme/garden"):
        admin.execute("UPDATE cascode.repositories SET origin = %s WHERE name = 'garden'", (origin,))
        assert {found.origin for found in team.search(asked())} == {origin or ""}
    team.close()


def test_another_model_is_noted_with_the_answer(workspace: Path, node: Node, database: str, reader: str) -> None:
    """A search is answered from here, with a line; indexing goes on here, too."""
    encoder = FakeEncoder("fake-encoder-9")
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    with Engine([workspace], model=FakeModelHandle(encoder), team=team) as engine:
        engine.update()
        answer = engine.search(SearchRequest("retry a failed upload", team=True))
    team.close()
    assert encoder.encoded_texts
    assert answer.hits[0].name == "retry_failed_upload"
    assert "holds nothing of the model fake-encoder-9" in str(answer.team_note)


def test_an_editor_without_a_folder_has_the_team_s_answers_too(
    tmp_path: Path, node: Node, database: str, reader: str
) -> None:
    """Open files alone are no reason to throw away what the team's index has found."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    for typed in ((), ("def peel_apple(knife):\n    return knife\n",)):
        with Engine([], model=FakeModelHandle(), team=team) as engine:
            engine.warm_up()
            for text in typed:
                engine.set_overlay(tmp_path / "open.py", text)
            answer = engine.search(SearchRequest(QUERY, team=True, wait_for_model=True))
        assert (answer.hits[0].repository, answer.hits[0].name) == ("garden", "charge_credit_card")
    team.close()


def test_more_rows_than_were_asked_for_are_not_taken(node: Node, database: str, reader: str) -> None:
    """A server that goes on sending is left before memory is full."""
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)

    def endless(connection: Any) -> Any:
        return client._fetch(connection, "SELECT generate_series(1, 1000000000000)", None, 5)

    with pytest.raises(TeamUnavailableError, match="it gave more rows than were asked for"):
        team._searches.ask(endless)
    team.close()


@pytest.mark.parametrize(
    "row",
    [
        "NULL::bytea, NULL::bytea, NULL::bytea",
        "'abc', 'abc'::bytea, ''::bytea",
        "10::bigint, ''::bytea, ''::bytea",
        "'\\x00'::bytea, '\\x00000000ff'::bytea, ''::bytea",
    ],
)
def test_a_look_up_that_brings_something_else_is_an_error(
    node: Node, database: str, reader: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in the place of keys and vectors: it is one line, and no other exception."""
    monkeypatch.setattr(client, "_VECTORS", f"SELECT {row} WHERE (%s, %s, %s) IS NOT NULL")
    team = PostgresTeam(node.url(reader, database=database), seconds=20.0)
    with pytest.raises(TeamUnavailableError):
        team.vectors("fake-encoder-1", [b"\0" * 16, b"\0"], with_states=False)
    team.close()


RIGHT: tuple[Any, ...] = (
    b"k" * 16, "acme/billing", "git.example.org/acme/billing", "abc", "src/pay.py", "python", "pay", "pay", "function",
    "def pay()", "", "", 1, 3, 1, 4, 0.5, b"",
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "values"),
    [
        (0, (None, 16, "k" * 16, b"short")),
        (1, (None, 7)),
        (4, (None, "/etc/passwd", "a/../../b", 3)),
        (5, (None, "klingon")),
        (8, ("planet", None)),
        (11, (None, b"code")),
        (12, (0, None, "1", True, decimal.Decimal(1), 2)),
        (13, (0, 10**30)),
        (15, (-1, 10**30, None)),
        (16, (float("nan"), float("inf"), 1e9, -2.0, None, "0.5", decimal.Decimal("0.5"))),
        (17, ("states", 5)),
    ],
)
def test_rows_that_are_no_definition_are_left_out(at: int, values: Sequence[Any]) -> None:
    """By types, bounds and similarities that no two vectors have; the row that is right is taken."""
    right = client._definition(RIGHT)
    assert right is not None
    assert (right.similarity, right.origin) == (0.5, "git.example.org/acme/billing")
    for value in values:
        assert client._definition((*RIGHT[:at], value, *RIGHT[at + 1 :])) is None, value


def test_a_row_without_an_origin_or_states_is_one() -> None:
    """Of a folder, and of a model that keeps none."""
    found = client._definition((*RIGHT[:2], None, *RIGHT[3:17], None))
    assert found is not None
    assert (found.origin, found.states) == ("", b"")


class Raising:
    """A team's index that fails in a way that nobody has thought of."""

    label = "db.example.org/code"
    seconds = 5.0

    def __init__(self) -> None:
        self.asked = threading.Event()

    def vectors(self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool) -> Any:
        """It fails."""
        self.asked.set()
        raise TypeError("unhashable type")

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """It finds nothing."""
        return []

    def close(self) -> None:
        """Nothing is open."""


def test_a_workspace_is_indexed_whatever_a_look_up_does(workspace: Path) -> None:
    """An exception of it is logged, and everything is encoded here."""
    encoder = FakeEncoder()
    team = Raising()
    with Engine([workspace], model=FakeModelHandle(encoder), team=team) as engine:
        (report,) = engine.update()
    assert team.asked.is_set()
    assert report.encoded == len(encoder.encoded_texts) > 0


def test_a_cancelled_update_asks_for_no_more_vectors(workspace: Path) -> None:
    """Nobody waits for look-ups of an index that is no longer wanted."""
    from cascode_indexer.team.supply import supply_of

    team = Raising()
    with Engine([workspace], model=FakeModelHandle(), team=team) as engine, engine.workspaces[0].index as index:
        supply = supply_of(team, FakeEncoder(), index.cache(), lambda: True)  # type: ignore[arg-type]
        assert supply([b"k" * 16]) == set()
    assert not team.asked.is_set()
