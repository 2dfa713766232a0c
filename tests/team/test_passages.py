"""Long functions: each further passage has a vector that clients take, and that stands for its function in a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.team.types import TeamQuestion
from cascode_models.text import passages
from cascode_team.access import grant
from cascode_team.client import PostgresTeam
from cascode_team.forget import forget
from cascode_team.loading.read import read_repository
from fake_encoder import FakeEncoder, FakeModelHandle
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

WORDS = [
    "anchor", "barley", "candle", "dagger", "ember", "falcon", "garnet", "harbor", "island", "jasmine",
    "kettle", "lantern", "marble", "nectar", "orchid", "pebble", "quarry", "ribbon", "saddle", "timber",
]  # fmt: skip


def long_function(name: str, words: list[str]) -> str:
    """A function of several passages, each about words of its own."""
    lines = [f"    {word} = measure_{word}(value, '{word}', {number})" for word in words for number in range(4)]
    return "\n".join([f"def {name}(value):", *lines, "    return value"]) + "\n"


LONG = long_function("prepare_voyage", WORDS)


@pytest.fixture
def voyage(admin: Any, make_role: Any, tmp_path: Path) -> Path:
    """A repository with a long function, which Vera may read, among others that say little."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    small = "\n\n\n".join(f"def small_{n}(value):\n    return {n}" for n in range(20))
    folder = write_repository(tmp_path / "voyage", {"voyage.py": LONG, "small.py": small})
    load(admin, folder, encoder=FakeEncoder(states=True))
    for role in ("vera", "wim"):
        make_role(role)
    grant(admin, "voyage", "vera")
    load(admin, write_repository(tmp_path / "garden", {"garden.py": "def water():\n    return 1\n"}))
    grant(admin, "garden", "wim")
    return folder


def parts_of(folder: Path) -> list[str]:
    """The passages of the long function."""
    extracted, _ = read_repository(folder, sources=False)
    (text,) = (text for text in extracted.texts.values() if len(passages(text)) > 1)
    return passages(text)


def test_a_clone_of_what_the_team_has_loaded_encodes_nothing(
    node: Node, database: str, voyage: Path, index_folder: Path
) -> None:
    """Not even the further passages of long functions."""
    encoder = FakeEncoder(states=True)
    team = PostgresTeam(node.url("vera", database=database), seconds=20.0)
    with Engine([voyage], model=FakeModelHandle(encoder), team=team) as engine:
        engine.update()
        answer = engine.search(SearchRequest("prepare a voyage"))
    team.close()
    assert answer.pending == 0
    assert len(parts_of(voyage)) > 2
    assert encoder.encoded_texts == []


@pytest.mark.parametrize("only", [{}, {"languages": ("python",)}])
@pytest.mark.parametrize("walk", [20_000, 1])
def test_a_passage_stands_for_its_function(
    node: Node, database: str, voyage: Path, admin: Any, only: dict[str, Any], walk: int
) -> None:
    """What it does at its end finds it, once, as near as its nearest passage, with the states of all; also where the
    index gives up and everything is compared."""
    admin.execute(f"ALTER ROLE vera SET hnsw.max_scan_tuples = {walk}".encode())
    encoder = FakeEncoder(states=True)
    parts = parts_of(voyage)
    (vector,) = encoder.encode_queries([parts[-1]])
    team = PostgresTeam(node.url("vera", database=database), seconds=20.0)
    found = team.search(TeamQuestion(encoder.fingerprint, vector, limit=30, with_states=True, **only))
    nothing = team.search(TeamQuestion(encoder.fingerprint, vector, ("java",), limit=30))
    team.close()
    assert nothing == []
    assert [row.qualified_name for row in found].count("prepare_voyage") == 1
    assert (found[0].qualified_name, found[0].key) == ("prepare_voyage", text_key(parts[0]))
    assert found[0].similarity == pytest.approx(1.0, abs=0.01)
    made = encoder.encode_definitions(parts).states
    assert made is not None
    assert found[0].states == b"".join(made)
    assert len(found) == 21


def test_who_may_not_read_a_function_gets_none_of_its_passages(node: Node, database: str, voyage: Path) -> None:
    """Not even where they know what it says."""
    encoder = FakeEncoder(states=True)
    keys = [text_key(part) for part in parts_of(voyage)]
    for role, expected in (("vera", list(range(len(keys)))), ("wim", [])):
        team = PostgresTeam(node.url(role, database=database), seconds=20.0)
        assert team.vectors(encoder.fingerprint, keys, with_states=True)[0] == expected
        team.close()


def test_of_tests_the_beginning_alone_is_loaded(admin: Any, voyage: Path, tmp_path: Path) -> None:
    """As in a workspace's index."""
    folder = write_repository(tmp_path / "checks", {"tests/test_voyage.py": long_function("test_voyage", WORDS[::-1])})
    (report,) = load(admin, folder)
    assert (report.definitions, report.texts) == (1, 1)


def test_passages_follow_their_function(admin: Any, voyage: Path) -> None:
    """A shorter one has fewer; with its repository the last are gone, and their vectors."""
    count = "SELECT count(*) FROM cascode.passages"
    before = admin.execute(count).fetchone()[0]
    (voyage / "voyage.py").write_text(long_function("prepare_voyage", WORDS[:5]))
    load(admin, voyage, encoder=FakeEncoder(states=True))
    assert 0 < admin.execute(count).fetchone()[0] < before
    forget(admin, "voyage")
    assert admin.execute(count).fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM cascode.vectors").fetchone() == (1,)
