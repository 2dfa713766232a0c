"""A real Emacs with eglot against the real server, with nothing of ours in between."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: Longer than any wait inside the script, so that the script itself says what it waited for.
LIMIT_S = 240


@pytest.mark.editor
def test_eglot_searches_as_its_users_do(tmp_path: Path) -> None:
    """Initialize, index, search, search what is not saved, symbols by a sigil, and an ordered end."""
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.fail("emacs is missing: run `make setup-editors`")
    spec = importlib.util.find_spec("click")
    assert spec is not None
    assert spec.origin is not None
    workspace = tmp_path / "click"
    shutil.copytree(Path(spec.origin).parent, workspace, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "home").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CASCODE")},
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "home" / "config"),
        "CASCODE_INDEX_DIR": str(tmp_path / "index"),
        "CASCODE_LOG_DIR": str(tmp_path / "logs"),
        "CASCODE_TEST_SERVER": str(Path(sys.executable).with_name("cascode")),
        "CASCODE_TEST_WORKSPACE": str(workspace),
    }
    # Not -Q: it would leave out the folder of Debian's packages, and with it eglot.
    done = subprocess.run(
        [emacs, "--batch", "-l", HERE / "drive.el"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("ok: ")]
    assert said == [f"ok: {step}" for step in ("initialize", "status", "search", "unsaved", "symbols", "shutdown")]
