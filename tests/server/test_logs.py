"""The log file of a language server: private, bounded, one a process, never in the way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_server import logs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A log directory that does not exist yet; logging is put back afterwards."""
    monkeypatch.setenv("CASCODE_LOG_DIR", str(tmp_path / "state" / "logs"))
    root = logging.getLogger()
    before = list(root.handlers)
    yield tmp_path / "state" / "logs"
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    for name in logs.OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


def own_logger() -> logging.Logger:
    """A logger of the server."""
    return logging.getLogger("cascode_server.lsp")


def test_records_from_the_level_on_are_written(folder: Path) -> None:
    """The file holds what the level asks for, and follows a change of it."""
    path = logs.setup_logging("warning")
    assert path == logs.log_file()
    assert path.parent == folder
    own_logger().info("not this")
    own_logger().warning("but this")
    logs.set_level("debug")
    own_logger().debug("and this")
    text = path.read_text(encoding="utf-8")
    assert "not this" not in text
    assert "WARNING [MainThread] cascode_server.lsp: but this" in text
    assert "and this" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in other ways")
def test_only_the_owner_may_read(folder: Path) -> None:
    """Folder and file shut others out, whatever the umask."""
    before = os.umask(0)
    try:
        path = logs.setup_logging("info")
    finally:
        os.umask(before)
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_record_stays_on_its_line() -> None:
    """A name with a line break or a terminal's escape in it can forge no record."""
    path = logs.setup_logging("info")
    assert path is not None
    own_logger().warning("reading %s", "a\n2026-01-01 ERROR forged\x1b[2J\udc80.py")
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert r"a\n2026-01-01 ERROR forged\x1b[2J" in line


def test_log_is_bounded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A server that talks for weeks keeps one older part, as private as the new one."""
    monkeypatch.setattr(logs, "_MAX_BYTES", 2_000)
    path = logs.setup_logging("info")
    assert path is not None
    for number in range(200):
        own_logger().info("record %d", number)
    assert sorted(file.name for file in folder.iterdir()) == [path.name, f"{path.name}.1"]
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000
    assert "record 199" in path.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert all(file.stat().st_mode & 0o777 == 0o600 for file in folder.iterdir())


def test_folder_that_cannot_be_made_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a log the server works; the reason and the variable are reported."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("CASCODE_LOG_DIR", str(tmp_path / "file" / "logs"))
    assert logs.setup_logging("info") is None
    assert "CASCODE_LOG_DIR" in caplog.text


def test_old_logs_of_ended_processes_go(folder: Path) -> None:
    """The newest logs stay, and those of servers that still run."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder.mkdir(parents=True)
    now = time.time()
    for number in range(30):
        pid = os.getppid() if number == 0 else ended.pid
        path = folder / f"server-20260101-0000{number:02}-{pid}.log"
        path.touch()
        path.with_name(f"{path.name}.1").touch()
        os.utime(path, (now - 1_000 + number, now - 1_000 + number))
    (folder / "notes.log").touch()
    mine = logs.setup_logging("info")
    kept = {path.name for path in folder.iterdir()}
    assert mine is not None
    assert {mine.name, "notes.log", f"server-20260101-000000-{os.getppid()}.log"} <= kept
    assert len([name for name in kept if name.endswith(".log")]) == 22
    assert f"server-20260101-000001-{ended.pid}.log.1" not in kept
    assert logs.recent_logs()[0] == mine


def test_a_log_that_goes_meanwhile_hides_no_other(folder: Path) -> None:
    """A dangling link stands for a log that is removed between being listed and being looked at."""
    mine = logs.setup_logging("info")
    (folder / "server-20260101-000000-1.log").symlink_to(folder / "gone")
    assert logs.recent_logs() == [mine]


def test_two_servers_write_two_files(folder: Path) -> None:
    """Processes do not share a file, so that a rotation takes it from nobody."""
    code = "from cascode_server import logs; print(logs.setup_logging('info'))"
    paths = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    }
    assert len(paths) == 2
    assert all(Path(path).parent == folder for path in paths)
