"""What different clients receive, by their names and abilities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Editor

Connect = Callable[[], Editor]

CAFE = "# ☕🚀 first line\ndef größe_🚀():\n    return 1\n\n\ndef ünïcode_nâme(x): return '🚀', x\n"


@pytest.mark.parametrize("client", [{"plugin": "vscode"}, {"plugin": "", "clientInfo": {"name": "Visual Studio Code"}}])
def test_vscode_is_offered_no_symbols(connect: Connect, client: dict[str, object]) -> None:
    """VS Code drops symbols whose names do not match the letters typed: it gets none of ours."""
    assert "workspaceSymbolProvider" not in connect().initialize(**client)["capabilities"]  # type: ignore[arg-type]


def test_other_clients_are_offered_symbols_and_no_unknown_notifications(connect: Connect, workspace: Path) -> None:
    """A client without a plugin of ours gets standard messages only: it would warn of others."""
    editor = connect()
    result = editor.initialize(workspace, plugin="", clientInfo={"name": "Helix"})
    assert result["capabilities"]["workspaceSymbolProvider"] is True
    assert editor.names("retry a failed upload")
    assert editor.execute("status")["functions"] >= 0
    assert {name for name, _ in editor.notifications} <= {"window/logMessage", "window/showMessage"}
    assert editor.asked == []


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-8", "utf-16", "utf-32"], "utf-8"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-16"], "utf-16"),
        (["utf-7"], "utf-16"),
        ("utf-8", "utf-16"),
    ],
)
def test_the_unit_of_columns_is_agreed_on(connect: Connect, offered: object, chosen: str) -> None:
    """The client's best unit that we know is taken, and UTF-16 where there is none."""
    capabilities = {} if offered is None else {"general": {"positionEncodings": offered}}
    assert connect().initialize(capabilities=capabilities)["capabilities"]["positionEncoding"] == chosen


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_columns_are_in_the_agreed_unit(connect: Connect, tmp_path: Path, encoding: str) -> None:
    """The ends of a function with characters of all widths are right in every unit."""
    root = tmp_path / "wide"
    root.mkdir()
    (root / "wide.py").write_text(CAFE, encoding="utf-8")
    editor = connect()
    editor.initialize(root, capabilities={"general": {"positionEncodings": [encoding]}})
    hits = editor.search("ünïcode nâme")["hits"]
    hit = next(found for found in hits if found["name"] == "ünïcode_nâme")
    line = CAFE.split("\n")[5]

    def units(text: str) -> int:
        return len(text.encode(encoding + ("-le" if encoding != "utf-8" else ""))) // {"utf-8": 1, "utf-16": 2}.get(
            encoding, 4
        )

    assert hit["range"]["end"] == {"line": 5, "character": units(line)}
    assert hit["selectionRange"] == {
        "start": {"line": 5, "character": 4},
        "end": {"line": 5, "character": 4 + units("ünïcode_nâme")},
    }


@pytest.mark.parametrize("way", ["rootUri", "rootPath", "none"])
def test_older_ways_to_name_a_workspace_are_understood(connect: Connect, workspace: Path, way: str) -> None:
    """rootUri and rootPath work as workspaceFolders do; without any, searches find nothing and say so."""
    editor = connect()
    params: dict[str, object] = {"workspaceFolders": None}
    if way == "rootUri":
        params["rootUri"] = workspace.as_uri()
    elif way == "rootPath":
        params["rootPath"] = str(workspace)
    editor.initialize(**params)  # type: ignore[arg-type]
    if way == "none":
        found = editor.search("retry a failed upload")
        assert (found["hits"], found["index"]["functions"]) == ([], 0)
    else:
        assert "retry_failed_upload" in editor.names("retry a failed upload")
        assert [folder["name"] for folder in editor.execute("status")["workspaces"]] == ["shop"]


def test_uris_are_spelled_as_the_client_spells_them(connect: Connect, tmp_path: Path) -> None:
    """A workspace that is opened through a link, under an odd name, is answered under that name."""
    real = tmp_path / "real"
    (real / "a b").mkdir(parents=True)
    (real / "a b" / "100%#?.py").write_text("def odd_name_of_file():\n    return 1\n")
    link = tmp_path / "link (ü)"
    link.symlink_to(real, target_is_directory=True)
    uri = f"file://{tmp_path}/link%20%28%c3%bc%29"  # lower-case hex and encoded brackets, as some editors write
    editor = connect()
    editor.initialize(workspaceFolders=[{"uri": uri, "name": "odd"}])
    assert [hit["uri"] for hit in editor.search("odd name of file")["hits"]] == [f"{uri}/a%20b/100%25%23%3F.py"]


def test_a_missing_workspace_is_shown_once_and_the_others_are_searched(
    connect: Connect, workspace: Path, tmp_path: Path
) -> None:
    """A missing folder is reported with its name; the rest works."""
    editor = connect()
    editor.initialize(tmp_path / "gone", workspace)
    assert "retry_failed_upload" in editor.names("retry a failed upload")
    shown = editor.wait_until(lambda: editor.received("window/showMessage"))
    assert str(tmp_path / "gone") in shown[0]["message"]
    assert editor.execute("status")["state"] in ("error", "indexing")
    assert len(editor.received("window/showMessage")) == 1
