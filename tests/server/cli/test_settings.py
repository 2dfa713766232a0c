"""The configuration files as commands see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_server.settings import render

from .conftest import Run


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's file, which does not exist yet."""
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "cascode.toml"


def test_values_come_with_their_origin(run: Run, workspace: Path, own: Path) -> None:
    """Each setting is shown with the file that set it."""
    own.write_text('device = "cpu"\n[search]\nlimit = 3\n', encoding="utf-8")
    (workspace / "cascode.toml").write_text("[search]\nlimit = 4\n", encoding="utf-8")
    outcome = run("settings")
    assert (outcome.status, outcome.err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert rows["search.limit"] == f"4  ({workspace / 'cascode.toml'})"
    assert rows["device"] == f'"cpu"  ({own})'
    assert rows["model.path"] == '""  (default)'
    assert f"3  ({own})" in run("settings", str(workspace.parent)).out
    missing = run("settings", str(workspace / "nowhere"))
    assert (missing.status, missing.out) == (2, "")
    assert f"{workspace / 'nowhere'} does not exist" in missing.err


def test_problem_is_reported_by_every_command_that_reads_settings(run: Run, workspace: Path) -> None:
    """A bad value is one line on stderr; the command does its work."""
    (workspace / "cascode.toml").write_text('[model]\npath = "./evil"\n', encoding="utf-8")
    settings = run("settings")
    assert settings.status == 1
    assert settings.err.startswith(f"cascode: {workspace / 'cascode.toml'}: model.path")
    assert settings.err.count("\n") == 1
    status = run("status")
    assert status.err == settings.err
    assert "indexing never finished" in status.out


@pytest.mark.parametrize("format_name", ["markdown", "schema", "vscode"])
def test_descriptions_are_printed(run: Run, format_name: str) -> None:
    """The tree is described as a document, as a schema and for VS Code."""
    outcome = run("settings", "--format", format_name)
    assert outcome.status == 0
    made = {"markdown": render.markdown, "schema": render.json_schema, "vscode": render.vscode_configuration}
    assert (outcome.out if format_name == "markdown" else json.loads(outcome.out)) == made[format_name]()


def test_search_takes_limit_and_file_size_from_the_files(run: Run, workspace: Path, model: None) -> None:
    """Files set what options leave open; an option wins."""
    (workspace / "big.py").write_text("def enormous():\n    return 1\n" + "#\n" * 1_000, encoding="utf-8")
    (workspace / "cascode.toml").write_text(
        "[search]\nlimit = 2\n[indexing]\nmaxFileSize = 1000\nthreads = 1\n", encoding="utf-8"
    )
    found = json.loads(run("search", "save the configuration", "--format", "jsonl").out)
    assert len(found["hits"]) == 2
    assert "1 too large" in run("status").out
    assert len(json.loads(run("search", "save", "--format", "jsonl", "--limit", "3").out)["hits"]) == 3
    similar = run("similar", "config.py:4", "--format", "jsonl")
    assert len(json.loads(similar.out)["hits"]) == 2
    assert "enormous" in run("search", "enormous", "--max-file-bytes", "100000", "--format", "jsonl").out


def test_model_of_the_users_file_is_loaded_unless_another_is_named(
    run: Run, workspace: Path, own: Path, model: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own file may name a model; option and variable win over it."""
    own.write_text('[model]\npath = "./no-such-model"\n', encoding="utf-8")
    outcome = run("search", "x")
    assert outcome.status == 2
    assert str(own.parent / "no-such-model") in outcome.err
    assert "also-none" in run("search", "x", "--model", "./also-none").err
    monkeypatch.setenv("CASCODE_MODEL", "./third-none")
    assert "third-none" in run("search", "x").err


def test_doctor_tells_where_files_and_logs_lie(run: Run, workspace: Path, own: Path, tmp_path: Path) -> None:
    """Configuration files are named, there or not, and a wrong one with its fix."""
    found = run("doctor").out
    assert f"ok     settings: {own} (not found), {workspace / 'cascode.toml'} (not found)" in found
    assert f"ok     logs: {tmp_path / 'logs'}: none" in found
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "server-20260101-000000-1.log").touch()
    own.write_text("device = 5\n", encoding="utf-8")
    outcome = run("doctor")
    assert outcome.status == 1
    assert f"wrong  settings: {own}: device = 5 is ignored" in outcome.out
    assert "cascode settings" in outcome.out
    assert "newest server-20260101-000000-1.log" in outcome.out


def test_doctor_looks_at_the_model_that_the_settings_name(run: Run, workspace: Path, own: Path) -> None:
    """A model that the user's file names and that is not there is what is wrong, and the fix says where."""
    own.write_text('[model]\npath = "./no-such-model"\n', encoding="utf-8")
    outcome = run("doctor")
    assert outcome.status == 1
    assert str(own.parent / "no-such-model") in outcome.out
    assert "fix: name another model in your settings (model.path)" in outcome.out
