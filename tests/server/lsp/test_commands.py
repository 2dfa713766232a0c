"""The commands on one running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import UPLOAD, Editor, ErrorAnswer, Start, eventually, make_workspace, starting

pytestmark = pytest.mark.usefixtures("model")

QUESTION = "try an upload again after the connection failed"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of this module; nothing changes it."""
    return make_workspace(tmp_path_factory.mktemp("commands") / "shop with spaces")


@pytest.fixture(scope="module")
def editor(environment: dict[str, str], workspace: Path) -> Iterator[Editor]:
    """A client whose index is complete."""
    with starting(environment) as start:
        editor = start("--stdio")
        editor.initialize(workspace)
        editor.wait_ready()
        yield editor
        assert editor.finish() == 0


def test_search_finds_by_meaning_with_exact_places(editor: Editor, workspace: Path) -> None:
    """A question finds the function; its ranges are the whole function and its name."""
    found = editor.search(QUESTION)
    hit = found["hits"][0]
    assert hit["name"] == "retry_failed_upload"
    assert hit["uri"] == (workspace / "src" / "upload.py").as_uri()
    assert (hit["path"], hit["workspace"]) == ("src/upload.py", "shop with spaces")
    assert (hit["kind"], hit["language"], hit["start_line"], hit["end_line"]) == ("function", "python", 5, 12)
    lines = UPLOAD.split("\n")
    assert hit["range"] == {
        "start": {"line": 4, "character": 0},
        "end": {"line": 11, "character": len(lines[11])},
    }
    span = hit["selectionRange"]
    assert lines[span["start"]["line"]][span["start"]["character"] : span["end"]["character"]] == hit["name"]
    assert found["query"] == QUESTION
    assert found["index"] == {"state": "ready", "functions": 5, "pending": 0, "files": 2}
    assert isinstance(found["confident"], bool)
    assert found["timings_ms"]["total"] > 0


def test_search_takes_filters(editor: Editor) -> None:
    """Languages, kinds, globs and the limit narrow the hits."""
    assert {hit["language"] for hit in editor.search("upload", languages=["js"])["hits"]} == {"javascript"}
    assert {hit["kind"] for hit in editor.search("upload", kinds=["method"])["hits"]} == {"method"}
    assert {hit["path"] for hit in editor.search("job", paths=["*.py"])["hits"]} == {"src/upload.py"}
    assert len(editor.search("upload", limit=1)["hits"]) == 1


def test_two_phase_answers_name_their_stage(editor: Editor) -> None:
    """With a token and texts to read, the list of kept states is streamed before the last one is answered."""
    before = len(editor.received("$/progress"))
    found = editor.search(QUESTION, rerank=True, partialResultToken="both")
    streamed = editor.received("$/progress")[before:]
    assert [params["token"] for params in streamed] == ["both"]
    assert {hit["stage"] for hit in streamed[0]["value"]["hits"]} == {"cascade"}
    assert streamed[0]["value"].keys() == found.keys()
    assert {hit["stage"] for hit in found["hits"]} == {"cascade"}
    assert all(0 <= hit["probability"] <= 1 for hit in found["hits"])
    assert {hit["stage"] for hit in editor.search(QUESTION, rerank=False)["hits"]} == {"fast"}


def test_similar_finds_like_functions_and_not_itself(editor: Editor, workspace: Path) -> None:
    """Functions like the one under the cursor are found in any language."""
    uri = (workspace / "src" / "queue.js").as_uri()
    argument = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 0}, "limit": 2}
    names = [hit["name"] for hit in editor.execute("similar", argument)["hits"]]
    assert "Queue.pop" in names
    assert "Queue.push" not in names


def test_a_definition_is_described_by_its_documentation(start: Start, workspace: Path) -> None:
    """Of the buffer as it is typed; what has none needs the model that a setting names."""
    editor = start("--stdio")
    editor.initialize(workspace, options={"settings": {"describe": {"model": "nowhere"}}})
    path = workspace / "src" / "upload.py"
    text = path.read_text(encoding="utf-8")
    typed = text + '\n\ndef typed():\n    """Say nothing. Twice."""\n    return 1\n\n\ndef bare():\n    return 2\n'
    document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": typed}
    editor.notify("textDocument/didOpen", {"textDocument": document})
    line = typed.split("\n").index("def typed():")
    place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line}}
    said = editor.execute("describe", place)
    assert said == {"name": "typed", "text": "Say nothing.", "documented": True}
    with pytest.raises(ErrorAnswer, match="nowhere"):
        editor.execute("describe", {**place, "position": {"line": line + 5}})
    with pytest.raises(ErrorAnswer, match="no definition at line 1 of"):
        editor.execute("describe", {**place, "position": {"line": 0}})
    gone = {"uri": (workspace / "src" / "gone.py").as_uri()}
    with pytest.raises(ErrorAnswer, match="cannot be read"):
        editor.execute("describe", {**place, "textDocument": gone})
    with pytest.raises(ErrorAnswer, match="not in any of the workspaces"):
        editor.execute("describe", {**place, "textDocument": {"uri": workspace.parent.as_uri() + "/other.py"}})
    assert editor.execute("status")["describes"] is True


def test_without_a_model_nothing_is_described(editor: Editor, workspace: Path) -> None:
    """The setting is named."""
    place = {"textDocument": {"uri": (workspace / "src" / "upload.py").as_uri()}, "position": {"line": 0}}
    with pytest.raises(ErrorAnswer, match=r"cascode\.describe\.model") as refused:
        editor.execute("describe", place)
    assert refused.value.error["code"] == -32602
    assert editor.execute("status")["describes"] is False


def test_similar_says_where_there_is_no_function(editor: Editor, workspace: Path) -> None:
    """A place outside of functions or of the workspace is reported, with the place."""
    for uri, said in (
        ((workspace / "src" / "upload.py").as_uri(), "line 3"),
        (workspace.parent.as_uri() + "/other.py", "other.py"),
    ):
        with pytest.raises(ErrorAnswer, match=said) as refused:
            editor.execute("similar", {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 0}})
        assert refused.value.code == -32602


def test_status_describes_the_server(editor: Editor, environment: dict[str, str], workspace: Path) -> None:
    """The status holds what a status bar and a report of a fault need."""
    status = editor.execute("status", {})
    assert status == editor.execute("status")
    assert (status["state"], status["message"], status["functions"], status["pending"]) == ("ready", None, 5, 0)
    assert status["files"] == {"done": 2, "total": 2}
    assert status["model"]["label"] == "bundled"
    assert status["workspaces"] == [
        {
            "uri": workspace.as_uri(),
            "name": "shop with spaces",
            "functions": 5,
            "files": 2,
            "pending": 0,
            "read_only": False,
            "skipped": {},
        }
    ]
    assert status["index_directory"].startswith(environment["CASCODE_INDEX_DIR"])
    assert status["log_file"].startswith(environment["CASCODE_LOG_DIR"])


def test_pause_and_resume_show_in_the_status(editor: Editor) -> None:
    """Both commands take effect at once and are reported; searches go on meanwhile."""
    editor.execute("pause")
    editor.wait_until(lambda: editor.received("cascode/status")[-1]["state"] == "paused")
    assert editor.search(QUESTION)["index"]["state"] == "paused"
    editor.execute("resume")
    editor.wait_until(lambda: editor.received("cascode/status")[-1]["state"] == "ready")


@pytest.mark.parametrize("full", [False, True])
def test_reindex_ends_where_it_began(editor: Editor, full: bool) -> None:
    """A second look, also at files that did not change, leaves the index as it was and answers at once."""
    assert editor.execute("reindex", {"full": full}) is None
    states = [editor.execute("status")["state"]]
    assert eventually(lambda: states.append(editor.execute("status")["state"]) or states[-1] == "ready")
    assert editor.search(QUESTION)["index"] == {"state": "ready", "functions": 5, "pending": 0, "files": 2}


def test_cancelled_searches_are_answered_and_leave_the_server_free(editor: Editor) -> None:
    """Every cancelled request is answered once, with RequestCancelled or its result; the next search is answered."""
    ids = []
    for number in range(30):
        argument = {"query": f"question number {number} about uploads"}
        params = {"command": "cascode.server.search", "arguments": [argument]}
        ids.append(editor.begin("workspace/executeCommand", params))
        editor.notify("$/cancelRequest", {"id": ids[-1]})
    codes = []
    for msg_id in ids:
        try:
            editor.answer(msg_id)
        except ErrorAnswer as error:
            codes.append(error.code)
    assert set(codes) == {-32800}
    assert editor.names(QUESTION)[0] == "retry_failed_upload"


def test_symbols_answer_the_sigil_only(editor: Editor, workspace: Path) -> None:
    """A query with the sigil is a question; all other queries belong to other servers."""
    symbols = editor.request("workspace/symbol", {"query": f"? {QUESTION}"})
    assert symbols[0]["name"] == "retry_failed_upload"
    assert symbols[0]["kind"] == 12
    assert symbols[0]["location"]["uri"] == (workspace / "src" / "upload.py").as_uri()
    assert symbols[0]["location"]["range"]["start"] == {"line": 4, "character": 4}
    assert symbols[0]["containerName"] == "src/upload.py"
    for other in ("upload", "", "?", "?   "):
        assert editor.request("workspace/symbol", {"query": other}) == []
