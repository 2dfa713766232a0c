"""Questions worded as people ask, as training pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cascode_lab.corpus.splits import HeldOut
from cascode_lab.history.written import read_written, write_pairs
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
revision: "{revision}"
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
    found = write_pairs(*folders, held_out=NOTHING_HELD, progress=lines.append)
    assert (found.pairs, found.lost, found.left_out) == (1, 2, {})
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


@pytest.mark.parametrize(
    ("repository", "reason"),
    [
        ("owner/held", "it asks about the held-out repository owner/held"),
        ("tqdm/tqdm", "it asks about the held-out repository tqdm/tqdm"),
        ("eslint/eslint", "it asks about the sources of eslint, a package kept for evaluation"),
        ("owner/none", "has no clone of owner/none"),
    ],
)
def test_a_repository_that_cannot_be_used_leaves_the_others(
    folders: tuple[Path, Path, Path], repository: str, reason: str
) -> None:
    """On a list, asked about by dev and test questions, kept for evaluation, missing: said, and no old pairs stay."""
    ask(folders[0].parent, repository, "0" * 40)
    old = folders[2] / "pairs" / f"{repository.replace('/', '__')}.jsonl"
    old.parent.mkdir(parents=True)
    old.touch()
    lines: list[str] = []
    found = write_pairs(*folders, held_out=HeldOut(frozenset({"owner/held"})), progress=lines.append)
    assert found.pairs == 1
    assert reason in found.left_out[repository]
    assert any("is left out: " in line and reason in line for line in lines)
    assert not old.exists()


def test_nothing_but_what_cannot_be_used_is_an_error(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Nor is a folder without questions silent."""
    with pytest.raises(ModelError, match="gives a pair"):
        write_pairs(*folders, held_out=HeldOut(frozenset({"owner/clone"})))
    with pytest.raises(ModelError, match="no train questions"):
        write_pairs(tmp_path, *folders[1:], held_out=NOTHING_HELD)


def test_copies_of_other_projects_answer_nothing(tmp_path: Path) -> None:
    """Another project's own questions may be what is measured."""
    clone = History(tmp_path / "clones" / "owner+clone")
    paths = ("deps/hiredis/client.py", "3rd-party/client.py", "vendor/client.py", "client.py")
    revision = clone.commit("Initial import", dict.fromkeys(paths, CLIENT))
    answers = "".join(f'  - {{kind: task, ask: "{path}", answers: ["{path}::Client.close"]}}\n' for path in paths)
    (tmp_path / "questions" / "train").mkdir(parents=True)
    (tmp_path / "questions" / "train" / "a.yaml").write_text(
        f"repository: owner/clone\nrevision: {revision}\nquestions:\n{answers}"
    )
    write_pairs(tmp_path / "questions", tmp_path / "clones", tmp_path / "pairs", held_out=NOTHING_HELD)
    assert [row["query"] for row in rows(tmp_path / "pairs")] == ["client.py"]


@pytest.mark.parametrize("head", ["# Generated by a tool, do not edit.\n", "# A long table.\n" * 20_000])
def test_a_file_that_somebody_chose_need_not_look_written_by_hand(tmp_path: Path, head: str) -> None:
    """Mining leaves out what is generated or larger than 256 KiB; an answer that was named is one."""
    clone = History(tmp_path / "clones" / "owner+clone")
    ask(tmp_path, "owner/clone", clone.commit("Initial import", {"client.py": head + CLIENT}))
    assert (
        write_pairs(tmp_path / "questions", tmp_path / "clones", tmp_path / "pairs", held_out=NOTHING_HELD).pairs == 1
    )


GOOD = {"repository": "a/b", "revision": "0" * 40, "questions": []}
ROW = {"kind": "task", "ask": "shut it", "answers": ["a.py::f"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repository": "b"}, "must be owner/name"),
        ({"repository": 3}, "must be owner/name, and is 3"),
        ({"revision": "HEAD"}, "full name of a commit"),
        ({"revision": 0}, "in quotes, and is 0"),
        ({"questions": [ROW | {"ask": 404}]}, "'ask' must be words, and is 404"),
        ({"questions": [ROW | {"ask": " "}]}, "'ask' must be words"),
        ({"questions": [ROW | {"kind": "wish"}]}, "is of kind 'wish', and must be one of task"),
        ({"questions": [ROW | {"answers": "a.py::f"}]}, "needs a list of answers"),
        ({"questions": [ROW | {"answers": []}]}, "needs a list of answers"),
        ({"questions": [ROW | {"answers": ["a.py"]}]}, "must be 'path::qualified name'"),
        ({"questions": [ROW | {"answers": ["::f"]}]}, "must be 'path::qualified name'"),
        ({"questions": ["shut it"]}, "is not a file of questions"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    """In a line that names it and what is wrong."""
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.yaml").write_text(yaml.safe_dump(GOOD | change))
    with pytest.raises(ModelError, match=message) as raised:
        read_written(tmp_path, "train")
    assert str(tmp_path / "train" / "a.yaml") in str(raised.value)
    assert "ValueError" not in str(raised.value)


def test_files_that_cannot_be_read_or_are_about_one_repository_are_refused(tmp_path: Path) -> None:
    """A file that is no text, and two of which one would replace the other's pairs."""
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"a\.yaml is not a file of questions"):
        read_written(tmp_path, "train")
    for name, repository in (("a", "a/b"), ("b", "A/B")):
        (tmp_path / "train" / f"{name}.yaml").write_text(yaml.safe_dump(GOOD | {"repository": repository}))
    with pytest.raises(ModelError, match="are both about A/B"):
        read_written(tmp_path, "train")
