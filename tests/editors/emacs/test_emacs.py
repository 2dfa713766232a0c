"""A real Emacs with eglot against the real server, with nothing of ours in between."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "editors.md"
#: Longer than any wait inside the script, so that the script itself says what it waited for.
LIMIT_S = 280


@pytest.mark.editor
def test_eglot_searches_as_its_users_do(tmp_path: Path) -> None:
    """What docs/editors.md shows works: initialize, search, references, unsaved code, symbols by a sigil, shutdown."""
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.fail("emacs is missing: run `make setup-editors`")
    spec = importlib.util.find_spec("click")
    assert spec is not None
    assert spec.origin is not None
    workspace = tmp_path / "click"
    shutil.copytree(Path(spec.origin).parent, workspace, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "home").mkdir()
    shown = re.findall(r"^```elisp\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown
    snippets = tmp_path / "snippets.el"
    snippets.write_text(";; -*- lexical-binding: t; -*-\n" + "\n".join(shown), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CASCODE")},
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "home" / "config"),
        "CASCODE_INDEX_DIR": str(tmp_path / "index"),
        "CASCODE_LOG_DIR": str(tmp_path / "logs"),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "CASCODE_TEST_SNIPPETS": str(snippets),
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
    steps = ("initialize", "status", "search", "references", "unsaved", "symbols", "shutdown")
    assert said == [f"ok: {step}" for step in steps]
