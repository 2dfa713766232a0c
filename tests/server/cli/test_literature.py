"""``cascode eval system``, ``similar`` and ``table``, and ``describe``: from a model to a document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_lab.literature.table import BEGIN, END
from git_history import History, write_questions

from .conftest import Run
from .test_eval import TASKS, write_lines


@pytest.mark.usefixtures("model")
def test_systems_are_measured_and_tabled(run: Run, tmp_path: Path) -> None:
    """Each command leaves a file named by system and commit; the table is made of these files alone."""
    rows: list[dict[str, object]] = [
        {"split": "test", "query": query, "name": "f", "code": code, "package": "p", "path": "p.py", "line": number}
        for number, (query, code) in enumerate(TASKS.items())
    ]
    for language in ("python", "ruby"):
        write_lines(tmp_path / f"{language}.jsonl", rows)
        write_lines(tmp_path / f"pool-{language}-test.jsonl", rows)
    results = tmp_path / "literature" / "results"
    there = ("--output", str(results))
    both = ("-l", "ruby", "-l", "python", "--renamed")
    outcome = run("eval", "system", "fast", "--pairs", str(tmp_path), *both, "--training", "none", *there)
    assert outcome.status == 0, outcome.err
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["ruby-test", "python-test", "advtest-test"]
    write_lines(
        tmp_path / "mbxp.jsonl",
        [
            {"problem": number, "language": language, "prompt": "", "solution": f"def f(): return {number}"}
            for number in (1, 2)
            for language in ("python", "ruby")
        ],
    )
    outcome = run("eval", "similar", "--mbxp", str(tmp_path), *there)
    assert outcome.status == 0, outcome.err
    assert "other languages, names hidden: MAP" in outcome.out
    written = sorted(path.name.partition("-")[0] for path in results.glob("*.json"))
    assert written == ["fast", "similar"]
    document = tmp_path / "literature.md"
    document.write_text(f"{BEGIN}\n{END}\n")
    runs = tmp_path / "a run"
    runs.mkdir()
    write_lines(
        runs / "log.jsonl", [{"stage": "s", "step": step, "infonce": 1.0, "gradient_norm": 2.0} for step in (1, 2)]
    )
    outcome = run("eval", "table", "--results", str(results), "--into", str(document), "--run", str(runs))
    assert outcome.status == 0, outcome.err
    assert outcome.out in document.read_text()
    assert "not run" in outcome.out
    assert "python-test (3 / 3)" in outcome.out
    assert "| Code to code, bundled | all |" in outcome.out
    assert {path.name for path in (tmp_path / "literature").glob("*.svg")} == {"depths.svg", "runs.svg"}
    content = json.loads(next(results.glob("fast*.json")).read_text())
    assert content["command"].startswith("cascode")
    assert content["cost"]["parameters"] > 0


@pytest.mark.usefixtures("model")
def test_commits_are_asked_where_a_history_is_given(run: Run, tmp_path: Path) -> None:
    """Beside the other sets, or alone."""
    revision = History(tmp_path / "clones" / "owner+clone").commit("Initial import", {"a.py": "def send(): pass\n"})
    history = write_questions(tmp_path / "history", revision, "a.py", [("write requests at once", ["send"])])
    outcome = run(
        *("eval", "system", "fast", "--history", str(history), "--clones", str(tmp_path / "clones")),
        *("--output", str(tmp_path)),
    )
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("commits-dev: MRR 1.0")


def test_a_language_may_have_its_other_name(run: Run, tmp_path: Path) -> None:
    """As in 'cascode eval model'; what is no language is said before a model is loaded."""
    outcome = run("eval", "system", "bm25", "--pairs", str(tmp_path), "-l", "js")
    assert "no test pairs of javascript in" in outcome.err
    for command in (("system", "bm25"), ("descriptions", "--model", "/no/such")):
        outcome = run("eval", *command, "--pairs", str(tmp_path), "-l", "klingon")
        assert outcome.status == 2
        assert "'klingon' is not one of" in outcome.err


@pytest.mark.usefixtures("model")
def test_what_a_system_needs_is_said_in_a_line(run: Run, tmp_path: Path) -> None:
    """No set, no codes, no decoder, no such folder: each with the fix."""
    source = tmp_path / "a.py"
    source.write_text("def f():\n    return 1\n")
    for arguments, words in (
        (("eval", "system", "fast"), "--pairs"),
        (("eval", "system", "fast", "--history", str(tmp_path)), "--clones"),
        (("eval", "system", "poly", "--cosqa", str(tmp_path)), "preset 'poly'"),
        (("eval", "similar", "--mbxp", str(tmp_path)), "mbxp.jsonl"),
        (("eval", "table", "--results", str(tmp_path), "--into", str(source)), "no place for tables"),
        (("describe", f"{source}:1", "--model", "/no/such"), "/no/such"),
    ):
        outcome = run(*arguments)
        assert outcome.status == 2
        assert words in outcome.err
        assert outcome.err.count("\n") == 1
