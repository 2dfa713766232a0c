"""Files that lie in no workspace: searched while no folder is open, and always to be asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import UPLOAD, Editor, ErrorAnswer, Start, eventually

pytestmark = pytest.mark.usefixtures("model")

Connect = Callable[[], Editor]

QUESTION = "try an upload again after the connection failed"


def messages(editor: Editor) -> list[str]:
    """What was shown to the person."""
    return [shown["message"] for shown in editor.received("window/showMessage")]


def test_open_files_are_searched_without_a_folder(start: Start, tmp_path: Path) -> None:
    """With their lines, and one line says so; a file that is closed is searched no more, and the server ends well."""
    (tmp_path / "alone.py").write_text(UPLOAD)
    editor = start("--stdio")
    editor.initialize()
    uri = editor.open(tmp_path / "alone.py", "# typed\n" + UPLOAD)
    answer = editor.search(QUESTION)
    hit = answer["hits"][0]
    assert (hit["uri"], hit["name"], hit["start_line"]) == (uri, "retry_failed_upload", 6)
    assert answer["index"]["functions"] > 1
    assert [text for text in messages(editor) if "only the open files" in text and "\n" not in text]
    place = {"textDocument": {"uri": uri}, "position": {"line": hit["start_line"], "character": 0}}
    names = [found["name"] for found in editor.execute("similar", place)["hits"]]
    assert names
    assert "retry_failed_upload" not in names
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.search(QUESTION)["hits"] == []
    with pytest.raises(ErrorAnswer, match="not in any of the workspaces"):
        editor.execute("similar", place)
    assert editor.finish() == 0


def test_a_file_outside_is_no_part_of_a_project(connect: Connect, workspace: Path, tmp_path: Path) -> None:
    """Its functions are not among the hits of the project, but what is like them in the project is found."""
    editor = connect()
    editor.initialize(workspace)
    uri = editor.open(tmp_path / "beside.py", UPLOAD.replace("retry_failed_upload", "retry_elsewhere"))
    editor.wait_ready()
    assert "retry_elsewhere" not in editor.names(QUESTION)
    place = {"textDocument": {"uri": uri}, "position": {"line": 5, "character": 0}}
    assert "retry_failed_upload" in [hit["name"] for hit in editor.execute("similar", place)["hits"]]


def test_a_file_that_was_open_before_its_folder_belongs_to_it(connect: Connect, workspace: Path) -> None:
    """What is typed into it stands in for the file once the folder is opened, and edits go on."""
    editor = connect()
    editor.initialize()
    path = workspace / "src" / "upload.py"
    uri = editor.open(path, "# typed\n" + UPLOAD)
    assert editor.search(QUESTION)["hits"][0]["path"] == "upload.py"
    event = {"added": [{"uri": workspace.as_uri(), "name": "w"}], "removed": []}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    eventually(lambda: (s := editor.execute("status")) and s["functions"] == 5 and s["state"] == "ready")
    editor.change(
        uri, {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "\n"}
    )
    found = [
        (hit["path"], hit["start_line"])
        for hit in editor.search(QUESTION)["hits"]
        if hit["name"] == "retry_failed_upload"
    ]
    assert found == [("src/upload.py", 7)]


def test_skipped_paths_are_named_by_the_page(connect: Connect, workspace: Path) -> None:
    """With their reasons and URIs; all pages together hold each of them once."""
    (workspace / "picture.py").write_bytes(b"\0" * 100)
    (workspace / "node_modules" / "x").mkdir(parents=True)
    (workspace / ".gitignore").write_text("secret.py\n")
    (workspace / "secret.py").touch()
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    first = editor.execute("skipped", {"limit": 2})
    rest = editor.execute("skipped", {"offset": 2})
    assert (first["total"], len(first["paths"])) == (3, 2)
    paths = {item["path"]: item["reason"] for item in [*first["paths"], *rest["paths"]]}
    assert paths == {"picture.py": "binary", "node_modules/": "vendored", "secret.py": "ignored"}
    assert {item["uri"] for item in first["paths"]} <= {f"{workspace.as_uri()}/{path}" for path in paths}
