"""Indexing, watching, status, doctor and clean on a real workspace."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

Start = Callable[..., "subprocess.Popen[str]"]
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way on Windows")


def test_status_before_and_after(run: Run, workspace: Path, model: None) -> None:
    """Never indexed is status 1 and names the command; then counts, languages and skipped paths are shown."""
    before = run("status")
    assert before.status == 1
    assert "run cascode index" in before.out
    assert run("index").status == 0
    after = run("status")
    assert after.status == 0
    assert "state        ready" in after.out
    assert "6 in 3 files: python 5, javascript 1" in after.out
    assert "1 ignored" in after.out


def test_doctor_names_the_command_that_fixes_it(run: Run, workspace: Path, model: None) -> None:
    """What is wrong comes with its fix, and is gone after it."""
    before = run("doctor")
    assert before.status == 1
    assert f"fix: cascode index {workspace}" in before.out
    run("index")
    after = run("doctor")
    assert after.status == 0, after.out
    assert "wrong" not in after.out


def test_clean_removes_one_index(run: Run, workspace: Path, model: None) -> None:
    """The index of a workspace goes, its files stay."""
    run("index")
    cleaned = run("clean", ".")
    assert cleaned.status == 0
    assert cleaned.out.startswith("removed 1 index ")
    assert cleaned.err == ""
    assert run("clean", ".").err == f"no index found for {workspace}\n"
    assert run("status").status == 1
    assert (workspace / "config.py").is_file()


def test_clean_all_asks_first(
    run: Run, workspace: Path, model: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without --yes somebody has to agree; with nobody there it is an error that names the flag."""
    run("index")
    (tmp_path / "no").write_text("n\n", encoding="utf-8")
    with (tmp_path / "no").open(encoding="utf-8") as refusal:
        monkeypatch.setattr(sys, "stdin", refusal)
        assert run("clean", "--all").status == 1
        nobody = run("clean", "--all")
    assert nobody.status == 2
    assert "--yes" in nobody.err
    assert run("status").status == 0
    assert run("clean", "--all", "--yes").out.startswith("removed 1 index ")
    assert run("status").status == 1


def test_read_failure_of_an_index_is_one_line(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index folder that is a file is reported with the variable that names another one."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(workspace / "config.py"))
    outcome = run("index")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert "CASCODE_INDEX_DIR" in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a directory that a process is in")
@pytest.mark.parametrize("command", ["status", "index", "settings", "doctor"])
def test_a_current_directory_that_is_gone_is_reported(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """One line that says what to do, whatever the command."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert err == "cascode: the current directory no longer exists: change to one that does, or use absolute paths\n"


@needs_signals
def test_watch_says_what_it_does(workspace: Path, model: None, start: Start) -> None:
    """A changed file is reported on stdout; Ctrl-C ends the watch without an error."""
    process = start("watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    while "watching" not in (line := process.stderr.readline()):
        assert line, "the watch ended"
    (workspace / "door.py").write_text("def open_door(key):\n    return key.turn()\n", encoding="utf-8")
    line = process.stdout.readline()
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d  {re.escape(str(workspace))}: 1 file changed, 0 removed, 1 definition encoded in .* s\n", line
    )
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert process.stderr.read().splitlines()[-1] == "stopped watching"


def fill(workspace: Path, count: int) -> None:
    """Write a file with many functions, all different."""
    (workspace / "many.py").write_text(
        "".join(f"def number_{n}(value):\n    return value * {n} + {n * n}\n\n\n" for n in range(count)),
        encoding="utf-8",
    )


@needs_signals
def plain(said: bytes) -> str:
    """What a terminal was sent, without its control sequences."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said.decode(errors="replace"))


def test_bars_on_a_terminal_and_interrupt(workspace: Path, model: None, start: Start, run: Run) -> None:
    """A terminal sees counts of files and functions; Ctrl-C keeps what was done, and the next run ends the work."""
    fill(workspace, 3_000)
    ours, theirs = os.openpty()
    process = start("index", stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    # Not before a batch is stored: the next run must find something done.
    while not re.search(r"[1-9][\d,]* / 3,006 definitions", plain(said)):
        said += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # Linux reports the end of a terminal so
        pass
    os.close(ours)
    assert process.wait() == 130
    text = plain(said)
    assert "4 / 4 files" in text
    assert "cascode: interrupted; what was indexed is kept" in text
    assert "Traceback" not in text
    outcome = run("index")
    assert outcome.status == 0
    assert "indexed 3,006 definitions in 4 files" in outcome.err
    encoded = re.search(r"\(([\d,]+) definitions encoded", outcome.err)
    assert encoded is not None
    assert int(encoded[1].replace(",", "")) < 3_006


def test_no_bar_where_stderr_is_no_terminal(run: Run, workspace: Path, model: None) -> None:
    """A log gets lines, no control characters."""
    outcome = run("index")
    assert "\x1b" not in outcome.err
    assert outcome.err.count("\n") == 1
