"""``cascode train mine --history`` and ``cascode eval history``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from git_history import History

from .conftest import Run

TASKS = {
    "read_settings": "settings from a file",
    "send_mail": "mail to a list of people",
    "retry_upload": "an upload that failed",
    "sum_prices": "the prices of a cart",
    "sort_persons": "persons by their age",
    "open_socket": "a socket to a host",
    "parse_date": "the date of a text",
    "draw_circle": "a circle of some size",
    "hash_password": "a password with salt",
    "resize_image": "an image to some width",
    "count_words": "the words of a text",
}


def functions(changed: int) -> str:
    """A file of all functions, the first ``changed`` of them in their second version."""
    parts = [(*name.split("_"), place < changed) for place, name in enumerate(TASKS)]
    return "".join(f"def {verb}_{noun}({noun}):\n    return {verb}({noun}, {fast})\n\n\n" for verb, noun, fast in parts)


@pytest.fixture
def clone(tmp_path: Path) -> History:
    """A repository whose commits change one function each."""
    history = History(tmp_path / "own+tasks")
    history.commit("Initial version of the tasks", {"work.py": functions(0)})
    for number, (name, words) in enumerate(TASKS.items(), start=1):
        history.commit(
            f"fix: {name.split('_')[0].title()} {words} twice as fast (#{number})", {"work.py": functions(number)}
        )
    return history


@pytest.fixture
def held_out(tmp_path: Path) -> str:
    """A list of one repository."""
    path = tmp_path / "held.txt"
    path.write_text("else/where\n", encoding="utf-8")
    return str(path)


def test_clones_give_pairs(run: Run, clone: History, held_out: str, tmp_path: Path) -> None:
    """Pairs in a folder, the table on stdout, a line a repository on stderr; a second list holds out as well."""
    output = tmp_path / "out"
    outcome = run("train", "mine", "--history", str(clone.folder), "-o", str(output), "--held-out", held_out)
    assert outcome.status == 0, outcome.err
    assert outcome.err == "[1/1] own/tasks: 11 pairs\n"
    assert outcome.out.splitlines()[1].split() == ["python", "11", "0", "0"]
    first = json.loads((output / "pairs" / "own__tasks.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (first["query"], first["answers"][0]["name"]) == ("Read settings from a file twice as fast", "read_settings")
    more = tmp_path / "more.txt"
    more.write_text("Own/Tasks\n", encoding="utf-8")
    both = ("--held-out", held_out, "--held-out", str(more))
    refused = run("train", "mine", "--history", str(clone.folder), "-o", str(output), *both)
    assert (refused.status, refused.out) == (2, "")
    assert "own/tasks" in refused.err


def test_a_manifest_is_mined_from_a_folder_of_clones(run: Run, clone: History, held_out: str, tmp_path: Path) -> None:
    """What could not be read is named, and the status is 1."""
    manifest = tmp_path / "manifest.yaml"
    fields = f"revision: {clone.git('rev-parse', 'HEAD')}, licence: MIT, language: python, split: test"
    manifest.write_text(
        f"- {{url: https://github.com/own/tasks, {fields}}}\n- {{url: https://github.com/own/gone, {fields}}}\n",
        encoding="utf-8",
    )
    arguments = ("-o", str(tmp_path / "out"), "--held-out", held_out, "--manifest", str(manifest))
    outcome = run("train", "mine", "--history", "--clones", str(clone.folder.parent), *arguments)
    assert outcome.status == 1
    assert outcome.out.splitlines()[1].split() == ["python", "0", "0", "11"]
    assert "has no clone of own/gone" in outcome.err
    assert "1 repositories were left out" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--history"], "name one"),
        (["--history", "r", "--clones", "c"], "name one"),
        (["--history", "r", "--packages", "p"], "--packages cannot be combined with --history"),
        (["--history", "r", "-l", "py"], "--language cannot be combined with --history"),
        (["--history", "r", "--manifest", "m"], "add --clones"),
        (["r"], "add --history"),
        ([], "Missing option '--packages'"),
        (["--history", "/no/such/clone"], "/no/such/clone is not a git repository"),
        (["--written", "q"], "add --clones"),
        (["--written", "q", "--clones", "c", "--history"], "and nothing else"),
        (["--written", "q", "--clones", "c", "r"], "and nothing else"),
        (["--written", "q", "--clones", "c", "--limit", "3"], "and nothing else"),
        (["--written", "q", "--clones", "c", "--packages", "p"], "--packages cannot be combined with --written"),
        (["--written", "q", "--clones", "c"], "no train questions in q"),
    ],
)
def test_options_that_do_not_fit_are_reported(run: Run, held_out: str, arguments: list[str], message: str) -> None:
    """One line, and the status of an error."""
    outcome = run("train", "mine", "-o", "out", "--held-out", held_out, *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err


def test_written_questions_become_pairs(run: Run, clone: History, held_out: str, tmp_path: Path) -> None:
    """Of the repository that they ask about, as of their revision; one whose answer is not there is counted."""
    (tmp_path / "questions" / "train").mkdir(parents=True)
    (tmp_path / "questions" / "train" / "own+tasks.yaml").write_text(
        f"repository: own/tasks\nrevision: {clone.git('rev-parse', 'HEAD')}\nquestions:\n"
        '  - {kind: task, ask: "try once more", answers: ["work.py::retry_upload"]}\n'
        '  - {kind: task, ask: "play a song", answers: ["work.py::play_song"]}\n',
        encoding="utf-8",
    )
    arguments = ("--written", str(tmp_path / "questions"), "--clones", str(clone.folder.parent))
    outcome = run("train", "mine", *arguments, "-o", str(tmp_path / "out"), "--held-out", held_out)
    assert (outcome.status, outcome.out) == (0, "1 pair\n")
    assert outcome.err.splitlines() == [
        "[1/1] own/tasks: 1 pair, 1 whose answer is not there",
        "1 question gave none: the answer is not where it was said to be",
    ]
    (row,) = (tmp_path / "out" / "pairs" / "own__tasks.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(row)["answers"][0]["name"] == "retry_upload"


def test_a_missing_list_is_reported(run: Run, clone: History) -> None:
    """Before anything is mined."""
    outcome = run("train", "mine", "--history", str(clone.folder), "-o", "out", "--held-out", "/no/such/list")
    assert outcome.status == 2
    assert "/no/such/list" in outcome.err


@pytest.mark.usefixtures("model")
def test_a_repository_is_measured_by_its_commits(run: Run, clone: History) -> None:
    """Figures on stdout; the clone stays as it is, and a second run says the same."""
    before = {path: path.stat().st_mtime_ns for path in clone.folder.rglob("*")}
    outcome = run("eval", "history", str(clone.folder), "--misses", "1")
    assert outcome.status == 0, outcome.err
    head, _, *figures = outcome.out.splitlines()
    root = clone.git("rev-list", "--max-parents=0", "HEAD")
    assert head.startswith(
        f"11 commits asked for what they changed, among 11 definitions in 1 file of revision {root[:12]};"
    )
    assert [line.split()[0] for line in figures[:4]] == ["MRR@10", "recall@1", "recall@5", "recall@10"]
    assert float(figures[0].split()[1]) > 0.7
    assert [line.split()[0] for line in figures[5:7]] == ["named", "described"]
    assert "commits skipped: 1 first commit" in outcome.out
    assert {path: path.stat().st_mtime_ns for path in clone.folder.rglob("*")} == before
    assert run("eval", "history", str(clone.folder), "--misses", "1").out == outcome.out


@pytest.mark.usefixtures("model")
def test_too_few_commits_are_one_clear_line(run: Run, clone: History) -> None:
    """It says how many ask and what became of the others; the status is 1."""
    outcome = run("eval", "history", str(clone.folder), "--revision", "HEAD~3")
    assert (outcome.status, outcome.out) == (1, "")
    assert "3 usable commits, a measurement needs 10 or more" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.usefixtures("model")
def test_an_unknown_revision_is_reported(run: Run, clone: History) -> None:
    """With the value at fault."""
    outcome = run("eval", "history", str(clone.folder), "--revision", "v9")
    assert (outcome.status, outcome.out) == (2, "")
    assert "'v9'" in outcome.err


def test_a_folder_that_is_no_repository_is_reported_before_the_model_is_loaded(run: Run, tmp_path: Path) -> None:
    """Neither a model nor an index is touched."""
    outcome = run("eval", "history", str(tmp_path), "--model", "/no/such/model")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{tmp_path} is not a git repository" in outcome.err


@pytest.mark.usefixtures("model")
def test_a_limit_that_cannot_be_reached_is_said(run: Run, clone: History) -> None:
    """So is one that leaves commits out, whether the revision is chosen or named."""
    root = clone.git("rev-list", "--max-parents=0", "HEAD")
    for revision in ((), ("--revision", root)):
        short = run("eval", "history", str(clone.folder), "--limit", "50", *revision)
        assert short.out.startswith("11 commits (fewer than --limit 50: no more were found) asked for")
        drawn = run("eval", "history", str(clone.folder), "--limit", "10", *revision)
        assert drawn.out.startswith("10 commits (drawn from 11; --limit takes more) asked for")


@pytest.mark.usefixtures("model")
def test_a_shallow_clone_is_named(run: Run, clone: History, tmp_path: Path) -> None:
    """What became of its commits is said, and the command that fetches the others."""
    shallow = tmp_path / "shallow"
    clone.git("clone", "--quiet", "--depth", "1", clone.folder.as_uri(), str(shallow))
    outcome = run("eval", "history", str(shallow))
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.endswith(
        "0 usable commits, a measurement needs 10 or more (skipped: 1 first commit): it is a shallow clone, "
        "fetch the rest with 'git fetch --unshallow'\n"
    )
    short = History(tmp_path / "short")
    short.commit("Initial version of the tasks", {"work.py": functions(0)})
    assert (
        "(skipped: 1 first commit): name a repository with more history\n"
        in run("eval", "history", str(short.folder)).err
    )


@pytest.mark.usefixtures("model")
def test_a_limit_of_bytes_counts_for_the_questions_too(run: Run, clone: History) -> None:
    """Commits whose files are not searched are no questions: there is nothing to measure, and no figure."""
    outcome = run("eval", "history", str(clone.folder), "--max-file-bytes", "100")
    assert (outcome.status, outcome.out) == (1, "")
    assert "0 usable commits" in outcome.err
    assert "11 answer not in the revision" in outcome.err
