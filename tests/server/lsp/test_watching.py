"""Changed files, reported by the client or noticed by our own watcher; workspaces that come and go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, eventually, make_workspace

Connect = Callable[[], Editor]

WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
NEW = 'def bake_sourdough_bread(flour):\n    """Bake bread of flour."""\n    return flour\n'
BREAD = "bake bread"


def ready(connect: Connect, *folders: Path, watches: bool) -> Editor:
    """A client whose index is complete, that watches files or does not."""
    editor = connect()
    editor.initialize(*folders, capabilities=WATCHES if watches else {})
    editor.wait_ready()
    eventually(lambda: editor.execute("status")["functions"])
    return editor


def notify(editor: Editor, *changes: tuple[Path, int]) -> None:
    """Notify the server of changed files (1 created, 2 changed, 3 deleted)."""
    events = [{"uri": path.as_uri(), "type": kind} for path, kind in changes]
    editor.notify("workspace/didChangeWatchedFiles", {"changes": events})


def functions(editor: Editor) -> int:
    """How many functions the index holds."""
    return int(editor.execute("status")["functions"])


def test_a_client_that_watches_is_asked_to(connect: Connect, workspace: Path) -> None:
    """Where the client offers it, it is registered for all files, and its word is taken for each change."""
    editor = ready(connect, workspace, watches=True)
    asked = [params for method, params in editor.asked if method == "client/registerCapability"]
    registration = asked[0]["registrations"][0]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]
    new = workspace / "bread.py"
    new.write_text(NEW)
    notify(editor, (new, 1))
    eventually(lambda: functions(editor) == 6)
    new.write_text(NEW + NEW.replace("bake", "slice"))
    notify(editor, (new, 2))
    eventually(lambda: functions(editor) == 7)
    new.unlink()
    notify(editor, (new, 3))
    eventually(lambda: functions(editor) == 5)


def test_a_client_that_watches_is_not_watched_over(connect: Connect, workspace: Path) -> None:
    """Two watchers cost twice: where the client watches, the server does not."""
    editor = ready(connect, workspace, watches=True)
    (workspace / "unseen.py").write_text(NEW)
    (workspace / "bread.py").write_text(NEW.replace("bake", "slice"))
    notify(editor, (workspace / "bread.py", 1))
    eventually(lambda: functions(editor) == 6)
    assert functions(editor) == 6


def test_a_client_is_asked_to_watch_once_it_is_to(connect: Connect, workspace: Path) -> None:
    """The setting may leave it out at first; it is asked when the setting changes, and not again after that."""

    def use(watcher: str) -> None:
        editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"watcher": watcher}}})

    editor = connect()
    editor.initialize(workspace, capabilities=WATCHES, options={"settings": {"watcher": "server"}})
    editor.wait_ready()
    (workspace / "bread.py").write_text(NEW)
    eventually(lambda: functions(editor) == 6)
    assert editor.asked == []
    use("auto")
    editor.wait_until(lambda: editor.asked)
    new = workspace / "more.py"
    new.write_text(NEW.replace("bake", "slice"))
    notify(editor, (new, 1))
    eventually(lambda: functions(editor) == 7)
    use("server")
    use("auto")
    new.write_text("")
    notify(editor, (new, 2))
    eventually(lambda: functions(editor) == 6)
    assert [method for method, _ in editor.asked] == ["client/registerCapability"]


def test_an_event_that_cannot_be_read_leaves_the_others(connect: Connect, workspace: Path) -> None:
    """Half a character is in no file's name."""
    editor = ready(connect, workspace, watches=True)
    new = workspace / "bread.py"
    new.write_text(NEW)
    events = [{"uri": "file:///\ud800", "type": 1}, {"uri": new.as_uri(), "type": 1}]
    editor.notify("workspace/didChangeWatchedFiles", {"changes": events})
    eventually(lambda: functions(editor) == 6)


def test_folders_that_a_client_tells_of_are_walked(connect: Connect, workspace: Path) -> None:
    """Clients report a folder that came or went, not of the files in it."""
    editor = ready(connect, workspace, watches=True)
    folder = workspace / "kitchen.tools"
    folder.mkdir()
    (folder / "bread.py").write_text(NEW)
    notify(editor, (folder, 1))
    eventually(lambda: functions(editor) == 6)
    shutil.rmtree(folder)
    notify(editor, (folder, 3))
    eventually(lambda: functions(editor) == 5)


def test_files_that_do_not_count_change_nothing(connect: Connect, workspace: Path) -> None:
    """Ignored files, git's own files and files outside of the workspace are passed over."""
    (workspace / ".gitignore").write_text("ignored.py\n")
    editor = ready(connect, workspace, watches=True)
    (workspace / ".git").mkdir()
    strangers = [workspace / "ignored.py", workspace / ".git" / "hook.py", workspace.parent / "outside.py"]
    for path in strangers:
        path.write_text(NEW)
    (workspace / "bread.py").write_text(NEW)
    notify(editor, *((path, 1) for path in strangers), (workspace / "bread.py", 1))
    eventually(lambda: functions(editor) == 6)
    assert [hit["path"] for hit in editor.search(BREAD)["hits"] if "bread" in hit["name"]] == ["bread.py"]


def test_a_client_that_refuses_to_watch_is_done_without(connect: Connect, workspace: Path) -> None:
    """Where the registration fails the server watches by itself, and misses nothing in between."""

    def refuse(_params: Any) -> None:
        raise RuntimeError("not today")

    editor = connect()
    editor.answers["client/registerCapability"] = refuse
    editor.initialize(workspace, capabilities=WATCHES)
    editor.wait_ready()
    (workspace / "bread.py").write_text(NEW)
    eventually(lambda: functions(editor) == 6)


def test_without_a_watching_client_the_server_watches(connect: Connect, workspace: Path) -> None:
    """Changes, deletions, renames of folders and new ignore rules are noticed."""
    editor = ready(connect, workspace, watches=False)
    assert editor.asked == []
    (workspace / "bread.py").write_text(NEW)
    eventually(lambda: functions(editor) == 6)
    (workspace / "src").rename(workspace / "lib")
    eventually(lambda: "lib/upload.py" in {hit["path"] for hit in editor.search("retry a failed upload")["hits"]})
    assert functions(editor) == 6
    (workspace / ".gitignore").write_text("lib/\n")
    eventually(lambda: functions(editor) == 1)
    (workspace / "bread.py").unlink()
    eventually(lambda: functions(editor) == 0)


@pytest.mark.parametrize("watches", [False, True])
def test_workspaces_come_and_go(connect: Connect, workspace: Path, tmp_path: Path, watches: bool) -> None:
    """An added folder is searched and watched, a removed one is not; all are merged in one answer."""
    other = make_workspace(tmp_path / "bakery")
    shutil.rmtree(other / "src")
    (other / "bread.py").write_text(NEW)
    editor = ready(connect, workspace, watches=watches)
    change(editor, added=[other])
    eventually(lambda: functions(editor) == 6)
    hit = editor.search(BREAD)["hits"][0]
    assert (hit["name"], hit["workspace"], hit["uri"]) == (
        "bake_sourdough_bread",
        "bakery",
        (other / "bread.py").as_uri(),
    )
    assert [folder["name"] for folder in editor.execute("status")["workspaces"]] == ["shop", "bakery"]
    (other / "more.py").write_text(NEW.replace("bake", "slice"))
    if watches:
        notify(editor, (other / "more.py", 1))
    eventually(lambda: functions(editor) == 7)
    change(editor, removed=[workspace])
    eventually(lambda: functions(editor) == 2)
    assert {hit["workspace"] for hit in editor.search("retry a failed upload")["hits"]} <= {"bakery"}
    change(editor, removed=[other])
    eventually(lambda: functions(editor) == 0)
    assert editor.search(BREAD)["hits"] == []
    change(editor, added=[workspace, workspace])
    eventually(lambda: functions(editor) == 5)
    assert [folder["name"] for folder in editor.execute("status")["workspaces"]] == ["shop"]


def test_a_workspace_inside_another_is_counted_once(connect: Connect, workspace: Path) -> None:
    """Functions of a folder that was opened along with its parent are found once."""
    editor = ready(connect, workspace, workspace / "src", watches=False)
    assert functions(editor) == 5
    names = [hit["name"] for hit in editor.search("retry a failed upload")["hits"]]
    assert names.count("retry_failed_upload") == 1


def change(editor: Editor, added: list[Path] | None = None, removed: list[Path] | None = None) -> None:
    """Add and remove workspaces."""
    event = {
        "added": [{"uri": folder.as_uri(), "name": folder.name} for folder in added or []],
        "removed": [{"uri": folder.as_uri(), "name": folder.name} for folder in removed or []],
    }
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
