"""Searching a small real workspace with the real engine."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_server.cli.resident import Question, leaving_resident
from cascode_server.settings import Settings, Shared

from .conftest import Run

pytestmark = pytest.mark.usefixtures("model")

QUERY = "send a failed request again"


def test_first_search_indexes_and_finds(run: Run, workspace: Path) -> None:
    """A workspace never indexed is indexed first, which stderr reports with what was skipped; then it is quiet."""
    outcome = run("search", QUERY)
    assert outcome.status == 0
    head, *lines = outcome.out.splitlines()
    assert head.startswith(str(Path("net/client.py")) + ":7-14  Client.send_with_retry  (method, python)  ")
    assert lines[0] == "    def send_with_retry(self, request, attempts=3):"
    assert "indexed 6 definitions in 3 files" in outcome.err
    assert "skipped: " in outcome.err
    assert "1 ignored" in outcome.err
    again = run("search", QUERY)
    assert again.out == outcome.out
    assert "indexed" not in again.err


def test_jsonl_has_one_object(run: Run, workspace: Path) -> None:
    """Only the object is on stdout."""
    outcome = run("search", QUERY, "--format", "jsonl", "--limit", "2")
    found = json.loads(outcome.out)
    assert found["query"] == QUERY
    assert len(found["hits"]) == 2
    assert found["hits"][0]["path"] == "net/client.py"
    assert (found["hits"][0]["start_line"], found["hits"][0]["end_line"]) == (7, 14)
    assert found["index"] == {"state": "ready", "functions": 6, "pending": 0}


def test_words_need_no_quotes_and_filters_hold(run: Run, workspace: Path) -> None:
    """Several words are one query; aliases of languages, kinds and globs narrow it."""
    outcome = run("search", "--language", "js", "-f", "jsonl", "sum", "of", "all", "prices")
    found = json.loads(outcome.out)
    assert found["query"] == "sum of all prices"
    assert {hit["language"] for hit in found["hits"]} == {"javascript"}
    outcome = run("search", "--kind", "method", "--path", "net/", "-f", "vimgrep", QUERY)
    assert {line.split(":")[0] for line in outcome.out.splitlines()} == {str(Path("net/client.py"))}


def test_no_hit_is_status_one(run: Run, workspace: Path) -> None:
    """Filters that nothing passes give no hits, said on stderr."""
    outcome = run("search", QUERY, "--path", "nowhere/**")
    assert (outcome.status, outcome.out) == (1, "")
    assert "no hits among 6 definitions" in outcome.err


def test_a_report_is_piped_in(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text on standard input is one query, traceback and all: what failed comes first, in whatever encoding."""
    trace = (
        "Sending stops after a while.\n\nTraceback (most recent call last):\n"
        '  File "/srv/shop/config.py", line 1, in load_settings\nOSError: disk full\n'
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(trace))
    outcome = run("search", "-n", "1")
    assert outcome.out.startswith("config.py:")
    french = trace.replace("disk full", "périphérique saturé").encode("latin-1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(french), "utf-8"))
    outcome = run("search", "-n", "1")
    assert outcome.out.startswith("config.py:")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "Missing argument 'QUERY'" in run("search").err


def test_batch_answers_a_line_each(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries come from stdin or a file, empty lines and a byte order mark are passed over."""
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(f"\ufeff{QUERY}\n\n  \nread the settings\r\n".encode()), "utf-8")
    )
    outcome = run("search", "--batch", "-", "-f", "jsonl")
    assert outcome.status == 0
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert [answer["query"] for answer in answers] == [QUERY, "read the settings"]
    assert answers[1]["hits"][0]["path"] == "config.py"
    batch = workspace / "queries.txt"
    batch.write_text("save settings\n", encoding="utf-8")
    assert run("search", "--batch", str(batch), "-n", "1").out.startswith("# save settings\nconfig.py:")
    batch.write_text("\n\n", encoding="utf-8")
    empty = run("search", "--batch", str(batch))
    assert empty.status == 2
    assert "holds no query" in empty.err


def test_query_of_ten_thousand_words(run: Run, workspace: Path) -> None:
    """A query of any length is answered."""
    outcome = run("search", " ".join([QUERY] * 2_000), "-f", "vimgrep")
    assert outcome.status == 0
    assert "client.py" in outcome.out


def test_a_wrong_glob_is_reported_before_anything_is_indexed(run: Run, workspace: Path) -> None:
    """One line, and no index."""
    outcome = run("search", QUERY, "--path", "[")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("cascode: path '[' matches no file")
    assert outcome.err.count("\n") == 1
    assert run("status").status == 1


def test_empty_workspace_says_what_was_skipped(run: Run, tmp_path: Path) -> None:
    """A workspace without functions is explained and has status 1."""
    root = tmp_path / "papers"
    root.mkdir()
    outcome = run("search", QUERY, "-w", str(root))
    assert (outcome.status, outcome.out) == (1, "")
    assert f"no definitions in {root}" in outcome.err
    (root / "large.py").write_text("def large():\n    pass\n" + "#" * 2_000_000, encoding="utf-8")
    (root / ".gitignore").write_text("*.rb\n", encoding="utf-8")
    (root / "door.rb").write_text("def door\nend\n", encoding="utf-8")
    for command in (["search", QUERY, "-w", str(root)], ["index", str(root)]):
        outcome = run(*command)
        assert outcome.status == 1
        assert "1 too large" in outcome.err
        assert "1 ignored" in outcome.err


def test_several_workspaces_make_one_ranking(run: Run, workspace: Path, tmp_path: Path) -> None:
    """Each --workspace is indexed, and the best function of all comes first."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "mail.py").write_text("def send_newsletter(readers):\n    return [mail(r) for r in readers]\n")
    outcome = run(
        "search", "mail the newsletter to all readers", "-w", str(workspace), "-w", str(other), "-f", "vimgrep"
    )
    assert "mail.py:1:5:def send_newsletter(readers)" in outcome.out.splitlines()[0]
    assert outcome.err.count("indexed") == 2


def test_changes_are_seen_unless_asked_not_to_look(run: Run, workspace: Path) -> None:
    """A search looks for changed files first; --no-update answers from the index as it is."""
    run("index")
    (workspace / "door.py").write_text("def open_the_garage_door(remote):\n    remote.press()\n", encoding="utf-8")
    assert "door.py" not in run("search", "open the garage door", "--no-update").out
    assert run("search", "open the garage door").out.startswith("door.py:1-2  open_the_garage_door")


def test_size_limit_is_a_setting(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger files are skipped, by option or by environment."""
    assert "1 too large" in run("index", "--max-file-bytes", "250").err
    monkeypatch.setenv("CASCODE_MAX_FILE_BYTES", "250")
    assert "1 too large" in run("index").err


def test_similar_finds_code_like_this_code(run: Run, workspace: Path) -> None:
    """The function at a line is the question; itself is no answer."""
    outcome = run("similar", "config.py:5", "-f", "jsonl")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert found["hits"][0]["name"] == "save_settings"
    assert "load_settings" not in {hit["name"] for hit in found["hits"]}


def test_similar_where_no_function_stands(run: Run, workspace: Path) -> None:
    """A line outside all functions is an error with its fix."""
    outcome = run("similar", "config.py:1")
    assert outcome.status == 2
    assert outcome.err.splitlines()[-1].startswith("cascode: ")
    assert "Traceback" not in outcome.err


def test_reader_that_leaves_is_no_error(workspace: Path, run: Run, start: Callable[..., subprocess.Popen[str]]) -> None:
    """With `| head -1` the command ends quietly."""
    run("index")
    batch = workspace / "queries.txt"
    batch.write_text("send\n" * 400, encoding="utf-8")
    process = start("search", "--batch", str(batch), "--no-rerank", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "# send\n"
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait() == 141
    assert "cascode:" not in said
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


@pytest.mark.parametrize(
    ("said", "arguments", "wanted"),
    [
        ("", ("search", QUERY), False),
        ("shared.commandLine = true", ("search", QUERY), True),
        ("shared.commandLine = true", ("similar", "net/client.py:7"), True),
        ("shared.commandLine = true", ("search", QUERY, "--path", "nowhere/**"), True),
        # It would be gone before the next command.
        ("shared.commandLine = true\nshared.exitAfter = 0", ("search", QUERY), False),
        # No server answers those.
        ("shared.commandLine = true", ("search", "--batch", "queries.txt"), False),
        ("shared.commandLine = true", ("search", QUERY, "--limit", "none"), False),
    ],
)
def test_a_server_is_left_behind_where_the_user_wants_that(
    run: Run,
    workspace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    arguments: tuple[str, ...],
    wanted: bool,
) -> None:
    """It is handed roots and settings, and no question: that may be long, and would be asked twice."""
    started: list[dict[str, object]] = []
    monkeypatch.setattr("cascode_server.relay.start.leave_behind", lambda _place, question: started.append(question))
    monkeypatch.setenv("CASCODE_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "cascode.toml").write_text(said)
    (workspace / "queries.txt").write_text(QUERY)
    run(*arguments)
    assert [question["roots"] for question in started] == ([[str(workspace)]] if wanted else [])
    assert all(set(question) == {"roots", "settings"} for question in started)


@pytest.mark.parametrize(("end", "wanted"), [(BrokenPipeError, 1), (KeyboardInterrupt, 0), (RuntimeError, 0)])
def test_a_server_is_left_behind_where_head_has_what_it_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[BaseException], wanted: int
) -> None:
    """Not where the person stopped the command, or it failed."""
    started: list[object] = []
    monkeypatch.setattr("cascode_server.relay.start.leave_behind", lambda _place, question: started.append(question))
    monkeypatch.setenv("CASCODE_RUNTIME_DIR", str(tmp_path / "run"))
    settings = Settings(shared=Shared(command_line=True))
    with pytest.raises(end), leaving_resident(Question([tmp_path], settings, {}, update=True, sources=False)):
        raise end
    assert len(started) == wanted
