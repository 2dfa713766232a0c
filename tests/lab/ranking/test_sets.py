"""Questions written by hand: the files of this project, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cascode_indexer.query import Query, QueryKind
from cascode_lab.corpus.manifest import reserved_package_of
from cascode_lab.history.manifest import asked_about, load_manifest
from cascode_lab.history.written import WrittenFile, read_written
from cascode_lab.ranking.ask import Asking, ask
from cascode_lab.ranking.sets import written_sets
from cascode_models.errors import ModelError
from fake_encoder import FakeEncoder, FakeModelHandle
from git_history import History

QUESTIONS = Path(__file__).parents[3] / "benchmarks" / "questions"
#: Questions to train on.
TRAINED = 25_939
KINDS = {"task", "where", "symptom", "type", "words", "name"}
CLIENT = """class Client:
    def send(self, request):
        self.socket.write(request)

    def close(self):
        self.socket.close()
"""
QUESTION = """repository: owner/clone
revision: {revision}
questions:
  - {{kind: task, ask: "shut the socket", answers: ["client.py::Client.close"]}}
"""


@pytest.fixture(scope="session")
def files() -> dict[str, list[WrittenFile]]:
    """The files of each split, read once: those to train on take seconds."""
    return {split: read_written(QUESTIONS, split) for split in ("dev", "test", "train")}


def test_each_file_asks_about_a_repository_of_its_split(files: dict[str, list[WrittenFile]]) -> None:
    """A repository that weights are tuned on is never reported on, and none of these is trained on."""
    splits = {**dict.fromkeys(asked_about(), "dev"), **{entry.repository: entry.split for entry in load_manifest()}}
    for split, found in files.items():
        for file in found:
            assert file.path.stem == file.repository.replace("/", "+")
            assert splits.get(file.repository, "train") == split
            assert split != "train" or reserved_package_of(file.repository) is None


def test_questions_are_worded_as_people_type_them(files: dict[str, list[WrittenFile]]) -> None:
    """Once each, of every kind, with answers by path and name; hardly one looks like documentation or the web."""
    for splits, count, kinds in ((("dev", "test"), 678, KINDS), (("train",), TRAINED, KINDS - {"name"})):
        questions = [question for split in splits for file in files[split] for question in file.questions]
        assert len(questions) == count
        assert {question.kind for question in questions} == kinds
        assert all(1 <= len(question.answers) <= 6 and all(map(all, question.answers)) for question in questions)
        found = [Query.of(question.ask).kind for question in questions]
        assert found.count(QueryKind.SENTENCE) > 0.8 * count


def test_no_question_is_asked_twice(files: dict[str, list[WrittenFile]]) -> None:
    """About one repository."""
    for found in files.values():
        for file in found:
            assert len({question.ask.lower() for question in file.questions}) == len(file.questions)


@dataclass(frozen=True, slots=True)
class Written:
    """Questions written about a clone."""

    questions: Path
    clones: Path


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """One question of each split, about one file of one clone."""
    clone = History(tmp_path / "clones" / "owner+clone")
    revision = clone.commit("Initial import", {"client.py": CLIENT})
    for split in ("dev", "test"):
        (tmp_path / "questions" / split).mkdir(parents=True)
        (tmp_path / "questions" / split / "clone.yaml").write_text(QUESTION.format(revision=revision))
    return Written(tmp_path / "questions", tmp_path / "clones")


def test_a_file_of_questions_becomes_a_workspace(written: Written, tmp_path: Path) -> None:
    """The files lie there as of the revision; answers are places, and kinds are kept apart."""
    (found,) = written_sets(written.questions, written.clones, "dev", tmp_path / "scratch")
    assert (found.name, found.group) == ("owner/clone", "written")
    assert (found.root / "client.py").is_file()
    (question,) = found.questions
    assert (question.query, question.sort) == ("shut the socket", "task")
    assert question.answers == {("client.py", "Client.close")}


def test_questions_are_asked_of_the_index(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the files to the evidence, the classifier's reading with it."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    asking = Asking(split="test", clones=written.clones, written=written.questions, depth=2)
    (asked,) = ask(asking, FakeModelHandle(FakeEncoder(classifier=True)), lambda _line: None)
    assert (asked.group, asked.sort, asked.files.answers) == ("written", "task", 1)
    assert asked.right.any()
    assert asked.logits is not None


def test_some_repositories_alone_are_asked_about(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those named, and no web queries; a name that no question is about is said before anything is asked."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    asking = Asking(split="test", clones=written.clones, written=written.questions)
    model, quiet = FakeModelHandle(FakeEncoder()), lambda _line: None
    assert len(ask(replace(asking, only=["owner/clone"]), model, quiet)) == 1
    elsewhere = replace(asking, only=["owner/clone"], cosqa=tmp_path / "none")
    assert len(ask(elsewhere, model, quiet)) == 1
    asked: list[str] = []
    with pytest.raises(ModelError, match="no question is about owner/other"):
        ask(replace(asking, only=["owner/clone", "owner/other"]), model, asked.append)
    assert not asked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("questions: [", "is not a file of questions"),
        ("repository: a/b\nquestions: []\n", "'revision'"),
        ("[]", "is not a file of questions"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With its name and what is missing."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "a.yaml").write_text(text)
    with pytest.raises(ModelError, match=message):
        list(written_sets(tmp_path, tmp_path, "dev", tmp_path / "scratch"))


def test_nothing_to_ask_is_said(tmp_path: Path) -> None:
    """Without a set, without clones, without a file of the split."""
    model = FakeModelHandle()
    for asking, message in [
        (Asking(split="dev"), "nothing to ask"),
        (Asking(split="dev", written=QUESTIONS), "name the folder by --clones"),
        (Asking(split="dev", written=tmp_path, clones=tmp_path), "no dev questions"),
    ]:
        with pytest.raises(ModelError, match=message):
            ask(asking, model, lambda _line: None)
