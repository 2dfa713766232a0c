"""A search with a team's index: what it adds, what local code goes before, and what happens where it is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import vector_cache_path
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.vector_cache import VectorCache, text_key
from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_models.types import FloatArray
from cascode_team.access import grant
from cascode_team.client import PostgresTeam
from cascode_team.loading.read import read_repository
from fake_encoder import FakeEncoder, FakeModelHandle
from postgres_server import Node
from small_workspace import UPLOAD
from team_loading import load, write_repository

pytestmark = pytest.mark.team

BILLING = '''def charge_credit_card(card, amount):
    """Charge an amount to a credit card."""
    return gateway.charge(card, amount)


def refund_credit_card(payment):
    """Give the money of a payment back."""
    return gateway.refund(payment)
'''
#: Positions, vectors, states.
Given = tuple[list[int], FloatArray, tuple[bytes, ...] | None]
QUERY = SearchRequest("charge an amount to a credit card", team=True)


class Away:
    """A team's index that nobody can reach."""

    label = "db.example.org/code"
    seconds = 0.2

    def vectors(self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool) -> Given:
        """It cannot be asked."""
        raise TeamUnavailableError(f"{self.label}: connection refused")

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """It cannot be asked."""
        raise TeamUnavailableError(f"{self.label}: connection refused")

    def close(self) -> None:
        """Nothing is open."""


class Slow(Away):
    """A team's index that does not answer before the search has ended."""

    def __init__(self) -> None:
        self.search_ended = threading.Event()

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """It answers too late."""
        self.search_ended.wait(60)
        return []


@pytest.fixture(scope="module")
def team(
    node: Node, database: str, admin: Any, make_role: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresTeam]:
    """A team's index with the repository ``billing``, as Ana sees it."""
    load(admin, write_repository(tmp_path_factory.mktemp("team") / "billing", {"src/pay.py": BILLING}))
    make_role("ana")
    grant(admin, "billing", "ana")
    opened = PostgresTeam(node.url("ana", database=database), seconds=20.0)
    yield opened
    opened.close()


def search(root: Path, team: Any, request: SearchRequest = QUERY) -> Any:
    """Index a workspace, and search it with a team's index."""
    with Engine([root], model=FakeModelHandle(), team=team) as engine:
        engine.update()
        answer = engine.search(request)
        return answer, [engine.snippet(hit) for hit in answer.hits]


def test_hits_of_the_team_are_ranked_with_local_ones(workspace: Path, team: PostgresTeam) -> None:
    """A definition of another repository comes first where it answers best, with its repository, lines and code."""
    answer, snippets = search(workspace, team)
    best = answer.hits[0]
    assert (best.repository, best.path, best.name, best.start_line, best.end_line) == (
        "billing", "src/pay.py", "charge_credit_card", 1, 3,
    )  # fmt: skip
    assert snippets[0].startswith("def charge_credit_card(card, amount):")
    assert any(hit.repository is None for hit in answer.hits)
    assert answer.team_note is None


def test_a_search_that_does_not_ask_for_the_team_has_none_of_it(workspace: Path, team: PostgresTeam) -> None:
    """Without the flag only the workspace answers."""
    answer, _ = search(workspace, team, SearchRequest(QUERY.query))
    assert answer.hits
    assert all(hit.repository is None for hit in answer.hits)


def test_a_local_copy_goes_before_the_team_s(workspace: Path, team: PostgresTeam) -> None:
    """A text that lies here is shown from the workspace alone; what has only the path and name of another is not it."""
    (workspace / "copied.py").write_text(BILLING.split("\n\n\n")[0] + "\n")
    (workspace / "src" / "pay.py").write_text(
        'def refund_credit_card(payment):\n    """Changed here."""\n    return gateway.refund(payment, now=True)\n'
    )
    answer, _ = search(workspace, team)
    shown = [(hit.repository, hit.name) for hit in answer.hits if "credit_card" in hit.name]
    assert sorted(shown, key=str) == [
        ("billing", "refund_credit_card"), (None, "charge_credit_card"), (None, "refund_credit_card"),
    ]  # fmt: skip


def test_filters_hold_for_the_team_too(workspace: Path, team: PostgresTeam) -> None:
    """Languages, kinds and globs leave out what they leave out of a workspace."""
    for wrong in ({"languages": ("javascript",)}, {"kinds": ("class",)}, {"paths": ("*.js",)}):
        answer, _ = search(workspace, team, SearchRequest(QUERY.query, team=True, **wrong))  # type: ignore[arg-type]
        assert all(hit.repository is None for hit in answer.hits), wrong
    right = SearchRequest(QUERY.query, team=True, languages=("python",), kinds=("function",), paths=("src/**",))
    answer, _ = search(workspace, team, right)
    assert answer.hits[0].repository == "billing"


@pytest.mark.parametrize(
    ("team", "said"),
    [
        (Away(), "without the team's index: db.example.org/code: connection refused"),
        (Slow(), "without the team's index: db.example.org/code did not answer in 0.2 s"),
    ],
)
def test_local_answers_do_not_wait_for_a_team_that_is_away(workspace: Path, team: Any, said: str) -> None:
    """They come at once, then the same with a line that says why nothing of the team is among them."""
    partial: list[Any] = []
    with Engine([workspace], model=FakeModelHandle(FakeEncoder(states=True)), team=team) as engine:
        engine.update()
        answer = engine.search(SearchRequest("retry a failed upload", team=True), on_fast=partial.append)
    assert answer.hits[0].name == "retry_failed_upload"
    assert answer.team_note == said
    if isinstance(team, Slow):
        team.search_ended.set()
        assert [early.hits for early in partial] == [answer.hits]
        assert partial[0].team_note is None


def test_a_host_that_is_not_there_is_asked_once_and_not_at_each_step(workspace: Path) -> None:
    """Nothing listens on the port: the index is made here, the search says so, and the next one does not try again."""
    team = PostgresTeam("postgresql://ana:geheim@127.0.0.1:1/code", seconds=5.0)
    encoder = FakeEncoder()
    with Engine([workspace], model=FakeModelHandle(encoder), team=team) as engine:
        engine.update()
        first, second = (engine.search(SearchRequest("retry a failed upload", team=True)) for _ in range(2))
    assert encoder.encoded_texts
    assert first.hits[0].name == second.hits[0].name == "retry_failed_upload"
    assert first.team_note is not None
    assert second.team_note == f"{first.team_note} (asked again after 30 s)"
    assert "127.0.0.1:1/code" in first.team_note
    assert "geheim" not in first.team_note


def test_who_may_see_little_finds_it_among_much(
    node: Node, database: str, admin: Any, make_role: Any, tmp_path: Path
) -> None:
    """Where the index meets nothing but what the user may not see, what they may see is compared one by one."""
    crowd = "\n\n\n".join(f"def charge_card_{n}(card, amount):\n    return {n} + amount" for n in range(600))
    small = "def water_the_garden(roses):\n    return roses\n"
    load(admin, write_repository(tmp_path / "crowd", {"crowd.py": crowd}))
    load(admin, write_repository(tmp_path / "garden", {"garden.py": small}))
    make_role("flora")
    grant(admin, "garden", "flora")
    admin.execute("ALTER ROLE flora SET hnsw.max_scan_tuples = 1")
    encoder = FakeEncoder()
    (vector,) = encoder.encode_queries(["charge card amount"])
    team = PostgresTeam(node.url("flora", database=database), seconds=20.0)
    found = team.search(TeamQuestion(encoder.fingerprint, vector, limit=10))
    team.close()
    assert [row.qualified_name for row in found] == ["water_the_garden"]


def test_vectors_of_the_team_are_taken_instead_of_encoding(
    workspace: Path, node: Node, database: str, admin: Any, make_role: Any, tmp_path: Path
) -> None:
    """What the team has loaded is not encoded again, states included; it lies with packs, not in the shared cache."""
    load(
        admin,
        write_repository(tmp_path / "uploads", {"upload.py": UPLOAD}),
        encoder=FakeEncoder("with-states", states=True),
    )
    make_role("ben")
    grant(admin, "uploads", "ben")
    uploads = set(read_repository(tmp_path / "uploads", sources=False)[0].texts.values())
    encoder = FakeEncoder("with-states", states=True)
    team = PostgresTeam(node.url("ben", database=database), seconds=20.0)
    with Engine([workspace], model=FakeModelHandle(encoder), team=team) as engine:
        engine.update()
        found = engine.search(SearchRequest("retry a failed upload"))
        with engine.workspaces[0].index as index:
            kept = index.cache().get_states([text_key(text) for text in uploads])
    team.close()
    made = FakeEncoder(states=True).encode_definitions(sorted(uploads)).states
    assert made is not None
    assert [kept[text_key(text)] for text in sorted(uploads)] == list(made)
    assert found.hits[0].name == "retry_failed_upload"
    assert found.pending == 0
    assert encoder.encoded_texts
    assert not uploads & set(encoder.encoded_texts)
    shared = VectorCache(vector_cache_path(), encoder.fingerprint, encoder.dimension)
    assert shared.known([text_key(text) for text in uploads]) == set()
    shared.close()


def test_vectors_that_are_none_are_not_taken(workspace: Path) -> None:
    """A hostile or damaged server's vectors of another length or of no number are refused, and encoded here."""

    class Forged(Away):
        def __init__(self, value: float) -> None:
            self.value = value

        def vectors(self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool) -> Given:
            return list(range(len(keys))), np.full((len(keys), 64), self.value, dtype=np.float32), None

    for value in (0.0, 1.0, float("nan"), float("inf")):
        encoder = FakeEncoder(f"model-{value}")
        with Engine([workspace], model=FakeModelHandle(encoder), team=Forged(value)) as engine:
            engine.update()
        assert encoder.encoded_texts, value


@pytest.mark.parametrize("packed", [None, (), b"", b"abc", b"abcdefg", b"\0" * 4 * 8_193])
def test_states_that_are_none_are_not_taken(workspace: Path, packed: Any) -> None:
    """States that are missing, too few, of no whole token or of too many are refused, and encoded here."""

    class Forged(Away):
        def vectors(self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool) -> Given:
            assert with_states
            forged = (packed,) * len(keys) if isinstance(packed, bytes) else packed
            return list(range(len(keys))), FakeEncoder().encode_texts([key.hex() for key in keys]), forged

    encoder = FakeEncoder(states=True)
    with Engine([workspace], model=FakeModelHandle(encoder), team=Forged()) as engine:
        engine.update()
    assert encoder.encoded_texts


def test_a_model_without_states_takes_and_is_sent_none(team: PostgresTeam) -> None:
    """Neither a look-up nor a search brings states where they are not asked for."""
    encoder = FakeEncoder()
    (vector,) = encoder.encode_queries([QUERY.query])
    (first, *_) = team.search(TeamQuestion(encoder.fingerprint, vector, limit=1))
    positions, vectors, states = team.vectors(encoder.fingerprint, [first.key], with_states=False)
    assert (positions, len(vectors), states, first.states) == ([0], 1, None, b"")
    assert team.vectors(encoder.fingerprint, [first.key], with_states=True)[0] == []


def test_hits_of_the_team_are_ordered_by_late_interaction(
    workspace: Path, node: Node, database: str, admin: Any, make_role: Any, tmp_path: Path
) -> None:
    """Of two hits with the same vector that goes first whose states answer; forged states are compared by nobody."""
    encoder = FakeEncoder("late", states=True)
    code = "def settle_{0}(card, amount):\n    return gateway.{0}(card, amount)\n"
    load(
        admin,
        write_repository(tmp_path / "late", {f"{word}.py": code.format(word) for word in ("alpha", "omega")}),
        encoder=encoder,
    )
    make_role("eve")
    grant(admin, "late", "eve")
    answer, silence = (encoder.encode_definitions([text]).states for text in (QUERY.query, "nothing of it"))
    assert answer is not None
    assert silence is not None

    def first_two(alpha: bytes, omega: bytes) -> list[str]:
        """Put states in the place of those that were loaded, and search."""
        for name, states in (("settle_alpha", alpha), ("settle_omega", omega)):
            admin.execute(
                "UPDATE cascode.vectors SET states = %s, vector = (SELECT vector FROM cascode.vectors JOIN "
                "cascode.definitions USING (key) WHERE name = 'settle_alpha' LIMIT 1) "
                "WHERE key = (SELECT key FROM cascode.definitions WHERE name = %s)",
                (states, name),
            )
        team = PostgresTeam(node.url("eve", database=database), seconds=20.0)
        with Engine([workspace], model=FakeModelHandle(encoder), team=team) as engine:
            engine.update()
            hits = engine.search(QUERY).hits
        team.close()
        return [hit.name for hit in hits if hit.repository == "late"]

    assert first_two(answer[0], silence[0]) == ["settle_alpha", "settle_omega"]
    assert first_two(silence[0], answer[0]) == ["settle_omega", "settle_alpha"]
    assert first_two(silence[0], b"abcde") == ["settle_alpha"]
