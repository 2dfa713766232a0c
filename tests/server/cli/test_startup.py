"""What a command loads before it has something to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_LOOK = """
import sys
from cascode_server.cli.main import main
try:
    main(sys.argv[1:])
finally:
    loaded = {"torch", "transformers", "faiss"} & set(sys.modules)
    print("loaded:", *sorted(loaded), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["--version"], 0), (["search", "--help"], 0), (["status"], 1)]
)
def test_light_commands_load_nothing_heavy(workspace: Path, arguments: list[str], status: int) -> None:
    """Help, version and status answer without torch, transformers and FAISS."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, *arguments], capture_output=True, text=True, cwd=workspace, check=False
    )
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"
    assert done.stdout
