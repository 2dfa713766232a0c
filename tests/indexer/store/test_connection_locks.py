"""Locks of an open database survive whatever else the process does with its file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cascode_indexer.store.connection import VECTOR_SCHEMA, connect

#: Opens a database and closes it: the last one out deletes the write-ahead log.
VISITOR = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM models").fetchone()
connection.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks belong to open files there")
def test_a_second_connection_does_not_give_the_first_ones_locks_away(tmp_path: Path) -> None:
    """Another process that comes and goes leaves the log that this one writes."""
    path = tmp_path / "vectors.sqlite3"
    first = connect(path, VECTOR_SCHEMA)
    first.execute("INSERT INTO models (fingerprint, dimension) VALUES ('a', 1)")
    second = connect(path, VECTOR_SCHEMA)
    second.close()
    subprocess.run([sys.executable, "-I", "-c", VISITOR, str(path)], check=True, timeout=60)
    assert path.with_name("vectors.sqlite3-wal").exists()
    first.close()


def test_a_file_is_looked_at_again_once_it_is_closed(tmp_path: Path) -> None:
    """What was cut meanwhile is found damaged, not read."""
    from cascode_indexer.store.connection import DamagedFileError

    path = tmp_path / "vectors.sqlite3"
    connect(path, VECTOR_SCHEMA).close()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DamagedFileError):
        connect(path, VECTOR_SCHEMA)
