"""Arguments: what is understood, and how a mistake is reported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cascode_server.cli.commands import cli
from cascode_server.cli.options import Place, PlaceType

from .conftest import Run


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("src/app.py:12", "src/app.py", 12),
        (r"C:\work\x.py:12", r"C:\work\x.py", 12),
        ("C:/work/x.py:12:5", "C:/work/x.py", 12),
        ("src/app.py:12-40", "src/app.py", 12),
        ("src/app.py:12:5:def f():", "src/app.py", 12),
        ("with space/ü.py:3", "with space/ü.py", 3),
    ],
)
def test_place_is_read_as_editors_and_we_write_it(text: str, path: str, line: int) -> None:
    """Path and first line come out; column, last line and text are passed over."""
    assert PlaceType().convert(text, None, None) == Place(Path(path), line)


@pytest.mark.parametrize("text", ["src/app.py", r"C:\x.py", "x.py:", "x.py:0", ":12", "x.py:twelve"])
def test_place_without_a_line_is_refused(text: str) -> None:
    """A place needs a path and a line from 1 on."""
    with pytest.raises(click.BadParameter, match="line"):
        PlaceType().convert(text, None, None)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["search", "x", "--format", "xml"], ["--format", "xml", "text", "jsonl", "vimgrep"]),
        (["search", "x", "--language", "cobol"], ["--language", "cobol", "python", "c_sharp"]),
        (["search", "x", "--kind", "klass"], ["--kind", "klass", "method"]),
        (["search", "x", "--limit", "0"], ["--limit", "x>=1"]),
        (["search", "x", "--rerank-top", "ten"], ["--rerank-top", "'ten' is not a valid whole number"]),
        (["search", "x", "--batch", "/no/such/file"], ["--batch", "/no/such/file"]),
        (["search", "x", "--batch", __file__], ["--batch", "QUERY"]),
        (["search"], ["QUERY", "--batch"]),
        (["search", ""], ["QUERY", "empty"]),
        (["search", " \t\n "], ["QUERY", "empty"]),
        (["search", "x", "--workspace", "/no/such/folder"], ["/no/such/folder", "name an existing folder"]),
        (["index", __file__], [__file__, "is a file"]),
        (["status", "/no/such/folder"], ["/no/such/folder"]),
        (["search", "x", "--model", "/no/such/model"], ["/no/such/model"]),
        (["similar", "nofile.py:1"], ["nofile.py", "no file"]),
        (["similar", f"{__file__}:1"], ["--workspace"]),
        (["clean", "--all", "x"], ["--all", "WORKSPACE"]),
        (["train", "run", "nope", "--data", ".", "--output", "out"], ["nope", "first"]),
        (["train", "run", "first", "--data", ".", "--output", "out", "--set", "steps"], ["--set", "KEY=VALUE"]),
        (["eval", "model", "--cosqa", "/no/such/folder", "--split", "train"], ["--split", "dev", "test"]),
        (["eval", "model"], ["--pairs", "--cosqa"]),
        (["eval", "report", "/no/such.json"], ["/no/such.json", "eval model"]),
        (["serve", "--stdio", "--tcp", "0"], ["--stdio", "--tcp"]),
        (["serve", "--tcp", "70000"], ["--tcp", "70000"]),
        (["serve", "--node-ipc"], ["--node-ipc"]),
        (["train", "average", "m", "n", "-o", "out", "--share", "nan"], ["--share", "'nan' is not a valid number"]),
        (["serch"], ["serch"]),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_mistake_is_one_line_on_stderr(run: Run, arguments: list[str], named: list[str]) -> None:
    """The line names the flag or value and what would do; the status is 2; stdout stays empty."""
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("cascode: ")
    assert outcome.err.count("\n") == 1
    for word in named:
        assert word in outcome.err


def test_no_number_is_called_a_range() -> None:
    """Every option of every command that takes a number explains a mistake in everyday words."""

    def parameters(command: click.Command) -> Iterator[click.Parameter]:
        yield from command.params
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield from parameters(child)

    numbers = [
        parameter
        for parameter in parameters(cli)
        if isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType)
    ]
    assert len(numbers) > 30
    assert {parameter.type.name for parameter in numbers} == {"number", "whole number"}
    # Without a bound help would say "x<=None".
    assert all(number.type.min is not None or number.type.max is not None for number in numbers)


def test_missing_training_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library a command names the extra to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    outcome = run("train", "run", "first", "--data", ".", "--output", "out")
    assert outcome.status == 2
    assert 'pip install "cascode[train]"' in outcome.err


def test_our_own_mistake_is_one_line_and_its_traceback_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error shows no traceback unless --debug asks for it."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the\nwheel came off")

    monkeypatch.setattr("cascode_indexer.engine.Engine.status", broken)
    outcome = run("status")
    assert outcome.status == 2
    assert outcome.err == (
        "cascode: internal error: RuntimeError: the wheel came off; run with --debug for the traceback\n"
    )
    for arguments in (["status", "--debug"], ["--debug", "status"]):
        outcome = run(*arguments)
        assert outcome.status == 2
        assert "Traceback (most recent call last)" in outcome.err
        assert "test_options.py" in outcome.err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["train"], ["eval", "--help"], ["search", "--help"]])
def test_help_is_no_mistake(run: Run, arguments: list[str]) -> None:
    """Help goes to stdout with status 0, also where no command is named."""
    outcome = run(*arguments)
    assert outcome.status == 0
    assert outcome.out.startswith("Usage: cascode")
    assert outcome.err == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed(run: Run, shell: str) -> None:
    """Each shell gets its script."""
    outcome = run("completion", shell)
    assert outcome.status == 0
    assert f"_CASCODE_COMPLETE={shell}_complete" in outcome.out


def test_completion_offers_languages(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell asks is answered with the ids that fit."""
    monkeypatch.setenv("_CASCODE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "cascode search --language p")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert run().out.split() == ["plain,perl", "plain,php", "plain,powershell", "plain,python"]
