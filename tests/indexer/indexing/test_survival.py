"""Kills, rivals and full disks: real processes on a real index."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Indexes a workspace in a process of its own and prints its functions.
INDEX = """
import json, sys
from pathlib import Path
from cascode_indexer.engine import Engine
from cascode_indexer.errors import CascodeError
print("begun", flush=True)
try:
    with Engine([Path(sys.argv[1])]) as engine:
        reports = engine.update()
        store = engine.workspaces[0].store
        rows = [
            (row.path, row.qualified_name, row.start_line, row.end_line)
            for path in sorted(store.file_records())
            for row in store.definitions_of_file(path)
        ]
        print(json.dumps({
            "functions": rows, "pending": store.counts().pending, "read_only": reports[0].read_only,
            "encoded": reports[0].encoded, "vectors": len(engine.workspaces[0].vectors().refresh()),
            "texts": store.counts().texts, "pending_passages": store.counts().pending_passages,
        }))
except CascodeError as error:
    print(error)
    sys.exit(2)
"""


#: Most of the package's definitions, in its largest files. They are encoded a dozen times over: what is left takes
#: several batches, and an index that does not fit into the smallest disk of these tests.
LEFT_OUT = (
    "core.py", "types.py", "testing.py", "_compat.py", "termui.py", "_termui_impl.py", "_winconsole.py", "__pycache__"
)  # fmt: skip


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of real sources: most files of the package that splits command lines for us."""
    import click

    root = tmp_path_factory.mktemp("sources") / "click"
    shutil.copytree(Path(click.__file__).parent, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return root


def start(root: Path, **options: object) -> subprocess.Popen[str]:
    """Start indexing in another process."""
    command = [sys.executable, "-I", "-c", INDEX, str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]


def finish(process: subprocess.Popen[str]) -> dict[str, object]:
    """Wait for its last line."""
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    return dict(json.loads(output.splitlines()[-1]))


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 at random moments; the next run ends with the functions of an index never killed."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "clean"))
    started = time.monotonic()
    clean = finish(start(sources))
    whole_run = time.monotonic() - started
    assert clean["pending"] == 0
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "killed"))
    generator = random.Random(7)
    killed = 0
    for _ in range(12):
        process = start(sources)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            # Each run goes on where the last one was killed, and a busy machine may be idle by then.
            process.wait(timeout=generator.uniform(0, whole_run / 2))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
    assert killed >= 3
    survivor = finish(start(sources))
    assert survivor["functions"] == clean["functions"]
    assert (survivor["pending"], survivor["pending_passages"]) == (0, 0)
    assert survivor["vectors"] == clean["vectors"]


@pytest.mark.slow
def test_two_processes_index_one_workspace_at_once(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One writes, the other says so; the index is whole and nothing was encoded twice."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    results = [finish(process) for process in [start(sources), start(sources)]]
    last = finish(start(sources))
    assert (last["pending"], last["pending_passages"]) == (0, 0)
    assert last["encoded"] == 0
    assert sum(int(str(result["encoded"])) for result in results) == last["texts"]


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [40, 200, 400])
def test_a_full_disk_is_one_clear_line(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kilobytes: int
) -> None:
    """Where the disk refuses to grow a file the message says what to do, and free space fixes it."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    process = start(sources, preexec_fn=small_disk)
    output, errors = process.communicate(timeout=120)
    message = (output + errors).strip().splitlines()[-1]
    assert process.returncode != 0
    assert "Traceback" not in output + errors
    assert "CASCODE_INDEX_DIR" in message
    assert finish(start(sources))["pending"] == 0


@pytest.mark.slow
def test_nothing_reaches_for_the_network(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Index and search in a process that may not make a socket."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    program = """
import sys
asked = []
def refuse(event, arguments):
    if event.startswith("socket."):
        asked.append(event)
        raise OSError("no network here: " + event)
sys.addaudithook(refuse)
from pathlib import Path
from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest
with Engine([Path(sys.argv[1])]) as engine:
    engine.update()
    assert engine.search(SearchRequest("parse the arguments of a command")).hits
assert not asked, asked
print("quiet")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(sources)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.stdout.strip() == "quiet", done.stderr
    assert (tmp_path / "index").is_dir()
