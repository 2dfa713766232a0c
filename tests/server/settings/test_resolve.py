"""Sources of settings: which wins, what a bad value does, and what a workspace may not say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES
from cascode_server.settings import Settings, resolve, user_file


def resolved(client: object, workspace: Path | None = None, *, trusted: bool = False) -> Settings:
    """Resolve settings that have no problem."""
    found, problems = resolve(client, workspace, trusted)
    assert problems == []
    return found


def problem(client: object, workspace: Path | None = None, *, trusted: bool = False) -> str:
    """Resolve settings that have one problem, which is one line."""
    _, problems = resolve(client, workspace, trusted)
    assert len(problems) == 1, problems
    assert "\n" not in problems[0]
    return problems[0]


@pytest.mark.parametrize("client", [None, {}, [], {"cascode": None}, {"cascode": []}, {"search": None}, {"search": []}])
def test_nothing_set_is_the_defaults(client: object, workspace: Path) -> None:
    """Whatever way an editor says that nothing is set, the defaults hold."""
    assert resolved(client, workspace) == Settings()
    assert Settings().indexing.max_file_size == DEFAULT_MAX_FILE_BYTES


def test_stronger_sources_win_value_by_value(own: Path, workspace: Path) -> None:
    """The editor wins over the workspace's file, that over the user's, and each sets only what it names."""
    own.write_text(
        'device = "cpu"\n[search]\nlimit = 11\nrerank = "never"\n[indexing]\nthreads = 1\n', encoding="utf-8"
    )
    (workspace / "cascode.toml").write_text("[search]\nlimit = 12\n[indexing]\nthreads = 2\n", encoding="utf-8")
    found = resolved({"indexing": {"threads": 3}}, workspace)
    assert (found.device, found.search.rerank) == ("cpu", "never")
    assert found.search.limit == 12
    assert found.indexing.threads == 3
    assert resolved(None, None).search.limit == 11


@pytest.mark.parametrize(
    "client",
    [
        {"search": {"limit": 7, "rerankTop": 5}},
        {"cascode": {"search": {"limit": 7, "rerankTop": 5}}},
        {"search.limit": 7, "search.rerankTop": 5},
        {"cascode.search.limit": 7, "cascode.search.rerankTop": 5.0},
        {"search": {"limit": 7, "rerankTop": 5}, "path": "/bin/cascode", "trace": {"server": "verbose"}},
        {"search": {"limit": 7, "rerankTop": 5}, "model": {"path": None}},
    ],
)
def test_every_shape_that_editors_send_is_understood(client: object) -> None:
    """Nested or with dots, with the section or without, with settings of the editor's own."""
    found = resolved(client)
    assert (found.search.limit, found.search.rerank_top) == (7, 5)


@pytest.mark.parametrize(
    ("client", "named"),
    [
        ({"search": {"limit": "many"}}, ['cascode.search.limit = "many"', "whole number from 1 to 1,000"]),
        ({"search": {"limit": 0}}, ["search.limit = 0", "from 1"]),
        ({"search": {"limit": 2.5}}, ["search.limit = 2.5"]),
        ({"search": {"limit": True}}, ["search.limit = true"]),
        ({"search": {"rerank": True}}, ["search.rerank = true", '"auto", "always" or "never"']),
        ({"indexing": {"enabled": "yes"}}, ["indexing.enabled", "true or false"]),
        ({"indexing": {"threads": 10**30}}, ["indexing.threads", "0 to 256"]),
        ({"device": "gpu"}, ['device = "gpu"', '"cpu" or "cuda"']),
        ({"model": {"path": 5}}, ["model.path = 5", "text in quotes"]),
        ({"model": {"path": "a\0b"}}, ["model.path"]),
        ({"model": "x"}, ["cascode.model", "table", "model.path"]),
        ({"log": {"level": "x" * 10_000}}, ["log.level", "..."]),
        ({"cascode": 5}, ["cascode is ignored", "table"]),
        ("loud", ["cascode is ignored", "table"]),
        ({"serch": {"limit": 3}}, ["cascode.serch", "did you mean cascode.search?"]),
        ({"search": {"rerank_top": 3}}, ["did you mean cascode.search.rerankTop?"]),
        ({"limit": 3}, ["did you mean cascode.search.limit?"]),
        ({"colour": "red"}, ["cascode.colour is unknown", "'cascode settings' shows"]),
        ({"a\nb": 1}, ["is unknown"]),
    ],
)
def test_bad_value_is_one_line_and_is_not_used(client: object, named: list[str]) -> None:
    """The line names the setting, the value unless a password may be in it, and what it takes; the default holds."""
    line = problem(client)
    assert line.startswith("editor settings: ")
    for words in named:
        assert words in line
    assert len(line) < 300
    assert resolve(client, None, False)[0] == Settings()


def test_bad_value_leaves_the_weaker_one_and_its_neighbours(own: Path, workspace: Path) -> None:
    """What is wrong in one file does not hide what is right in it, nor the same setting of a weaker source."""
    own.write_text("[search]\nlimit = 11\n", encoding="utf-8")
    path = workspace / "cascode.toml"
    path.write_text('[search]\nlimit = -1\nrerank = "never"\n', encoding="utf-8")
    found, problems = resolve(None, workspace, False)
    assert (found.search.limit, found.search.rerank) == (11, "never")
    assert problems == [f"{path}: search.limit = -1 is ignored: use a whole number from 1 to 1,000"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"limit = ", "invalid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a = " + b"[" * 60_000, "cascode.toml: ignored: it"),
        (b"#" * 300_000, "more than 262,144 bytes"),
    ],
)
def test_file_that_cannot_be_read_is_one_line(workspace: Path, content: bytes, words: str) -> None:
    """Damage of a file costs that file only."""
    (workspace / "cascode.toml").write_bytes(content)
    line = problem({"search": {"limit": 3}}, workspace)
    assert words in line
    assert resolve({"search": {"limit": 3}}, workspace, False)[0].search.limit == 3


def test_folder_and_pipe_are_not_read(own: Path, workspace: Path) -> None:
    """A folder or a pipe of the file's name is reported, and nobody waits for it."""
    own.mkdir()
    assert "it is not a regular file" in problem(None)
    own.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(workspace / "cascode.toml")
        assert "it is not a regular file" in problem(None, workspace)


def test_byte_order_mark_is_no_mistake(own: Path) -> None:
    """A file written by Windows' Notepad is read."""
    own.write_bytes(b'\xef\xbb\xbfdevice = "cpu"\r\n')
    assert resolved(None).device == "cpu"


def test_workspace_may_not_choose_the_model_unless_trusted(own: Path, workspace: Path) -> None:
    """A cloned repository's file cannot name what is loaded; with the editor's trust it can."""
    (workspace / "cascode.toml").write_text('[model]\npath = "./weights"\n', encoding="utf-8")
    line = problem(None, workspace)
    assert "cascode.toml: model.path" in line
    assert "trusts" in line
    assert resolve(None, workspace, False)[0].model.path == ""
    assert resolved(None, workspace, trusted=True).model.path == str(workspace / "weights")
    own.write_text('[model]\npath = "../mine"\n', encoding="utf-8")
    assert resolve(None, workspace, False)[0].model.path == str(own.parent.parent / "mine")


def test_settings_of_the_editor_have_no_place_in_a_file(workspace: Path) -> None:
    """A workspace's file that names a program to start is rejected, trusted or not."""
    (workspace / "cascode.toml").write_text('path = "./evil"\n', encoding="utf-8")
    for trusted in (False, True):
        assert "the editor reads it" in problem(None, workspace, trusted=trusted)


def test_paths_and_names_of_models(workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The home folder is found, a path with dots counts from the workspace, a name stays a name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    def path_of(written: str) -> str:
        return resolved({"model": {"path": written}}, workspace).model.path

    assert path_of("~/m") == str(tmp_path / "m")
    assert path_of("./m") == str(workspace / "m")
    assert path_of("org/name") == "org/name"
    assert path_of("~nobody-of-that-name/m") == "~nobody-of-that-name/m"


def test_user_file_lies_in_the_configuration_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is the system's folder for configuration."""
    monkeypatch.delenv("CASCODE_CONFIG_DIR")
    assert user_file().is_absolute()
    assert user_file().parts[-2:] == ("cascode", "cascode.toml")


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cascode", "search", "search.limit", "limit", "rerank", "model", "path", "trace", "log"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(client=_json)
def test_nothing_that_an_editor_sends_breaks_it(client: object) -> None:
    """Any JSON gives settings, and problems of one printable line each."""
    found, problems = resolve(client, None, False)
    assert isinstance(found, Settings)
    assert 1 <= found.search.limit <= 1_000
    assert all(line.isprintable() for line in problems)


def test_nothing_slow_is_imported() -> None:
    """Settings are read before the server answers its first request: no store, no FAISS, no torch comes along."""
    code = "import sys, cascode_server.settings, cascode_server.logs; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "transformers", "faiss", "numpy", "sqlite_utils", "cattrs"}.isdisjoint(done.stdout.split())
