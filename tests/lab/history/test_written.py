"""Questions that people wrote, as training pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cascode_lab.corpus.splits import HeldOut
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.written import write_pairs
from cascode_lab.training.history import read_history
from cascode_models.errors import ModelError
from git_history import History

CLIENT = '''class Client:
    def send(self, request):
        """Write a request."""
        self.socket.write(request)

    def close(self):
        self.socket.close()

    def reopen(self):
        self.socket.connect()
'''
QUESTIONS = """repository: {repository}
revision: {revision}
questions:
  - {{kind: task, ask: "shut the socket", answers: ["client.py::Client.close", "client.py::Client.send"]}}
  - {{kind: where, ask: "lost since then", answers: ["client.py::Client.lost"]}}
  - {{kind: where, ask: "in another file", answers: ["none.py::f"]}}
"""
NOTHING_HELD = HeldOut(frozenset())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Of questions about one clone, which has changed since; of clones; for pairs."""
    clone = History(tmp_path / "clones" / "owner+clone")
    revision = clone.commit("Initial import", {"client.py": CLIENT})
    clone.commit("Close is gone", {"client.py": "class Client:\n    pass\n"})
    ask(tmp_path, "owner/clone", revision)
    return tmp_path / "questions", tmp_path / "clones", tmp_path / "pairs"


def ask(folder: Path, repository: str, revision: str) -> None:
    """Write a file of questions."""
    (folder / "questions" / "train").mkdir(parents=True, exist_ok=True)
    path = folder / "questions" / "train" / f"{repository.replace('/', '+')}.yaml"
    path.write_text(QUESTIONS.format(repository=repository, revision=revision))


def rows(output: Path) -> list[dict[str, Any]]:
    """What was written about the clone."""
    return [json.loads(line) for line in (output / "pairs" / "owner__clone.jsonl").read_text().splitlines()]


def test_a_question_asks_for_definitions_as_they_stand_at_its_revision(folders: tuple[Path, Path, Path]) -> None:
    """The others of the file stand beside them; a question without an answer there is counted and left out."""
    lines: list[str] = []
    assert write_pairs(*folders, held_out=NOTHING_HELD, progress=lines.append) == 1
    assert lines == ["[1/1] owner/clone: 1 pair, 2 whose answer is not there"]
    (row,) = rows(folders[2])
    assert (row["query"], row["named"], row["repository"]) == ("shut the socket", False, "owner/clone")
    assert [answer["name"] for answer in row["answers"]] == ["Client.send", "Client.close"]
    assert row["answers"][0]["doc"] == "Write a request."
    assert "Write a request" not in row["answers"][0]["code"]
    # The type holds its answers.
    assert [other["name"] for other in row["neighbours"]] == ["Client.reopen"]


def test_training_reads_them_as_it_reads_commits(folders: tuple[Path, Path, Path]) -> None:
    """By the same form."""
    write_pairs(*folders, held_out=NOTHING_HELD)
    (pair,), dev = read_history(folders[2])
    assert (pair.query, pair.body, pair.language, pair.package) == ("shut the socket", "", "python", "owner/clone")
    assert dev == []


@pytest.mark.parametrize("how", ["list", "asked about"])
def test_repositories_that_are_held_out_give_no_pair(folders: tuple[Path, Path, Path], how: str) -> None:
    """Those of a list, and those that dev and test questions are about."""
    repository = "owner/clone" if how == "list" else "tqdm/tqdm"
    if how == "asked about":
        (folders[0] / "train" / "owner+clone.yaml").unlink()
        ask(folders[0].parent, repository, "0" * 40)
    lines: list[str] = []
    with pytest.raises(ModelError, match="gives a pair"):
        write_pairs(*folders, held_out=HeldOut(frozenset({"owner/clone"})), progress=lines.append)
    assert lines[0].endswith(f"is left out: it asks about the held-out repository {repository}")
    assert not folders[2].exists()


def test_what_is_missing_is_said(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A clone, and questions."""
    ask(tmp_path, "owner/other", "0" * 40)
    with pytest.raises(HistoryError, match="other"):
        write_pairs(*folders, held_out=NOTHING_HELD)
    with pytest.raises(ModelError, match=r"no train questions"):
        write_pairs(tmp_path, *folders[1:], held_out=NOTHING_HELD)
