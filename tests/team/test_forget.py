"""A repository that is forgotten leaves nothing behind, and takes nothing that others need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from cascode_team.access import grant, repositories
from cascode_team.errors import TeamSetupError
from cascode_team.forget import Forgotten, forget
from cascode_team.loading.load import Loader
from cascode_team.loading.local import LocalWorkers
from cascode_team.loading.types import LoadProgress, Place
from fake_encoder import FakeEncoder, FakeModelHandle
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

SHARED = "def shared():\n    return 0\n"
OWN = "def own_{0}():\n    return {0}\n"


@pytest.fixture
def two(admin: Any, tmp_path: Path) -> list[Path]:
    """Two repositories with a function of their own each, and one that both have."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    folders = [
        write_repository(tmp_path / name, {"own.py": OWN.format(number), "shared.py": SHARED})
        for number, name in enumerate(("first", "second"))
    ]
    load(admin, *folders)
    return folders


def counts(connection: Any) -> list[int]:
    """Rows of each table, and indexes of vectors."""
    tables = ("repositories", "readers", "definitions", "vectors", "models")
    found = [connection.execute(f"SELECT count(*) FROM cascode.{table}".encode()).fetchone()[0] for table in tables]
    indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'cascode' AND indexname LIKE 'vectors_of_%'"
    return [*found, connection.execute(indexes).fetchone()[0]]


def test_what_others_need_stays_and_the_rest_goes(admin: Any, two: list[Path], make_role: Any) -> None:
    """Definitions, readers, vectors of its own and those of a revision before; with the last one the model, too."""
    make_role("forgets")
    grant(admin, "first", "forgets")
    (two[0] / "own.py").write_text(OWN.format(7))
    load(admin, two[0])
    assert counts(admin) == [2, 1, 4, 4, 1, 1]
    assert forget(admin, "first") == Forgotten(definitions=2, vectors=2)
    assert [row.name for row in repositories(admin)] == ["second"]
    assert counts(admin) == [1, 0, 2, 2, 1, 1]
    assert forget(admin, "second") == Forgotten(definitions=2, vectors=2)
    assert counts(admin) == [0, 0, 0, 0, 0, 0]
    encoder = FakeEncoder()
    (again, _) = load(admin, *two, encoder=encoder)
    assert (again.error, again.encoded) == (None, 2)
    assert counts(admin) == [2, 0, 4, 3, 1, 1]


def test_what_is_not_there_cannot_be_forgotten(admin: Any, two: list[Path]) -> None:
    """One line, and whoever loads afterwards is not kept waiting."""
    with pytest.raises(TeamSetupError, match="no repository 'third'"):
        forget(admin, "third")
    assert len(load(admin, *two)) == 2


def test_a_load_keeps_its_vectors(node: Node, database: str, admin: Any, two: list[Path]) -> None:
    """They come before the definitions that need them; until then nothing may be removed, afterwards it may."""
    (two[0] / "more.py").write_text("def more():\n    return 3\n")
    refused: list[str] = []

    def forgets(progress: LoadProgress) -> None:
        if progress.encoded:
            with pytest.raises(TeamSetupError, match="a load is running") as raised:
                forget(admin, "second")
            refused.append(str(raised.value))

    with psycopg.connect(node.url(database=database), autocommit=True) as connection:
        loader = Loader(connection, LocalWorkers(FakeModelHandle()), sources=False, on_progress=forgets)
        (report,) = loader.load([Place("first", str(two[0]))])
        assert report.error is None
        assert len(refused) == 1
        assert forget(admin, "second").definitions == 2
