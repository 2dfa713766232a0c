"""Open documents: what is typed is found before it is saved, with right lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import UPLOAD, Editor, eventually

pytestmark = pytest.mark.usefixtures("model")

Connect = Callable[[], Editor]

QUESTION = "try an upload again after the connection failed"
TYPED = '''

def convert_celsius_to_fahrenheit(degrees):
    """Turn a temperature into the other unit."""
    return degrees * 9 / 5 + 32
'''
WEATHER = "convert a temperature from celsius"


@pytest.fixture
def editor(connect: Connect, workspace: Path) -> Editor:
    """A client whose index is complete and whose model is loaded."""
    editor = connect()
    editor.initialize(workspace)
    editor.search(QUESTION)
    editor.wait_ready()
    return editor


def insert(line: int, character: int, text: str) -> dict[str, object]:
    """An edit that puts text at a place."""
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def test_typed_function_is_found_within_a_second(editor: Editor, workspace: Path) -> None:
    """A function that was typed and not saved is found at its lines; the file on the disk stays as it is."""
    path = workspace / "src" / "upload.py"
    uri = editor.open(path, UPLOAD)
    lines = UPLOAD.count("\n")
    editor.change(uri, insert(lines, 0, TYPED))
    hit = editor.search(WEATHER)["hits"][0]
    assert hit["name"] == "convert_celsius_to_fahrenheit"
    assert (hit["start_line"], hit["end_line"]) == (lines + 3, lines + 5)
    assert hit["selectionRange"]["start"] == {"line": lines + 2, "character": 4}
    assert "convert" not in path.read_text(encoding="utf-8")


def test_lines_follow_what_is_typed_above(editor: Editor, workspace: Path) -> None:
    """Lines of an edited document are those of the editor, not of the disk, for search and for similar."""
    uri = editor.open(workspace / "src" / "upload.py", UPLOAD)
    for _ in range(10):
        editor.change(uri, insert(0, 0, "# one more line\n"))
    hit = editor.search(QUESTION)["hits"][0]
    assert (hit["name"], hit["start_line"]) == ("retry_failed_upload", 15)
    similar = editor.execute("similar", {"textDocument": {"uri": uri}, "position": {"line": 24, "character": 0}})
    found = {hit["name"]: hit["start_line"] for hit in similar["hits"]}
    assert "parse_size" not in found  # it stands there by now
    assert found["retry_failed_upload"] == 15


def test_deleted_function_is_not_found(editor: Editor, workspace: Path) -> None:
    """A function whose lines were deleted and not saved is gone from the answers."""
    uri = editor.open(workspace / "src" / "upload.py", UPLOAD)
    span = {"start": {"line": 4, "character": 0}, "end": {"line": 13, "character": 0}}
    editor.change(uri, {"range": span, "text": ""})
    assert "retry_failed_upload" not in editor.names(QUESTION)
    assert "parse_size" in editor.names("turn megabytes into bytes")


def test_closing_without_saving_lets_the_disk_rule(editor: Editor, workspace: Path) -> None:
    """After a document is closed the file counts again."""
    uri = editor.open(workspace / "src" / "upload.py", UPLOAD)
    editor.change(uri, {"text": TYPED})
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    assert "retry_failed_upload" not in editor.names(QUESTION)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert "convert_celsius_to_fahrenheit" not in editor.names(WEATHER)


def test_saving_indexes_what_was_typed(editor: Editor, workspace: Path) -> None:
    """A save is taken up without waiting for a watcher, and stays after the document is closed."""
    path = workspace / "src" / "upload.py"
    uri = editor.open(path, UPLOAD)
    editor.change(uri, {"text": UPLOAD + TYPED})
    path.write_text(UPLOAD + TYPED, encoding="utf-8")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    eventually(lambda: editor.execute("status")["functions"] == 6)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"


def test_new_unsaved_file_is_found(editor: Editor, workspace: Path) -> None:
    """A document of a file that does not exist yet is searched."""
    editor.open(workspace / "src" / "weather.py", TYPED)
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"


@pytest.mark.parametrize(
    "uri",
    ["untitled:Untitled-1", "git:/shop/src/upload.py?ref", "vscode-remote://host/shop/a.py", "file:///elsewhere/a.py"],
)
def test_other_documents_are_passed_over(editor: Editor, uri: str) -> None:
    """Documents that are no files of the workspace change nothing, whatever happens to them."""
    document = {"uri": uri, "languageId": "python", "version": 1, "text": TYPED}
    editor.notify("textDocument/didOpen", {"textDocument": document})
    editor.change(uri, insert(0, 0, "x"))
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert "convert_celsius_to_fahrenheit" not in editor.names(WEATHER)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.names(QUESTION)[0] == "retry_failed_upload"


def test_edits_of_a_document_that_is_not_open_are_dropped(editor: Editor, workspace: Path) -> None:
    """A client's mistake is logged and does not end the session."""
    uri = (workspace / "src" / "upload.py").as_uri()
    editor.change(uri, insert(0, 0, "x"))
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert any("not open" in log["message"] for log in editor.received("window/logMessage"))


def test_typing_is_parsed_before_it_is_asked_for(editor: Editor, workspace: Path) -> None:
    """A pause in typing has the document parsed and encoded, so that the next search is as fast as any."""
    uri = editor.open(workspace / "src" / "upload.py", UPLOAD)
    editor.change(uri, {"text": UPLOAD + TYPED})
    time.sleep(1.0)  # a pause in typing: there is nothing to wait for
    before = time.monotonic()
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    assert time.monotonic() - before < 1.0


def test_open_document_without_edits_goes_with_its_file(editor: Editor, workspace: Path) -> None:
    """A file that is deleted while its document is open is forgotten; one that was typed into lives on."""
    path, kept = workspace / "src" / "upload.py", workspace / "src" / "typed.py"
    editor.open(path, UPLOAD)
    kept.write_text("def first(): pass\n", encoding="utf-8")
    editor.change(editor.open(kept, "def first(): pass\n"), insert(1, 0, TYPED))
    assert "retry_failed_upload" in editor.names(QUESTION)
    path.unlink()
    kept.unlink()
    for file in (path, kept):
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": 3}]})
    eventually(lambda: "retry_failed_upload" not in editor.names(QUESTION))
    assert "convert_celsius_to_fahrenheit" in editor.names(WEATHER)
