"""Workspace folders: nested, linked, deleted, and the folder that a process was started in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import UPLOAD, Editor, Start, eventually, make_workspace

pytestmark = pytest.mark.usefixtures("model")

Connect = Callable[[], Editor]

QUESTION = "try an upload again after the connection failed"
TYPED = '''

def convert_celsius_to_fahrenheit(degrees):
    """Turn a temperature into the other unit."""
    return degrees * 9 / 5 + 32
'''
WEATHER = "convert a temperature from celsius"


def remove_folder(editor: Editor, path: Path) -> None:
    """Take a workspace away."""
    event = {"added": [], "removed": [{"uri": path.as_uri(), "name": path.name}]}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})


def test_the_inner_of_two_folders_outlives_the_outer(connect: Connect, workspace: Path) -> None:
    """Removing the outer of two nested folders leaves the inner one searched."""
    editor = connect()
    editor.initialize(workspace, workspace / "src")
    editor.wait_ready()
    remove_folder(editor, workspace)
    eventually(lambda: (s := editor.execute("status")) and s["functions"] == 5 and s["state"] == "ready")
    assert editor.search(QUESTION)["hits"][0]["path"] == "upload.py"


def test_two_spellings_of_a_folder_are_one(connect: Connect, workspace: Path, tmp_path: Path) -> None:
    """A link and its target, open at once, give every hit once, also after either has gone."""
    link = tmp_path / "link"
    link.symlink_to(workspace)
    editor = connect()
    editor.initialize(workspace, link)
    editor.wait_ready()
    assert editor.execute("status")["functions"] == 5
    assert [folder["functions"] for folder in editor.execute("status")["workspaces"]] == [5, 5]
    assert editor.names(QUESTION).count("retry_failed_upload") == 1
    remove_folder(editor, workspace)
    eventually(lambda: (s := editor.execute("status")) and s["functions"] == 5 and s["state"] == "ready")
    assert editor.search(QUESTION)["hits"][0]["uri"] == (link / "src" / "upload.py").as_uri()


@pytest.mark.parametrize("linked", ["folder", "document"])
def test_a_document_by_another_spelling_is_the_same(
    connect: Connect, workspace: Path, tmp_path: Path, linked: str
) -> None:
    """A document opened through a link stands in for its file, and code like it is found."""
    link = tmp_path / "link"
    link.symlink_to(workspace)
    editor = connect()
    editor.initialize(link if linked == "folder" else workspace)
    editor.wait_ready()
    path = (workspace if linked == "folder" else link) / "src" / "upload.py"
    uri = editor.open(path, UPLOAD + TYPED)
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    similar = editor.execute("similar", {"textDocument": {"uri": uri}, "position": {"line": 6}})
    assert similar["hits"]


def test_a_deleted_folder_is_not_counted(connect: Connect, workspace: Path, tmp_path: Path) -> None:
    """Functions of a workspace that was deleted are no functions that can be found."""
    other = make_workspace(tmp_path / "other")
    editor = connect()
    editor.initialize(workspace, other)
    editor.wait_ready()
    eventually(lambda: editor.execute("status")["functions"] == 10)
    shutil.rmtree(other)
    editor.execute("reindex")
    eventually(lambda: editor.execute("status")["functions"] == 5)
    assert {hit["workspace"] for hit in editor.search(QUESTION)["hits"]} == {"shop"}


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be deleted there")
def test_the_folder_that_a_server_was_started_in_may_go(
    start: Start, environment: dict[str, str], workspace: Path, tmp_path: Path
) -> None:
    """The server answers though its current folder is deleted; relative paths in variables count from where it was."""
    here = tmp_path / "here"
    here.mkdir()
    editor = start("--stdio", cwd=here, CASCODE_INDEX_DIR="../relative-index")
    editor.initialize(workspace)
    shutil.rmtree(here)
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert editor.execute("status")["index_directory"] == str(tmp_path / "relative-index" / "v1")
    assert any((tmp_path / "relative-index").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be deleted there")
def test_a_search_from_a_deleted_folder(environment: dict[str, str], workspace: Path, tmp_path: Path) -> None:
    """The command line answers where all paths are absolute, and says in one line where one would count from there."""
    here = tmp_path / "here"
    code = (
        "import os, sys\n"
        f"os.mkdir({str(here)!r}); os.chdir({str(here)!r}); os.rmdir({str(here)!r})\n"
        "from cascode_server.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
        )

    done = run("search", "--format", "jsonl", "--workspace", str(workspace), QUESTION)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_failed_upload"
    for arguments in (("search", QUESTION), ("search", "-w", "src", QUESTION), ("similar", "a.py:1"), ("status", ".")):
        done = run(*arguments)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "the current directory no longer exists" in done.stderr
