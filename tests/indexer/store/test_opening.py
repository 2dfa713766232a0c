"""Several processes that open one index in the same instant."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cascode_indexer.store import connection

#: Opens the files of an index as soon as a line arrives.
OPEN = """
import sys
from pathlib import Path
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
Store(folder / "index.sqlite").close()
VectorCache(folder / "vectors.sqlite", fingerprint="a model", dimension=8).close()
"""


def test_processes_that_create_one_index_together_all_open_it(tmp_path: Path) -> None:
    """Neither the switch to WAL nor a table that another process just made is an error."""
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        processes = [
            subprocess.Popen(
                [sys.executable, "-I", "-c", OPEN, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors


def test_a_file_that_another_process_is_closing_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first page names the others before they are written: it is looked at a second time."""
    path = tmp_path / "index.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t AS SELECT randomblob(20000) AS x")
        database.commit()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192])
    with pytest.raises(connection.DamagedFileError, match="it holds 8192 bytes"):
        connection._check_length(path)
    monkeypatch.setattr(time, "sleep", lambda _seconds: path.write_bytes(whole))
    connection._check_length(path)
