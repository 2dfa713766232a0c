"""The command line through the resident server: the same answers, and nothing is loaded for them."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ..lsp.conftest import COMMAND, PATIENCE, eventually, make_workspace
from .conftest import Build, House

pytestmark = pytest.mark.usefixtures("model")

QUESTION = "try an upload again after the connection failed"
WEATHER = "convert a temperature from celsius"
SAVED = '''def convert_celsius_to_fahrenheit(degrees):
    """Turn a temperature into the other unit."""
    return degrees * 9 / 5 + 32
'''
_LOOK = """
import sys
from cascode_server.cli.main import main
try:
    main(sys.argv[1:])
finally:
    heavy = {"torch", "faiss", "sqlite_utils", "cascode_indexer.engine"}
    print("loaded:", *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def look(house: House, *arguments: str, cwd: Path) -> tuple[int, str, str]:
    """Run the command line; return status, stdout and what it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, *arguments],
        capture_output=True,
        text=True,
        env=house.environment,
        cwd=cwd,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", QUESTION),
        ("search", QUESTION, "--format", "vimgrep", "-n", "2", "--kind", "function"),
        ("search", QUESTION, "--format", "markdown", "--path", "*.js"),
        ("search", QUESTION, "--explain", "--no-rerank"),
        ("search", "zzz qqq", "--path", "*.nothing"),
        ("similar", "src/upload.py:6", "--format", "vimgrep"),
        ("similar", "src/upload.py:1"),
        ("search", QUESTION, "--path", "["),
        ("search", QUESTION, "--workspace", "missing"),
    ],
    ids=" ".join,
)
def test_the_command_line_says_the_same_with_a_server(home: House, workspace: Path, arguments: tuple[str, ...]) -> None:
    """Output, messages and exit status are those of a search without one; nothing is loaded for them."""
    alone = House(home.base / "alone")
    status, out, err = look(alone, *arguments, cwd=workspace)
    editor = home.editor()
    editor.initialize(workspace)
    editor.wait_ready()
    with_server = look(home, *arguments, cwd=workspace)
    indexed = [line for line in err.splitlines() if "indexed 5 definitions" not in line and "loaded:" not in line]
    assert with_server == (status, out, "".join(f"{line}\n" for line in [*indexed, "loaded:"]))
    shutil.rmtree(home.base / "alone", ignore_errors=True)


def test_the_command_line_finds_what_was_saved_just_now(home: House, workspace: Path) -> None:
    """It looks for changes first, as without a server; with ``--no-update`` it does not."""
    editor = home.editor()
    editor.initialize(workspace, options={"settings": {"indexing": {"enabled": True}}})
    editor.wait_ready()
    (workspace / "src" / "new.py").write_text(SAVED)
    status, out, err = look(home, "search", WEATHER, "--format", "jsonl", cwd=workspace)
    assert json.loads(out)["hits"][0]["name"] == "convert_celsius_to_fahrenheit"
    assert (status, err) == (0, "loaded:\n")


def wants_servers(house: House) -> House:
    """A house whose user wants commands to leave a server behind."""
    folder = Path(house.environment["CASCODE_CONFIG_DIR"])
    folder.mkdir(parents=True)
    (folder / "cascode.toml").write_text("shared.commandLine = true\n")
    return house


def is_prepared(house: House) -> bool:
    """Whether a server has loaded what the next command needs."""
    logs = Path(house.environment["CASCODE_LOG_DIR"]).glob("server-*.log")
    return any("ready for commands about" in log.read_text() for log in logs)


def servers(house: House) -> set[int]:
    """The processes of resident servers of a house."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            own = process.environ().get("CASCODE_INDEX_DIR") == house.environment["CASCODE_INDEX_DIR"]
            if own and "cascode_server.resident.main" in " ".join(process.cmdline()):
                found.add(process.pid)
    return found


@pytest.mark.parametrize("arguments", [("search", QUESTION), ("similar", "src/upload.py:6")], ids=["search", "similar"])
def test_a_command_leaves_a_server_behind_where_the_user_wants_that(
    build: Build, workspace: Path, arguments: tuple[str, ...]
) -> None:
    """The next one asks it, and finds everything loaded; its answer is the same."""
    home = wants_servers(build())
    status, out, _ = look(home, *arguments, cwd=workspace)
    eventually(lambda: is_prepared(home))
    pid = home.pid()
    assert look(home, *arguments, cwd=workspace) == (status, out, "loaded:\n")
    assert home.pid() == pid


def test_several_commands_at_once_leave_one_server(build: Build, workspace: Path) -> None:
    """The others end by themselves, before anybody asks them."""
    home = wants_servers(build())
    home.run("index", cwd=workspace)
    command = [*COMMAND[:-1], "search", QUESTION]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    commands = [subprocess.Popen(command, env=home.environment, cwd=workspace, **quiet) for _ in range(3)]
    assert [process.wait(PATIENCE) for process in commands] == [0, 0, 0]
    eventually(lambda: is_prepared(home))
    eventually(lambda: servers(home) == {home.pid()})


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5])
def test_an_editor_that_opens_meanwhile_shares_the_server(build: Build, workspace: Path, seconds: float) -> None:
    """Whoever of the two comes first starts it; nobody gets a server of their own."""
    home = wants_servers(build())
    home.run("search", QUESTION, cwd=workspace)
    time.sleep(seconds)
    editor = home.editor()
    editor.initialize(workspace)
    assert str(home.pid()) in editor.execute("status")["log_file"]


def test_a_server_is_found_by_a_relative_folder(build: Build, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts in another folder than the command."""
    home = wants_servers(build())
    monkeypatch.chdir(home.base)
    home.environment["CASCODE_RUNTIME_DIR"] = "run"
    home.run("search", QUESTION, "--workspace", str(workspace), cwd=home.base)
    eventually(lambda: is_prepared(home))
    assert home.pid() in servers(home)


def test_what_cannot_be_started_is_a_warning(build: Build, workspace: Path) -> None:
    """The answer is there already."""
    home = wants_servers(build())
    Path(home.environment["CASCODE_RUNTIME_DIR"]).write_text("")
    done = home.run("search", QUESTION, cwd=workspace)
    assert done.returncode == 0
    assert "no shared server is left behind" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_workspace_that_was_never_indexed_is_indexed_by_the_command(
    home: House, workspace: Path, tmp_path: Path
) -> None:
    """With its progress where the person sees it."""
    editor = home.editor()
    editor.initialize(workspace)
    fresh = make_workspace(tmp_path / "fresh")
    done = home.run("search", QUESTION, cwd=fresh)
    assert "indexed 5 definitions" in done.stderr
    assert look(home, "search", QUESTION, cwd=fresh)[2] == "loaded:\n", "from then on the server knows it"
