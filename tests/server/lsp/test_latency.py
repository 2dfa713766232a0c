"""The event loop never waits: a cheap request is answered at once, whatever goes on beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Editor, Start

#: Ten times what is measured on an idle machine (``make bench`` prints that); a loop that waits for a batch, a parse
#: of many files or the loading of the model takes longer, also on a machine that builds at the same time.
WORST_P95_SECONDS = 0.25
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}


def p95_while(editor: Editor, going: Callable[[dict[str, object]], bool], timeout: float = 120) -> tuple[float, int]:
    """Ask for the status again and again while something goes on.

    Returns:
        The 95th percentile of the answers in seconds, and how many there were.
    """
    taken = []
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        before = time.perf_counter()
        status = editor.execute("status")
        taken.append(time.perf_counter() - before)
        if not going(status):
            break
        time.sleep(0.01)  # a person's requests do not come back to back
    taken.sort()
    return taken[int(0.95 * (len(taken) - 1))], len(taken)


def write_functions(root: Path, files: int, functions: int) -> list[Path]:
    """Write files of functions that have no vector yet."""
    paths = [root / f"file_{number}.py" for number in range(files)]
    for number, path in enumerate(paths):
        path.write_text(
            "\n\n".join(
                f"def handle_{number}_{part}(event, limit={part}):\n"
                f'    """React to event {part} of source {number}."""\n'
                f"    if event.size_{number} > limit:\n"
                f"        raise ValueError('too large: {part}')\n"
                f"    return [one * {number} for one in event.items]\n"
                for part in range(functions)
            )
        )
    return paths


@pytest.mark.usefixtures("model")
def test_requests_are_answered_while_functions_are_encoded(start: Start, workspace: Path) -> None:
    """While the model loads and batches are encoded, the 95th percentile of a cheap request stays low."""
    write_functions(workspace, 20, 10)
    editor = start()
    editor.initialize(workspace)
    p95, count = p95_while(editor, lambda status: status["state"] != "ready")
    assert count > 20
    assert p95 < WORST_P95_SECONDS


@pytest.mark.slow
def test_requests_are_answered_while_5000_changed_files_are_taken_up(start: Start, workspace: Path) -> None:
    """A branch switch of 5,000 files, sent in one notification, holds no request up."""
    editor = start()
    editor.initialize(workspace, capabilities=WATCHES)
    editor.wait_ready()
    paths = write_functions(workspace, 5000, 1)
    changes = [{"uri": path.as_uri(), "type": 1} for path in paths]
    editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    p95, count = p95_while(editor, lambda status: status["functions"] != 5004)
    assert count > 20
    assert p95 < WORST_P95_SECONDS
    assert editor.execute("status")["functions"] == 5005


@pytest.mark.usefixtures("model")
def test_searches_do_not_queue_behind_indexing(start: Start, workspace: Path) -> None:
    """A search is answered while the index is being made, long before that ends."""
    write_functions(workspace, 40, 10)
    editor = start()
    editor.initialize(workspace)
    editor.search("retry a failed upload")
    before = time.monotonic()
    found = editor.search("retry a failed upload")
    assert time.monotonic() - before < 5
    assert found["index"]["state"] == "indexing"
    assert found["hits"][0]["name"] == "retry_failed_upload"
