"""What a command loads before it has something to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cascode_server.cli.commands import cli
from cascode_server.cli.lazy import LazyCommands

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


def test_the_list_of_commands_imports_none() -> None:
    """Help is printed before any command's module, and what that needs, is imported."""
    program = (
        "import sys; from cascode_server.cli.commands import run; run(['--help'])\n"
        "heavy = {'cascode_server.cli.search', 'cascode_indexer.walk', 'cascode_server.settings'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "  search       Find functions by what they do.\n" in done.stdout


@pytest.mark.parametrize("name", list(cli.commands))
def test_the_list_says_what_each_command_says(name: str) -> None:
    """A summary is how the command's own help begins, and fits its line."""
    assert isinstance(cli.commands, LazyCommands)
    summary = cli.commands.summary(name)
    command = cli.commands[name]
    written = " ".join((command.short_help or command.help or "").split())
    assert written.startswith(summary.removesuffix("."))
    assert len(f"  {'agent-guide'}  {summary}") <= 80


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_full_disk_behind_stdout_is_one_line(workspace: Path) -> None:
    """What cannot be written is reported once, without a traceback at the interpreter's end."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from cascode_server.cli.main import main; main()", "status"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=workspace,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "cascode: the operating system reported an error: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_closed_stdout_is_no_error(workspace: Path) -> None:
    """A command whose stdout is closed keeps its status."""
    code = "from cascode_server.cli.main import main; main()"
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" completion bash >&-', sys.executable, code],
        capture_output=True,
        text=True,
        cwd=workspace,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
