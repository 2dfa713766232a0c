"""The commands of who runs a team's index: what they say on the way and at the end."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cascode_server.cli.commands import run
from cascode_server.settings import TEAM_VARIABLE
from cascode_team.loading.local import LocalWorkers
from fake_encoder import FakeModelHandle
from postgres_server import Node
from team_loading import write_repository

pytestmark = pytest.mark.team


@pytest.fixture
def index(node: Node, database: str, admin: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """An empty database that the settings name, and a stand-in for the model."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    monkeypatch.setenv("CASCODE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv(TEAM_VARIABLE, node.url(database=database))
    monkeypatch.setattr("cascode_team.loading.local.LocalWorkers", lambda _: LocalWorkers(FakeModelHandle()))
    return admin


def test_a_load_says_what_it_does_and_what_it_left_out(
    index: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line as a clone and as its reading begin; at the end a repository that was read in part does not look whole."""
    shop = write_repository(tmp_path / "shop", {"shop.py": "def buy():\n    return 1\n", "data.bin": "1"})
    git = ["git", "-C", str(shop), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    write_repository(tmp_path / "tools", {"tool.py": "def cut():\n    return 2\n"})
    (tmp_path / "list").write_text("shop shop\ntools tools\nnone none\n")
    assert run(["team", "load", str(tmp_path / "list")]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if " text encoded" not in line or "," in line]
    assert [*lines[:2], lines[3]] == ["shop: cloning", "shop: reading", "tools: reading"]
    assert "1 definition in 1 file, 1 of 1 text encoded, 2 skipped: 1 unsupported language, 1 vendored, " in lines[2]
    assert "encoded, 0 skipped, " in lines[4]
    assert lines[5:] == [f"left out: none: there is no folder {tmp_path / 'none'}"]


def test_an_index_with_nothing_to_see_says_so(
    node: Node, database: str, index: Any, make_role: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """For a role without a grant as for an index without repositories: one line, and the status of nothing found."""
    write_repository(tmp_path / "tools", {"tool.py": "def cut():\n    return 2\n"})
    (tmp_path / "list").write_text("tools tools\n")
    assert run(["team", "load", str(tmp_path / "list")]) == 0
    make_role("stranger", "cascode_reader")
    monkeypatch.setenv(TEAM_VARIABLE, node.url("stranger", database=database))
    capsys.readouterr()
    assert run(["team", "status"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("the team's index holds no repository that this role may read: ")
