"""Settings: pulled, pushed, changed while running; bad ones; what a workspace may not say without trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import UPLOAD, Editor, NoAnswer, Start, eventually, make_workspace

Connect = Callable[[], Editor]

PULLS = {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}}


def state(editor: Editor) -> str:
    """The state of the index in one word."""
    return str(editor.execute("status")["state"])


def shown(editor: Editor) -> list[str]:
    """What the user was shown."""
    return [message["message"] for message in editor.received("window/showMessage")]


def set_pulled(editor: Editor, settings: object) -> None:
    """Change the settings of a client that is asked for them."""
    editor.settings = settings
    editor.notify("workspace/didChangeConfiguration", {"settings": None})


def test_every_answer_says_that_the_model_is_missing(connect: Connect, workspace: Path) -> None:
    """The user is shown it once, and a program reads it in each answer that was found by words alone."""
    editor = connect()
    editor.initialize(workspace, options={"settings": {"model": {"path": "no-such-model"}}})
    eventually(lambda: editor.search("retry a failed upload")["model_error"])
    for _ in range(2):
        found = editor.search("retry a failed upload")
        assert "no-such-model" in found["model_error"]
        assert found["dropped"] == 0
    assert len([line for line in shown(editor) if "no-such-model" in line]) == 1
    working = connect()
    working.initialize(workspace)
    working.wait_ready()
    assert working.search("retry a failed upload")["model_error"] is None


def test_settings_are_pulled_and_followed(connect: Connect, workspace: Path) -> None:
    """The client is asked at the start and after each change; indexing begins and ends with its setting."""
    editor = connect()
    editor.settings = {"indexing": {"enabled": False}, "search": {"limit": 1}}
    editor.initialize(workspace, capabilities=PULLS)
    eventually(lambda: state(editor) == "disabled")
    asked = [params for method, params in editor.asked if method == "workspace/configuration"]
    assert asked == [{"items": [{"scopeUri": workspace.as_uri(), "section": "cascode"}]}]
    registered = [params for method, params in editor.asked if method == "client/registerCapability"]
    assert registered[0]["registrations"][0]["method"] == "workspace/didChangeConfiguration"
    assert editor.execute("status")["functions"] == 0
    set_pulled(editor, {"search": {"limit": 1}})
    eventually(lambda: state(editor) == "ready" and editor.execute("status")["functions"] == 5)
    assert len(editor.search("retry a failed upload")["hits"]) == 1
    set_pulled(editor, {"indexing": {"enabled": False}})
    eventually(lambda: state(editor) == "disabled")
    assert len(editor.search("retry a failed upload")["hits"]) > 1
    assert shown(editor) == []


def test_settings_are_pushed_where_they_cannot_be_pulled(connect: Connect, workspace: Path) -> None:
    """Initialization options and didChangeConfiguration do for clients that are not asked."""
    editor = connect()
    editor.initialize(workspace, options={"settings": {"indexing": {"enabled": False}}})
    eventually(lambda: state(editor) == "disabled")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"indexing": {"enabled": True}}}})
    eventually(lambda: state(editor) == "ready")
    assert editor.asked == []


def test_a_client_that_does_not_answer_is_not_waited_for(connect: Connect, workspace: Path) -> None:
    """Settings that cannot be had are done without."""

    def refuse(_params: Any) -> None:
        raise RuntimeError("no settings today")

    editor = connect()
    editor.answers["workspace/configuration"] = refuse
    editor.initialize(workspace, capabilities=PULLS)
    assert editor.wait_ready()["functions"] == 5


def test_an_open_file_does_not_keep_a_silent_client_s_workspace_from_being_indexed(
    connect: Connect, workspace: Path
) -> None:
    """What is typed waits for the index, and the index waits for settings that never come no longer than it has to."""

    def keep_silent(_params: Any) -> None:
        raise NoAnswer

    editor = connect()
    editor.answers["workspace/configuration"] = keep_silent
    editor.initialize(workspace, capabilities=PULLS)
    editor.open(workspace / "src" / "upload.py", UPLOAD)
    assert editor.wait_ready()["functions"] == 5


def test_a_size_limit_is_applied_while_running(connect: Connect, workspace: Path) -> None:
    """A changed limit has the workspace looked at again; what it leaves out is counted."""
    editor = connect()
    editor.initialize(workspace, capabilities=PULLS)
    editor.wait_ready()
    set_pulled(editor, {"indexing": {"maxFileSize": 300}})
    status = eventually(lambda: (s := editor.execute("status")) and s["skipped"].get("too_large") == 1 and s)
    assert status["functions"] == 3
    set_pulled(editor, None)
    set_pulled(editor, {"indexing": {"maxFileSize": 100_000}})
    eventually(lambda: editor.execute("status")["functions"] == 5)


def test_a_bad_value_is_shown_once_and_replaced(connect: Connect, workspace: Path) -> None:
    """A value that makes no sense is reported with its name, and the default is used."""
    editor = connect()
    editor.settings = {"search": {"limit": "many"}, "no": {"such": 1}}
    editor.initialize(workspace, capabilities=PULLS)
    editor.wait_ready()
    set_pulled(editor, {**editor.settings, "indexing": {"threads": 1}})  # type: ignore[dict-item]
    eventually(lambda: len([request for request in editor.asked if request[0] == "workspace/configuration"]) == 2)
    assert len(editor.search("retry a failed upload")["hits"]) > 1
    about_limit = [message for message in shown(editor) if "search.limit = " in message]
    assert len(about_limit) == 1
    assert "many" in about_limit[0]
    assert len(shown(editor)) == len(set(shown(editor)))


@pytest.mark.parametrize("trusted", [False, True])
def test_a_workspace_names_a_model_only_where_it_is_trusted(connect: Connect, workspace: Path, trusted: bool) -> None:
    """A workspace's file cannot have a model loaded without the editor's trust, and the user is informed."""
    (workspace / "cascode.toml").write_text('[model]\npath = "./evil"\n\n[search]\nlimit = 1\n')
    editor = connect()
    editor.initialize(workspace, options={"trusted": trusted})
    if trusted:
        eventually(lambda: editor.execute("status")["model"]["label"].endswith("evil"))
        eventually(lambda: any("evil" in message for message in shown(editor)))
        assert editor.names("retry a failed upload") == ["retry_failed_upload"]  # by words
    else:
        editor.wait_ready()
        assert editor.execute("status")["model"]["label"] == "bundled"
        assert any("model.path" in message for message in shown(editor))
        assert len(editor.search("retry a failed upload")["hits"]) == 1


def test_a_changed_workspace_file_is_read_again(connect: Connect, workspace: Path) -> None:
    """Saving cascode.toml takes effect without a restart."""
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    assert len(editor.search("retry a failed upload")["hits"]) > 1
    (workspace / "cascode.toml").write_text("[search]\nlimit = 1\n")
    eventually(lambda: len(editor.search("retry a failed upload")["hits"]) == 1)


@pytest.mark.parametrize("noticed_by", ["save", "client's watcher"])
def test_a_workspace_that_is_not_indexed_is_once_its_file_says_so(
    connect: Connect, workspace: Path, noticed_by: str
) -> None:
    """Nobody watches it, so the client's word is taken: a save, or an event of a watcher of the client's own."""
    file = workspace / "cascode.toml"
    file.write_text("[indexing]\nenabled = false\n")
    editor = connect()
    editor.initialize(workspace, capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    eventually(lambda: state(editor) == "disabled")
    file.write_text("[indexing]\nenabled = true\n")
    if noticed_by == "save":
        editor.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    else:
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": 2}]})
    eventually(lambda: state(editor) == "ready" and editor.execute("status")["functions"] == 5)


def test_indexing_is_turned_off_and_on_by_a_file_that_the_server_watches(connect: Connect, workspace: Path) -> None:
    """The watcher goes on while nothing is indexed."""
    file = workspace / "cascode.toml"
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    file.write_text("[indexing]\nenabled = false\n")
    eventually(lambda: state(editor) == "disabled")
    (workspace / "more.py").write_text("def more_of_it(x):\n    return x\n")
    file.write_text("[indexing]\nenabled = true\n")
    eventually(lambda: editor.execute("status")["functions"] == 6)


def test_a_scan_of_everything_reads_the_file_again(connect: Connect, workspace: Path) -> None:
    """It finds what nobody announced, settings included."""
    editor = connect()
    editor.initialize(workspace, capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    editor.wait_ready()
    (workspace / "cascode.toml").write_text("[search]\nlimit = 1\n")
    # The client is relied on, and says nothing of the file.
    editor.execute("reindex")
    eventually(lambda: len(editor.search("retry a failed upload")["hits"]) == 1)


def test_a_wrong_address_of_a_team_leaves_the_search_as_it_is(start: Start, workspace: Path, tmp_path: Path) -> None:
    """It is shown in a line, and once it is put right the indexes are opened with what is there then."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "cascode.toml").write_text('[team]\nurl = "mysql://db/code"\n')
    editor = start("--stdio", CASCODE_CONFIG_DIR=str(config))
    editor.initialize(workspace)
    assert editor.wait_ready()["functions"] == 5
    assert "retry_failed_upload" in editor.names("retry a failed upload")
    assert len([message for message in shown(editor) if "without the team's index" in message]) == 1

    def reopenings() -> int:
        return sum("reopening" in message["message"] for message in editor.received("window/logMessage"))

    before = reopenings()  # settings that are not the defaults count as a change
    (config / "cascode.toml").unlink()
    editor.notify("workspace/didChangeConfiguration", {"settings": {}})
    assert editor.wait_until(lambda: reopenings() > before)
    assert "retry_failed_upload" in editor.names("retry a failed upload")


# --- several workspaces ---------------------------------------------------------------------------------


def counts(editor: Editor) -> dict[str, int]:
    """Definitions in the index of each workspace."""
    return {workspace["name"]: workspace["functions"] for workspace in editor.execute("status")["workspaces"]}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two workspaces of five definitions in two files, one of which has more than 300 bytes."""
    return make_workspace(tmp_path / "left"), make_workspace(tmp_path / "right")


def test_each_workspace_has_its_own_file(connect: Connect, pair: tuple[Path, Path]) -> None:
    """Whether and what is indexed is said by each ``cascode.toml`` for its workspace, also after a change."""
    left, right = pair
    (right / "cascode.toml").write_text("[indexing]\nenabled = false\n")
    editor = connect()
    editor.initialize(left, right)
    eventually(lambda: counts(editor) == {"left": 5, "right": 0} and state(editor) == "ready")
    assert {hit["workspace"] for hit in editor.search("retry a failed upload")["hits"]} == {"left"}
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"indexing": {"enabled": True}}}})
    eventually(lambda: counts(editor) == {"left": 5, "right": 5})
    (right / "cascode.toml").write_text("[indexing]\nmaxFileSize = 300\n")
    (left / "cascode.toml").write_text("[indexing]\nenabled = false\n")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {}}})
    eventually(lambda: 0 < counts(editor)["right"] < 5)
    assert counts(editor)["left"] == 5, "what is indexed stays"
    assert shown(editor) == []


def test_each_workspace_is_asked_about(connect: Connect, pair: tuple[Path, Path]) -> None:
    """A client is asked once, for the settings of every workspace by its URI, and each answer counts for its own."""
    left, right = pair
    editor = connect()

    def answer(params: Any) -> Any:
        return [{"indexing": {"enabled": item.get("scopeUri") != right.as_uri()}} for item in params["items"]]

    editor.answers["workspace/configuration"] = answer
    editor.initialize(left, right, capabilities=PULLS)
    eventually(lambda: counts(editor) == {"left": 5, "right": 0} and state(editor) == "ready")
    asked = [params["items"] for method, params in editor.asked if method == "workspace/configuration"]
    assert [[item["scopeUri"] for item in items] for items in asked] == [[left.as_uri(), right.as_uri()]]


def test_a_workspace_that_is_added_is_not_indexed_before_its_settings_are_known(
    connect: Connect, pair: tuple[Path, Path]
) -> None:
    """One that says that it is not to be indexed never is."""
    left, right = pair
    (right / "cascode.toml").write_text("[indexing]\nenabled = false\n")
    editor = connect()
    editor.initialize(left)
    editor.wait_ready()
    added = [{"uri": right.as_uri(), "name": "right"}]
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    eventually(lambda: counts(editor) == {"left": 5, "right": 0} and state(editor) == "ready")
    (left / "src" / "more.py").write_text("def more_of_it(x):\n    return x\n")
    eventually(lambda: counts(editor) == {"left": 6, "right": 0})
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": added}})
    (right / "cascode.toml").unlink()
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    eventually(lambda: counts(editor) == {"left": 6, "right": 5})


def test_a_model_that_describes_is_said_at_once(start: Start, workspace: Path) -> None:
    """The status names it without being asked, so that lists offer it from then on."""
    editor = start("--stdio")
    editor.initialize(workspace)
    editor.wait_ready()
    assert not any(params["describes"] for params in editor.received("cascode/status"))
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"describe": {"model": "somewhere"}}}})
    eventually(lambda: any(params["describes"] for params in editor.received("cascode/status")))
