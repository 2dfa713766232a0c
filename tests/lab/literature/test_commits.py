"""Commits as a retrieval set: which of them ask, and what answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.literature.commits import commit_set
from cascode_models.errors import ModelError
from git_history import History, write_questions

CLIENT = """class Client:
    def send(self, request):
        self.socket.write(request)

    def close(self):
        self.socket.close()
"""


@pytest.fixture
def revision(tmp_path: Path) -> str:
    """The only commit of a clone."""
    return History(tmp_path / "clones" / "owner+clone").commit("Initial import", {"client.py": CLIENT})


def test_commits_that_changed_one_definition_ask(tmp_path: Path, revision: str) -> None:
    """Of two definitions, or of none that is there, a commit asks nothing; the pool is what the repository holds."""
    asked = [
        ("write requests at once", ["Client.send"]),
        ("flush before closing", ["Client.send", "Client.close"]),
        ("drop the cache", ["Cache.drop"]),
    ]
    history = write_questions(tmp_path / "history", revision, "client.py", asked)
    found = commit_set(history, tmp_path / "clones", "dev", queries=9, pool=9)
    assert found.name == "commits-dev"
    assert found.queries == ["write requests at once"]
    assert "write(request)" in found.texts[found.answers[0]]
    assert len(found.texts) == 3
    smaller = commit_set(history, tmp_path / "clones", "dev", queries=9, pool=2)
    assert len(smaller.texts) == 2
    assert smaller.texts[smaller.answers[0]] == found.texts[found.answers[0]]


def test_no_commit_that_asks_is_said(tmp_path: Path, revision: str) -> None:
    """In one line, with what to do."""
    history = write_questions(tmp_path / "history", revision, "client.py", [("both", ["Client.send", "Client.close"])])
    with pytest.raises(ModelError, match="changed one definition: mine more"):
        commit_set(history, tmp_path / "clones", "dev", queries=9, pool=9)
