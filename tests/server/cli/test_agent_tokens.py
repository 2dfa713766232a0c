"""``cascode eval agent``: questions of a repository, asked by both scripted agents through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_indexer.location import index_root, vector_cache_path
from git_history import History

from .conftest import CONFIG, RETRY, Run

pytestmark = pytest.mark.usefixtures("model")

QUESTIONS = """repository: owner/shop
revision: {revision}
questions:
  - {{kind: task, ask: "send a request again when it failed", answers: ["client.py::Client.send_with_retry"]}}
  - {{kind: task, ask: "nobody knows", answers: ["client.py::Client.gone"]}}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A clone and questions about it, one of which has no answer there."""
    clone = History(tmp_path / "clones" / "owner+shop")
    revision = clone.commit("Initial import", {"client.py": RETRY, "config.py": CONFIG})
    (tmp_path / "questions" / "dev").mkdir(parents=True)
    (tmp_path / "questions" / "dev" / "owner+shop.yaml").write_text(QUESTIONS.format(revision=revision))
    folders = ["--written", str(tmp_path / "questions"), "--clones", str(tmp_path / "clones")]
    return ["eval", "agent", *folders, "--split", "dev", "--output", str(tmp_path / "out.jsonl")]


def test_both_agents_are_counted_and_a_question_without_an_answer_is_named(
    run: Run, arguments: list[str], tmp_path: Path
) -> None:
    """A row of the table, a line a question with tokens and calls of both, and how many could not be asked."""
    outcome = run(*arguments)
    assert outcome.status == 0, outcome.err
    assert outcome.out.split("\n")[2].startswith("| owner/shop | 1 | 1 | 1 | ")
    assert "1 not asked" in outcome.err
    (line,) = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert line["query"] == "send a request again when it failed"
    for agent in ("ripgrep", "search_code"):
        assert line[agent]["found"]
        assert line[agent]["tokens"] > 50
    assert line["search_code"]["calls"] == 1
    assert line["ripgrep"]["calls"] > 1


def test_the_json_of_an_answer_is_counted_where_that_is_asked_for(
    run: Run, arguments: list[str], tmp_path: Path
) -> None:
    """A client may hand its model the structured content: the same hits in more tokens, ripgrep's as before."""
    tokens = []
    for more in ([], ["--structured"]):
        assert run(*arguments, *more).status == 0
        line = json.loads((tmp_path / "out.jsonl").read_text())
        tokens.append((line["ripgrep"]["tokens"], line["search_code"]["tokens"]))
    assert tokens[0][0] == tokens[1][0]
    assert tokens[0][1] < tokens[1][1]


def test_no_index_of_a_temporary_folder_is_left(run: Run, arguments: list[str]) -> None:
    """Only the vectors, which workspaces share."""
    assert run(*arguments).status == 0
    assert vector_cache_path().exists()
    assert list((index_root() / "workspaces").glob("*")) == []


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_asked(
    run: Run, arguments: list[str], tmp_path: Path
) -> None:
    """A missing folder is made."""
    refused = run(*arguments, "--output", str(tmp_path))
    assert (refused.status, refused.out) == (2, "")
    assert f"Cannot write {tmp_path}" in refused.err
    assert "questions asked" not in refused.err
    made = tmp_path / "new" / "out.jsonl"
    assert run(*arguments, "--output", str(made)).status == 0
    assert made.read_text(encoding="utf-8").count("\n") == 1
