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
    (written,) = results.glob("*-dev.json")
    assert str(written) in outcome.err
    assert run("eval", "report", str(written)).out == outcome.out
    document = tmp_path / "results.md"
    document.write_text("<!-- results of dev: none -->\n<!-- end of dev results -->\n")
    assert run("eval", "report", str(written), "--into", str(document)).out == f"{document}\n"
    assert outcome.out in document.read_text(encoding="utf-8")
