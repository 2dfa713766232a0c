"""Notebooks in an editor: what is typed into cells is searched, a hit names its cell, cells can be asked about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cascode_server.relay.journal import Journal

from .conftest import Editor, ErrorAnswer, eventually

pytestmark = pytest.mark.usefixtures("model")

Connect = Callable[[], Editor]

RESIZE = 'def resize_pictures(folder):\n    """Make small pictures of large ones."""\n    return folder\n'
QUESTION = "make small pictures of large ones"
TYPED = 'def convert_celsius(degrees):\n    """Turn a temperature into the other unit."""\n    return degrees\n'
WEATHER = "turn a temperature into the other unit"


def write(path: Path, *sources: str) -> None:
    """Write a notebook with a heading and some code cells."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# Pictures"]}]
    for source in sources:
        lines = source.splitlines(keepends=True)
        cells.append({"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": lines})
    named = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path.write_text(json.dumps({"cells": cells, "metadata": named, "nbformat": 4, "nbformat_minor": 5}, indent=1))


def cell_uri(path: Path, name: str) -> str:
    """The URI of a cell as VS Code makes it."""
    return f"vscode-notebook-cell:{path.as_posix()}#{name}"


def item(uri: str, text: str, language: str = "python") -> dict[str, Any]:
    """A cell's document."""
    return {"uri": uri, "languageId": language, "version": 1, "text": text}


@pytest.fixture
def path(workspace: Path) -> Path:
    """A notebook of two code cells."""
    write(workspace / "work.ipynb", "import os\n", RESIZE)
    return workspace / "work.ipynb"


@pytest.fixture
def editor(connect: Connect, workspace: Path, path: Path) -> Editor:
    """A client whose index is complete, and which has the notebook open."""
    editor = connect()
    editor.initialize(workspace)
    editor.search(QUESTION)
    editor.wait_ready()
    return editor


def open_notebook(editor: Editor, path: Path, *sources: str) -> None:
    """Open a notebook with a heading and some code cells, named a, b, c."""
    texts = [item(cell_uri(path, "head"), "# Pictures", "markdown")]
    texts += [item(cell_uri(path, name), source) for name, source in zip("abc", sources, strict=False)]
    cells = [{"kind": 1 if text["languageId"] == "markdown" else 2, "document": text["uri"]} for text in texts]
    document = {"uri": path.as_uri(), "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    editor.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": texts})


def change(editor: Editor, path: Path, **cells: Any) -> None:
    """Edit a notebook."""
    editor.notify(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": path.as_uri(), "version": 2}, "change": {"cells": cells}},
    )


def test_a_hit_names_its_cell_and_the_lines_of_the_file(editor: Editor, path: Path) -> None:
    """Clients with notebooks open the cell; the others the line of the file."""
    hit = editor.search(QUESTION)["hits"][0]
    assert (hit["uri"], hit["name"], hit["language"]) == (path.as_uri(), "resize_pictures", "python")
    assert hit["cell"] == {"number": 3, "start_line": 1, "end_line": 3}
    assert hit["cellSelectionRange"] == {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 19}}
    start, end = hit["selectionRange"]["start"], hit["selectionRange"]["end"]
    line = path.read_text().split("\n")[start["line"]]
    assert line[start["character"] : end["character"]] == "resize_pictures"
    assert editor.search("retry_failed_upload")["hits"][0]["cell"] is None


def test_what_is_typed_into_a_cell_is_found_before_it_is_saved(editor: Editor, path: Path) -> None:
    """Edits, new cells and removed ones; a cell in front moves the numbers of those behind it."""
    open_notebook(editor, path, "import os\n", RESIZE)
    edit = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": TYPED + "\n"}
    change(editor, path, textContent=[{"document": {"uri": cell_uri(path, "a"), "version": 2}, "changes": [edit]}])
    hit = editor.search(WEATHER)["hits"][0]
    assert (hit["name"], hit["cell"]["number"], hit["cell"]["start_line"]) == ("convert_celsius", 2, 1)
    new = item(cell_uri(path, "new"), "x = 1")
    array = {"start": 0, "deleteCount": 1, "cells": [{"kind": 2, "document": new["uri"]}]}
    change(editor, path, structure={"array": array, "didOpen": [new]})
    array = {"start": 0, "deleteCount": 0, "cells": [{"kind": 1, "document": "x"}]}
    change(editor, path, structure={"array": array, "didOpen": [item("x", "# Title", "markdown")]})
    assert editor.search(WEATHER)["hits"][0]["cell"]["number"] == 3
    change(editor, path, structure={"array": {"start": 2, "deleteCount": 1}})
    assert "convert_celsius" not in editor.names(WEATHER)
    assert "convert" not in path.read_text()


def test_the_disk_rules_after_a_save_and_after_closing(editor: Editor, path: Path) -> None:
    """A saved notebook is indexed at once; a closed one counts as it is on the disk."""
    open_notebook(editor, path, TYPED)
    assert "convert_celsius" in editor.names(WEATHER)
    editor.notify("notebookDocument/didClose", {"notebookDocument": {"uri": path.as_uri()}, "cellTextDocuments": []})
    assert "convert_celsius" not in editor.names(WEATHER)
    open_notebook(editor, path, TYPED)
    write(path, TYPED)
    editor.notify("notebookDocument/didSave", {"notebookDocument": {"uri": path.as_uri()}})
    editor.notify("notebookDocument/didClose", {"notebookDocument": {"uri": path.as_uri()}, "cellTextDocuments": []})
    eventually(lambda: "convert_celsius" in editor.names(WEATHER))
    assert "resize_pictures" not in editor.names(QUESTION)


def test_code_like_that_of_a_cell(editor: Editor, path: Path) -> None:
    """A cell is named by its URI, in any spelling of it; one that no open notebook has is an error in one line."""
    open_notebook(editor, path, "import os\n", RESIZE)
    for uri in (cell_uri(path, "b"), cell_uri(path, "b").replace("#", "%23")):
        place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
        names = [hit["name"] for hit in editor.execute("similar", place)["hits"]]
        assert names
        assert "resize_pictures" not in names
    with pytest.raises(ErrorAnswer, match="not a file"):
        editor.execute("similar", {**place, "textDocument": {"uri": cell_uri(path, "z")}})


def test_damaged_edits_let_the_disk_rule(editor: Editor, path: Path) -> None:
    """An edit of a cell that is not there: the notebook would be another one than the client's."""
    open_notebook(editor, path, TYPED)
    assert "convert_celsius" in editor.names(WEATHER)
    change(editor, path, textContent=[{"document": {"uri": "none"}, "changes": [{"text": ""}]}])
    assert "convert_celsius" not in editor.names(WEATHER)
    assert "resize_pictures" in editor.names(QUESTION)


def test_a_new_resident_server_hears_of_open_notebooks() -> None:
    """What a relay repeats after a crash holds notebooks with their edits, until they are closed."""
    journal = Journal()

    def client(method: str, uri: str) -> bytes:
        body = json.dumps({"method": method, "params": {"notebookDocument": {"uri": uri}}}).encode()
        journal.from_client(body, body)
        return body

    opened, edit = client("notebookDocument/didOpen", "a"), client("notebookDocument/didChange", "a")
    client("notebookDocument/didOpen", "b")
    client("notebookDocument/didClose", "b")
    assert list(journal.replay()) == [opened, edit]
