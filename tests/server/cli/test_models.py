"""The commands about models: train, eval and export."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from cascode_models.load import MODEL_VARIABLE, load_model, resolve_folder
from cascode_server.cli.train import _overrides

from .conftest import Run


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


TASKS = {
    "read a json file": "def load_settings(path):\n    with open(path) as file:\n        return json.load(file)\n",
    "send mail to a list of people": "def mail_all(people):\n    for person in people:\n        smtp.send(person)\n",
    "reverse a string": "def backwards(text):\n    return text[::-1]\n",
}


@pytest.mark.usefixtures("model")
def test_eval_cosqa_prints_both_stages(run: Run, tmp_path: Path) -> None:
    """Each stage gets a row of metrics on stdout."""
    codes = [{"id": number, "code": code} for number, code in enumerate(TASKS.values())]
    write_lines(tmp_path / "codes.jsonl", codes)
    write_lines(tmp_path / "dev.jsonl", [{"query": query, "code_id": n} for n, query in enumerate(TASKS)])
    outcome = run("eval", "cosqa", str(tmp_path), "--rerank-top", "2")
    assert outcome.status == 0, outcome.err
    head, fast, cascade = outcome.out.splitlines()
    assert head.split()[:3] == ["set", "stage", "mrr"]
    assert fast.split()[:2] == ["cosqa-dev", "fast"]
    assert float(fast.split()[2]) == 1.0
    assert cascade.split()[:3] == ["cosqa-dev", "cascade", "K=2"]
    assert "3 queries, 3 functions" in outcome.err


@pytest.mark.usefixtures("model")
def test_eval_pairs_reads_what_mining_wrote(run: Run, tmp_path: Path) -> None:
    """The language may be an alias; its pool is searched."""
    rows: list[dict[str, object]] = [
        {"split": "test", "query": query, "name": "f", "code": code, "package": "p", "path": "p.py", "line": number}
        for number, (query, code) in enumerate(TASKS.items())
    ]
    write_lines(tmp_path / "python.jsonl", rows)
    write_lines(tmp_path / "pool-python-test.jsonl", rows)
    outcome = run("eval", "pairs", str(tmp_path), "-l", "py", "--split", "test")
    assert outcome.status == 0, outcome.err
    assert outcome.out.splitlines()[1].split()[:2] == ["python-test", "fast"]


@pytest.mark.usefixtures("model")
def test_exported_model_is_a_model(run: Run, tmp_path: Path) -> None:
    """What export writes is taken by --model and gives the same vectors."""
    source = resolve_folder(None)
    outcome = run("export", str(source), "--output", str(tmp_path / "model"))
    assert outcome.status == 0, outcome.err
    assert outcome.out == f"{tmp_path / 'model'}\n"
    before, after = load_model(str(source)), load_model(str(tmp_path / "model"))
    assert before.encode_queries(["door"]) @ after.encode_queries(["door"]).T == pytest.approx(1.0, abs=1e-3)


@pytest.mark.usefixtures("model")
def test_export_does_not_write_over_its_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model itself is refused as output."""
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    source = str(resolve_folder(None))
    outcome = run("export", source, "--output", source)
    assert outcome.status == 2
    assert "--output" in outcome.err


def test_settings_are_read_as_in_a_preset() -> None:
    """Numbers, truth values and text come out with their types; an equals sign may be part of the value."""
    assert _overrides(("joint.steps=20", "clip=0.5", "head=warm", "cosqa=a=b")) == {
        "joint.steps": 20,
        "clip": 0.5,
        "head": "warm",
        "cosqa": "a=b",
    }
    with pytest.raises(click.UsageError, match="YAML"):
        _overrides(("head=[",))


def test_unknown_setting_is_told(run: Run, tmp_path: Path) -> None:
    """A setting that no preset has is named, before any data is read."""
    outcome = run(
        "train", "run", "first", "--data", str(tmp_path), "--output", str(tmp_path / "o"), "--set", "joint.stepps=2"
    )
    assert outcome.status == 2
    assert "stepps" in outcome.err
    assert outcome.err.count("\n") == 1


def test_mining_tells_what_is_missing(run: Run, tmp_path: Path) -> None:
    """Without its held-out list nothing is mined."""
    outcome = run(
        "train", "mine", "-o", str(tmp_path / "o"), "--packages", str(tmp_path), "--held-out", str(tmp_path / "none")
    )
    assert outcome.status == 2
    assert "held-out" in outcome.err
