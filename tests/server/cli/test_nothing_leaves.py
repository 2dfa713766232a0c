"""With the setting off nothing leaves the machine, and nothing that could send is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_WATCHED = """
import json, socket, sys
seen = []
def hook(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.connect" and arguments[0].family != socket.AF_UNIX:
        seen.append(event + " " + repr(arguments[1:]))
sys.addaudithook(hook)
from cascode_server.cli.commands import run
status = run(sys.argv[1:])
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("cascode_team", "psycopg", "ray"))
print(json.dumps({"status": status, "seen": seen, "loaded": loaded}))
"""


def watched(tmp_path: Path, *arguments: str, **variables: str) -> dict[str, object]:
    """Run a command in a process that notes every address that is looked up or connected to."""
    environment = {
        **os.environ, "CASCODE_INDEX_DIR": str(tmp_path / "index"), "CASCODE_CONFIG_DIR": str(tmp_path / "config"),
        **variables,
    }  # fmt: skip
    environment.pop("CASCODE_TEAM_URL", None)
    environment.update(variables)
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_nothing_leaves_with_the_setting_off(tmp_path: Path) -> None:
    """Indexing and searching look up no address and connect to none; with the setting the same watch sees it."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.py").write_text("def retry_upload(client):\n    return client.retry()\n")
    (workspace / "cascode.toml").write_text('[team]\nurl = "postgresql://127.0.0.1:1/code"\nsearch = true\n')
    asked = ("search", "retry an upload", "--workspace", str(workspace))
    assert watched(tmp_path, *asked) == {"status": 0, "seen": [], "loaded": []}
    on = watched(tmp_path, *asked, "--team", CASCODE_TEAM_URL="postgresql://127.0.0.1:1/code")
    assert on["status"] == 0
    assert "cascode_team.client" in on["loaded"]  # type: ignore[operator]
