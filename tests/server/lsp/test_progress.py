"""Progress of the first index, its cancel button, and answers while it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, Start, eventually

pytestmark = pytest.mark.usefixtures("model")

SHOWS = {"window": {"workDoneProgress": True}}


@pytest.fixture
def large(workspace: Path) -> Path:
    """A workspace that takes a while."""
    for number in range(60):
        functions = "\n\n".join(
            f"def compute_{number}_{part}(items, factor={part}):\n"
            f'    """Work out result {part} of job {number}."""\n'
            f"    total = sum(item.value_{part} * factor for item in items if item.kind == {number})\n"
            f"    return total / max(1, len(items)) + {number * part}\n"
            for part in range(10)
        )
        (workspace / f"jobs_{number}.py").write_text(functions)
    return workspace


def steps(editor: Editor) -> list[dict[str, Any]]:
    """The steps of progress displays."""
    return [params["value"] for params in editor.received("$/progress")]


def token(editor: Editor) -> Any:
    """Wait for a display of progress and return its token."""
    return editor.wait_until(lambda: (found := editor.received("$/progress")) and found[0]["token"])


def test_progress_is_shown_cancelled_and_resumed(start: Start, large: Path) -> None:
    """Indexing shows how far it is; cancel pauses it and keeps what was done; resume brings it to the end."""
    editor = start()
    editor.initialize(large, capabilities=SHOWS)
    first = token(editor)
    created = [params["token"] for method, params in editor.asked if method == "window/workDoneProgress/create"]
    assert created == [first]
    assert steps(editor)[0]["kind"] == "begin"
    assert steps(editor)[0]["cancellable"] is True
    # Words find functions from the first seconds on, and the answer says how complete it is.
    found = editor.search("retry a failed upload")
    assert found["hits"][0]["name"] == "retry_failed_upload"
    assert found["index"]["state"] == "indexing"
    editor.notify("window/workDoneProgress/cancel", {"token": first})
    editor.wait_until(lambda: steps(editor)[-1]["kind"] == "end")
    assert "paused" in steps(editor)[-1]["message"]
    status = eventually(lambda: (s := editor.execute("status"))["state"] == "paused" and s)
    assert status["pending"] > 0 or status["functions"] < 605
    assert editor.search("retry a failed upload")["index"]["state"] == "paused"
    editor.execute("resume")
    done = editor.wait_ready(timeout=240)
    assert (done["functions"], done["pending"]) == (605, 0)
    editor.wait_until(lambda: steps(editor)[-1]["kind"] == "end")
    kinds = [step["kind"] for step in steps(editor)]
    assert kinds.count("begin") == kinds.count("end") == 2
    percentages = [step["percentage"] for step in steps(editor) if "percentage" in step]
    assert all(0 <= percentage <= 100 for percentage in percentages)
    times = [sent for sent in editor.received("cascode/status") if sent["rate"]]
    assert times, "the speed was never reported"


def test_a_second_start_encodes_nothing(start: Start, workspace: Path) -> None:
    """A complete index is ready at once after a restart, without a display of progress."""
    first = start()
    first.initialize(workspace)
    first.wait_ready()
    assert first.finish() == 0
    second = start()
    second.initialize(workspace, capabilities=SHOWS)
    status = second.wait_ready()
    assert (status["functions"], status["pending"], status["model"]["loaded"]) == (5, 0, False)
    assert second.received("$/progress") == []


def test_a_client_that_refuses_progress_is_done_without(start: Start, large: Path, tmp_path: Path) -> None:
    """Indexing goes on where the client refuses the token."""

    def refuse(_params: Any) -> None:
        raise RuntimeError("no progress today")

    # A cache that knows no vectors from another test: with them a fast machine is done before progress is shown.
    editor = start(CASCODE_INDEX_DIR=str(tmp_path / "index"))
    editor.answers["window/workDoneProgress/create"] = refuse
    editor.initialize(large, capabilities=SHOWS)
    editor.wait_until(lambda: any(request[0] == "window/workDoneProgress/create" for request in editor.asked))
    assert editor.search("retry a failed upload")["hits"]
    assert steps(editor) == []


@pytest.mark.slow
def test_killed_while_indexing_goes_on_where_it_was(start: Start, large: Path, tmp_path: Path) -> None:
    """A killed server loses at most the batch in flight."""
    own = str(tmp_path / "index")  # whose cache knows no vectors from another test
    first = start(CASCODE_INDEX_DIR=own)
    first.initialize(large)
    first.wait_until(
        lambda: any(
            sent["functions"] and 0 < sent["pending"] < sent["functions"] for sent in first.received("cascode/status")
        ),
        timeout=120,
    )
    before = first.received("cascode/status")[-1]["pending"]
    first.close()
    second = start(CASCODE_INDEX_DIR=own)
    second.initialize(large)
    status = second.wait_until(
        lambda: next((sent for sent in second.received("cascode/status") if sent["functions"]), None)
    )
    assert status["pending"] <= before


def test_two_windows_share_one_index(start: Start, workspace: Path) -> None:
    """Two servers on one workspace both see what either of them writes, also after one has gone."""
    first, second = start(), start()
    for editor in (first, second):
        editor.initialize(workspace)
    for editor in (first, second):
        eventually(lambda editor=editor: editor.execute("status")["functions"] == 5)
    new = workspace / "bread.py"
    new.write_text("def bake_bread(flour):\n    return flour\n")
    for editor in (first, second):
        eventually(lambda editor=editor: "bake_bread" in editor.names("bake bread"))
    first.close()
    new.write_text("def slice_bread(loaf):\n    return loaf\n")
    eventually(lambda: "slice_bread" in second.names("slice bread") and "bake_bread" not in second.names("bake bread"))
    assert second.finish() == 0
