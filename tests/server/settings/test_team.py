"""Settings of a team's index: who may set them, and that what they hold is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cascode_server.cli.commands import run
from cascode_server.cli.settings import command
from cascode_server.service.portable import settings_from_json, settings_to_json
from cascode_server.settings import TEAM_VARIABLE, resolve, user_file
from cascode_server.settings.render import vscode_configuration

URL = "postgresql://ana:geheim@db.example.org/code"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder of the test's own."""
    monkeypatch.setenv("CASCODE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv(TEAM_VARIABLE, raising=False)
    user_file().parent.mkdir()
    return user_file()


def test_the_user_s_file_and_the_environment_name_it(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off by default; the file turns it on, and the variable goes before the file."""
    assert resolve(None, None, False)[0].team.url == ""
    own.write_text(f'[team]\nurl = "{URL}"\nsearch = true\ntimeout = 250\n')
    found, problems = resolve(None, None, False)
    assert (found.team.url, found.team.search, found.team.timeout, problems) == (URL, True, 250, [])
    monkeypatch.setenv(TEAM_VARIABLE, "postgresql://other")
    assert resolve(None, None, False)[0].team.url == "postgresql://other"
    assert settings_from_json(settings_to_json(found)) == found


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("line", [f'url = "{URL}"', "search = true", "timeout = 100"])
def test_a_workspace_or_an_editor_cannot_name_it(tmp_path: Path, line: str, trusted: bool) -> None:
    """Trusted or not: what a workspace says, or an editor passes on, is reported and ignored."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "cascode.toml").write_text(f"[team]\n{line}\n")
    found, problems = resolve(None, workspace, trusted)
    assert found == resolve(None, None, False)[0]
    assert len(problems) == 1
    assert "your own settings" in problems[0]
    key, _, value = line.partition(" = ")
    found, problems = resolve({"team": {key: value.strip('"')}}, None, trusted)
    assert found == resolve(None, None, False)[0]
    assert "your own settings" in problems[0]
    assert "geheim" not in "".join(problems)
    assert not [name for name in vscode_configuration()["properties"] if ".team." in name]


def test_the_address_is_not_shown(own: Path) -> None:
    """Neither as a value nor where it is wrong, nor where it stands in place of the table, or of all settings."""
    own.write_text(f'[team]\nurl = "{URL}"\n')
    shown = CliRunner().invoke(command, []).output
    assert "team.url" in shown
    assert "(hidden)" in shown
    assert "geheim" not in shown
    own.write_text(f'[team]\nurl = ["{URL}"]\n')
    (problem,) = resolve(None, None, False)[1]
    assert "team.url is ignored" in problem
    assert "geheim" not in problem
    own.write_text(f'team = "{URL}"\n')
    (problem,) = resolve(None, None, False)[1]
    assert "team is ignored: it is a table that holds team.url" in problem
    assert "geheim" not in problem
    own.unlink()
    (problem,) = resolve({"cascode": URL}, None, False)[1]
    assert "cascode is ignored: it is a table" in problem
    assert "geheim" not in problem


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ana:geheim@db/code", "team.url is no address of a database"),
        ("postgresql://ana:geheim@db/code?no_such_option=1", "team.url cannot be read"),
    ],
)
def test_a_wrong_address_is_one_line_without_it(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends with it; the password is not in it."""
    pytest.importorskip("psycopg")
    monkeypatch.setenv(TEAM_VARIABLE, url)
    (tmp_path / "a.py").write_text("def f():\n    return 1\n")
    assert run(["search", "anything", "--workspace", str(tmp_path), "--team"]) == 2
    output = capsys.readouterr().err
    assert said in output
    assert "geheim" not in output
    assert output.count("\n") == 1


def test_the_flag_needs_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it says what to set."""
    assert run(["search", "anything", "--workspace", str(tmp_path), "--team"]) == 2
    assert TEAM_VARIABLE in capsys.readouterr().err
