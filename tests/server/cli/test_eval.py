"""``cascode eval``: the retrieval sets, the tables, and a person's own workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

TASKS = {
    "read a json file": "def load_settings(path):\n    with open(path) as file:\n        return json.load(file)\n",
    "send mail to a list of people": "def mail_all(people):\n    for person in people:\n        smtp.send(person)\n",
    "reverse a string": "def backwards(text):\n    return text[::-1]\n",
}


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.usefixtures("model")
def test_model_is_measured_and_reported(run: Run, tmp_path: Path) -> None:
    """Tables go to stdout and a JSON file is left, from which the report makes the same tables."""
    rows: list[dict[str, object]] = [
        {"split": "dev", "query": query, "name": "f", "code": code, "package": "p", "path": "p.py", "line": number}
        for number, (query, code) in enumerate(TASKS.items())
    ]
    write_lines(tmp_path / "python.jsonl", rows)
    write_lines(tmp_path / "pool-python-dev.jsonl", rows)
    write_lines(tmp_path / "codes.jsonl", [{"id": n, "code": code} for n, code in enumerate(TASKS.values())])
    write_lines(tmp_path / "dev.jsonl", [{"query": query, "code_id": n} for n, query in enumerate(TASKS)])
    results = tmp_path / "results"
    sets = ("--pairs", str(tmp_path), "--cosqa", str(tmp_path), "-l", "py")
    outcome = run("eval", "model", *sets, "--output", str(results))
    assert outcome.status == 0, outcome.err
    assert "| python | 3 / 3 |" in outcome.out
    assert "| cosqa no docstrings | 3 / 3 |" in outcome.out
    assert "advtest-dev: 3 queries, 3 functions" in outcome.err
    weighed = run("eval", "model", *sets, "--output", str(tmp_path / "weighed"), "--fusion-weight", "0.5")
    assert "CasCode, cascade, K = 10" in weighed.out
    assert "its classifier weighs 0.5" in weighed.out
    # Probabilities hold for the weight that they were fitted with.
    assert "Probabilities" in outcome.out
    assert "Probabilities" not in weighed.out
    (written,) = results.glob("*-dev.json")
    assert str(written) in outcome.err
    assert run("eval", "report", str(written)).out == outcome.out
    document = tmp_path / "results.md"
    document.write_text("<!-- results of dev: none -->\n<!-- end of dev results -->\n")
    assert run("eval", "report", str(written), "--into", str(document)).out == f"{document}\n"
    assert outcome.out in document.read_text(encoding="utf-8")


@pytest.mark.usefixtures("model")
def test_types_are_measured_alone(run: Run, tmp_path: Path) -> None:
    """Their questions are of all languages together, and need pairs."""
    place = {"package": "p", "path": "p.py", "language": "python"}
    rows: list[dict[str, object]] = [
        {"query": query, "name": f"T{number}", "code": f"class T{number}: ...", "line": number, **place}
        for number, query in enumerate(TASKS)
    ]
    write_lines(tmp_path / "pool-types-python-dev.jsonl", rows)
    write_lines(tmp_path / "pool-python-dev.jsonl", [])
    outcome = run("eval", "model", "--pairs", str(tmp_path), "--types", "--output", str(tmp_path / "results"))
    assert outcome.status == 0, outcome.err
    assert "| types | 3 / 3 |" in outcome.out
    for wrong in (("--types",), ("--pairs", str(tmp_path), "--types", "-l", "py")):
        refused = run("eval", "model", *wrong, "--cosqa", str(tmp_path))
        assert refused.status == 2
        assert "--types needs --pairs, and no --language" in refused.err


DOCUMENTED = "".join(
    f'def {verb}_{noun}({noun}):\n    """{verb.title()} the {noun} of a customer."""\n    return {verb}({noun})\n\n'
    for verb in ("read", "delete", "send")
    for noun in ("invoice", "address", "picture", "password")
)


@pytest.fixture
def documented(workspace: Path) -> Path:
    """The workspace with twelve documented functions more."""
    (workspace / "customers.py").write_text(DOCUMENTED, encoding="utf-8")
    return workspace


@pytest.mark.usefixtures("model", "documented")
def test_own_code_is_measured(run: Run) -> None:
    """A workspace gets its figures on stdout, with what was not asked for; the current directory is one."""
    outcome = run("eval", ".", "--misses", "1")
    assert outcome.status == 0, outcome.err
    head, _, *figures = outcome.out.splitlines()
    assert head.startswith("14 definitions asked for by their documentation, among 18 definitions in 4 files")
    assert [line.split()[0] for line in figures[:4]] == ["MRR", "recall@1", "recall@5", "recall@10"]
    assert float(figures[0].split()[1]) > 0.7
    assert "not asked for: 4 without documentation" in outcome.out
    assert run("eval", "workspace", "--misses", "1").out == outcome.out


@pytest.mark.usefixtures("model", "documented")
def test_questions_can_be_limited(run: Run) -> None:
    """The figures say from how many the questions were drawn."""
    outcome = run("eval", ".", "--limit", "10")
    assert outcome.out.startswith("10 definitions (drawn from 14; --limit takes more) asked for")


@pytest.mark.usefixtures("model", "workspace")
def test_too_little_documentation_is_one_clear_line(run: Run) -> None:
    """It says how many there are, why the others are none, and what would do; the status is 1."""
    outcome = run("eval", ".")
    assert (outcome.status, outcome.out) == (1, "")
    assert "2 of 6 definitions can be asked for" in outcome.err
    assert "4 without documentation" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.usefixtures("model")
def test_a_folder_without_functions_is_reported(run: Run, tmp_path: Path) -> None:
    """An empty folder is no measurement."""
    outcome = run("eval", str(tmp_path))
    assert (outcome.status, outcome.out) == (1, "")
    assert f"{tmp_path} holds no definitions" in outcome.err


@pytest.mark.usefixtures("workspace")
def test_the_model_of_the_settings_is_measured(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What searches load is what is measured."""
    monkeypatch.delenv("CASCODE_MODEL", raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cascode.toml").write_text("[model]\npath = '/no/such/model'\n", encoding="utf-8")
    outcome = run("eval", ".")
    assert (outcome.status, outcome.out) == (2, "")
    assert "/no/such/model" in outcome.err


def test_a_missing_workspace_is_reported_before_the_model_is_loaded(run: Run) -> None:
    """Neither a model nor an index is touched."""
    outcome = run("eval", "/no/such/folder", "--model", "/no/such/model")
    assert (outcome.status, outcome.out) == (2, "")
    assert "/no/such/folder" in outcome.err


@pytest.mark.usefixtures("model")
def test_files_that_are_not_read_are_said(run: Run, documented: Path, tmp_path: Path) -> None:
    """Beside the figures, and where nothing else is there to measure."""
    (documented / "large.py").write_text("x = 1\n" * 1_000, encoding="utf-8")
    limit = ("--max-file-bytes", "5000")
    outcome = run("eval", ".", *limit)
    assert outcome.status == 0, outcome.err
    assert "\nfiles and folders skipped: 2 unsupported language, 1 ignored, 1 too large\n" in outcome.out
    assert "\ndescribed  " in outcome.out
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "large.py").write_text("x = 1\n" * 1_000, encoding="utf-8")
    nothing = run("eval", str(alone), *limit)
    assert (nothing.status, nothing.out) == (1, "")
    assert (
        "holds no definitions (1 skipped: 1 too large): name another folder, or raise --max-file-bytes" in nothing.err
    )
    assert ".cascodeignore" not in nothing.err
    searched = run("search", "x", "--workspace", str(alone), *limit)
    assert "1 skipped: 1 too large; name another folder, or raise --max-file-bytes\n" in searched.err


@pytest.mark.parametrize("option", [("--documentation", "--history"), ("--names", "--written")])
def test_an_option_without_its_repositories_is_refused(run: Run, tmp_path: Path, option: tuple[str, str]) -> None:
    """Nothing would be asked of what it names; before a model is loaded."""
    extra, needed = option
    other = {"--history": "--written", "--written": "--history"}[needed]
    folders = (other, str(tmp_path), "--clones", str(tmp_path))
    outcome = run("eval", "ranking", *folders, extra, "--model", "/no/such/model")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{extra} asks about the repositories of {needed}: add {needed}" in outcome.err
