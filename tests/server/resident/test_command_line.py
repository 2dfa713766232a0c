"""The command line through the resident server: the same answers, and nothing is loaded for them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..lsp.conftest import eventually, make_workspace
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


@pytest.mark.parametrize("arguments", [("search", QUESTION), ("similar", "src/upload.py:6")], ids=["search", "similar"])
def test_a_command_leaves_a_server_behind_where_the_user_wants_that(
    build: Build, workspace: Path, arguments: tuple[str, ...]
) -> None:
    """The next one asks it; it has loaded what that needs."""
    home = build()
    before = look(home, *arguments, cwd=workspace)
    assert home.greet() == {}, "nobody asked for a server"
    settings = Path(home.environment["CASCODE_CONFIG_DIR"]) / "cascode.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("shared.commandLine = true\n")
    assert look(home, *arguments, cwd=workspace)[:2] == before[:2]
    logs = Path(home.environment["CASCODE_LOG_DIR"])
    eventually(lambda: any("ready for commands\n" in log.read_text() for log in logs.glob("server-*.log")))
    pid = home.pid()
    assert look(home, *arguments, cwd=workspace) == (*before[:2], "loaded:\n")
    assert home.pid() == pid


def test_what_cannot_be_started_is_a_warning(build: Build, workspace: Path) -> None:
    """The answer is there already."""
    home = build()
    settings = Path(home.environment["CASCODE_CONFIG_DIR"]) / "cascode.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("shared.commandLine = true\n")
    runtime = Path(home.environment["CASCODE_RUNTIME_DIR"])
    shutil.rmtree(runtime, ignore_errors=True)
    runtime.write_text("")
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
