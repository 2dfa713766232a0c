"""Several processes that open one index in the same instant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
