"""The scripts that install what a verb needs: as root, by sudo, or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Each script with its arguments, and a package that it asks for where nothing is installed.
SCRIPTS = (
    (("setup-ctags.sh",), "universal-ctags"),
    (("setup-editors.sh", "no-environment"), "lua-check"),
    (("setup-extension.sh",), "nodejs"),
    (("setup-workflows.sh", "no-tools"), "npm"),
)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only programs there are: a person who is not root, an apt that notes what it is asked for, no Node.js."""
    for name, text in {"id": "echo 1000", "apt-get": 'echo "$@" >>"$ASKED"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("dirname", "env", "true"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def run(script: tuple[str, ...], programs: Path, sudo: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a script; return how it ended, and what apt was asked for."""
    (programs / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
    (programs / "sudo").chmod(0o755)
    asked = programs / "asked"
    asked.touch()
    done = subprocess.run(
        ["/bin/sh", f"scripts/{script[0]}", *script[1:]],
        cwd=ROOT,
        env={"PATH": str(programs), "ASKED": str(asked)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, asked.read_text()


@pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")
@pytest.mark.parametrize(("script", "package"), SCRIPTS)
def test_sudo_without_a_password_installs(script: tuple[str, ...], package: str, programs: Path) -> None:
    """A runner of CI is not root, and may become it."""
    _, asked = run(script, programs, '[ "$1" = -n ] && shift && exec "$@"')
    assert f" {package}" in asked


@pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")
@pytest.mark.parametrize(("script", "package"), SCRIPTS)
def test_without_rights_the_packages_are_named(script: tuple[str, ...], package: str, programs: Path) -> None:
    """Nobody is asked for a password by a verb."""
    done, asked = run(script, programs, "exit 1")
    assert (done.returncode, asked) == (1, "")
    assert done.stderr.startswith(f"{script[0].removesuffix('.sh')}: missing: ")
    assert package in done.stderr
