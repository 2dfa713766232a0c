"""Five clients as they are: what each announces, how it hands over settings, and what it may be sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .conftest import UPLOAD, Editor

pytestmark = pytest.mark.usefixtures("model")

QUESTION = "try an upload again after the connection failed"
#: What every profile sets in its own way.
SETTINGS = {"search": {"limit": 1}}
STANDARD = {"window/logMessage", "window/showMessage", "$/progress"}


@dataclass(frozen=True)
class Profile:
    """A client's announcements and habits."""

    name: str
    encodings: list[str] | None
    #: Has its settings pulled, and with what; None where it cannot be asked.
    pulled: Callable[[], Any] | None = None
    #: Pushed right after ``initialized``.
    pushed: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    watches: bool = True
    #: Takes a registration for changed settings.
    registers: bool = False
    symbols: bool = True

    def capabilities(self) -> dict[str, Any]:
        """What it announces."""
        return {
            "general": {} if self.encodings is None else {"positionEncodings": self.encodings},
            "window": {"workDoneProgress": True, "showMessage": {"messageActionItem": {}}},
            "workspace": {
                "configuration": self.pulled is not None,
                "workspaceFolders": True,
                "didChangeConfiguration": {"dynamicRegistration": self.registers},
                "didChangeWatchedFiles": {"dynamicRegistration": self.watches, "relativePatternSupport": True},
                "symbol": {"dynamicRegistration": False},
                "executeCommand": {"dynamicRegistration": False},
            },
            "textDocument": {"synchronization": {"didSave": True, "dynamicRegistration": False}},
            "experimental": {"anything": [None]},
        }


PROFILES = [
    Profile(
        "Visual Studio Code",
        ["utf-16"],
        pulled=lambda: SETTINGS,
        options={"client": "vscode", "settings": SETTINGS, "trusted": True},
        registers=True,
        symbols=False,
    ),
    Profile(
        "Neovim",
        ["utf-8", "utf-16", "utf-32"],
        pulled=lambda: None,  # an unset section is vim.NIL
        pushed={"settings": {}},
        options={"client": "neovim", "settings": SETTINGS, "trusted": False},
        watches=False,
    ),
    Profile(
        "Emacs",
        ["utf-32", "utf-8", "utf-16"],
        pulled=dict,
        pushed={"settings": {}},
        options={"settings": SETTINGS},
    ),
    Profile(
        "helix", ["utf-8", "utf-32", "utf-16"], pulled=lambda: SETTINGS, pushed={"settings": {"cascode": SETTINGS}}
    ),
    Profile("Sublime Text LSP", ["utf-16"], pushed={"settings": {"cascode.search.limit": 1, "pylsp.plugins": {}}}),
]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_session_of_each_client(connect: Callable[[], Editor], workspace: Path, profile: Profile) -> None:
    """Settings count from the first search on, unsaved code is found at its columns, and nothing unknown is sent."""
    editor = connect()
    if profile.pulled is not None:
        editor.settings = profile.pulled()
    params = {
        "processId": None,
        "clientInfo": {"name": profile.name},
        "locale": None,
        "rootPath": str(workspace),
        "rootUri": workspace.as_uri(),
        "initializationOptions": profile.options or None,
        "capabilities": profile.capabilities(),
        "trace": "off",
        "workspaceFolders": [{"uri": workspace.as_uri(), "name": "shop"}],
    }
    capabilities = editor.request("initialize", params)["capabilities"]
    assert capabilities["positionEncoding"] == (profile.encodings or ["utf-16"])[0]
    assert ("workspaceSymbolProvider" in capabilities) == profile.symbols
    editor.notify("initialized", {})
    if profile.pushed is not None:
        editor.notify("workspace/didChangeConfiguration", profile.pushed)
    assert [hit["name"] for hit in editor.search(QUESTION)["hits"]] == ["retry_failed_upload"]

    uri = editor.open(workspace / "src" / "upload.py", UPLOAD)
    start = {"line": 0, "character": 0}
    editor.change(uri, {"range": {"start": start, "end": start}, "text": "größe = '🚀'; retries = lambda: 3\n"})
    hit = editor.search(QUESTION)["hits"][0]
    assert (hit["uri"], hit["start_line"]) == (uri, 6)
    symbols = editor.request("workspace/symbol", {"query": f"? {QUESTION}"})
    assert symbols[0]["location"]["range"]["start"] == {"line": 5, "character": 4}

    names = {name for name, _ in editor.notifications}
    assert names <= (STANDARD | {"cascode/status"} if profile.options.get("client") else STANDARD)
    asked = {method for method, _ in editor.asked}
    assert ("workspace/configuration" in asked) == (profile.pulled is not None)
    assert ("client/registerCapability" in asked) == (profile.watches or profile.registers)
    assert editor.received("window/showMessage") == []
    assert editor.request("shutdown") is None
