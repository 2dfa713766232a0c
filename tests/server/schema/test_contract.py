"""The wire format is one: what is sent, the shapes, the clients' types and the document agree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, is_typeddict

import pytest

from cascode_models.errors import ModelError
from cascode_models.load import resolve_folder
from cascode_server.lsp.commands import COMMANDS as HANDLERS
from cascode_server.mcp.calls import CALLS
from cascode_server.schema import methods, render, shapes, tools
from cascode_server.schema.fields import all_shapes, fields_of, shapes_in
from shape_check import misfits

from ..lsp.conftest import Editor, make_workspace, starting

ROOT = Path(__file__).parents[3]
CLI = [sys.executable, "-c", "from cascode_server.cli.main import main; main()"]
QUESTION = "try an upload again after the connection failed"


@pytest.mark.parametrize("path", render.files(), ids=str)
def test_generated_files_are_current(path: Path) -> None:
    """What ``make generate`` would write is what is in the repository."""
    file = ROOT / path
    if not file.parent.is_dir():
        pytest.skip(f"this checkout has no {file.parent.name}")
    assert file.read_text(encoding="utf-8") == render.files()[path], "run 'make generate'"


@pytest.mark.parametrize("path", [render.TYPESCRIPT_FILE, render.LUA_FILE, render.DOCUMENT_FILE], ids=str)
def test_every_shape_and_field_reaches_every_client(path: Path) -> None:
    """No generator leaves a shape or a field out."""
    text = render.files()[path]
    for shape in all_shapes():
        if shape is shapes.NoArgument:
            continue
        assert re.search(rf"\b{shape.__name__}\b", text), shape.__name__
        for field in fields_of(shape):
            assert re.search(rf"\b{field.name}\b", text), f"{shape.__name__}.{field.name}"


def test_every_shape_is_documented_and_used() -> None:
    """Each shape has a sentence, and is reached from a command, a notification or the command line."""
    reached: set[type] = set()

    def reach(shape: type) -> None:
        reached.add(shape)
        for field in fields_of(shape):
            for other in shapes_in(field.type):
                if other not in reached:
                    reach(other)

    for method in (*methods.COMMANDS, methods.STATUS_NOTIFICATION):
        for shape in (method.argument, method.answer):
            if shape is not None:
                reach(shape)
    for shape in (shapes.PlainAnswer, shapes.InitializationOptions):
        reach(shape)
    assert set(all_shapes()) == reached
    assert all(shape.__doc__ for shape in all_shapes())


def test_every_shape_of_the_tools_is_documented_and_described_to_agents() -> None:
    """Each field stands in the document, with its words in the JSON Schema, and each tool has a handler."""
    document = render.files()[render.DOCUMENT_FILE]
    for shape in tools.TOOL_SHAPES:
        assert shape.__doc__
        assert f"### {shape.__name__}" in document
        schema = tools.json_schema(shape)
        for field in fields_of(shape):
            assert f"| `{field.name}` |" in document
            assert schema["properties"][field.name]["description"] == field.description
            assert (field.name in schema["required"]) is field.required
    public = {shape for name, shape in vars(tools).items() if is_typeddict(shape) and not name.startswith("_")}
    assert public == set(tools.TOOL_SHAPES)
    assert set(CALLS) == {tool.name for tool in tools.TOOLS}
    most = tools.json_schema(tools.SearchCodeArgument)["properties"]["max_tokens"]
    assert (most["type"], most["minimum"], most["maximum"]) == ("integer", 500, 25_000)
    assert tools.json_schema(tools.ToolHit)["properties"]["probability"]["anyOf"] == [
        {"type": "number"},
        {"type": "null"},
    ]


def test_every_command_has_a_handler() -> None:
    """The server runs the commands that the schema names, and no others."""
    assert set(HANDLERS) == {command.name for command in methods.COMMANDS}


def test_clients_show_the_stage_that_they_are_given() -> None:
    """A stage is a string to every client: a new one needs no change there."""
    assert "readonly stage: string;" in render.typescript()
    assert "---@field stage string" in render.lua()
    for folder, pattern in (("vscode-extension/src", "*.ts"), ("neovim/lua", "*.lua")):
        for file in (ROOT / folder).rglob(pattern):
            assert '"cascade"' not in file.read_text(encoding="utf-8"), file


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An index of these tests only; skips where no model is at hand."""
    try:
        resolve_folder(None)
    except ModelError as error:
        pytest.skip(str(error))
    base = tmp_path_factory.mktemp("contract")
    own = {name: str(base / name.lower()) for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR")}
    return {**os.environ, **own}


def test_the_server_sends_what_the_schema_says(environment: dict[str, str], tmp_path: Path) -> None:
    """Answers of every command, streamed answers and status notifications fit their shapes, field by field."""
    root = make_workspace(tmp_path / "shop")
    with starting(environment) as start:
        editor: Editor = start("--stdio")
        editor.initialize(root, options={"settings": {"describe": {"model": "nowhere"}}})
        editor.wait_ready()
        place = {"uri": (root / "src" / "queue.js").as_uri()}
        arguments: dict[str, Any] = {
            methods.SEARCH.name: {"query": QUESTION, "rerank": True, "partialResultToken": "contract"},
            methods.SIMILAR.name: {"textDocument": place, "position": {"line": 2, "character": 0}},
            # Documented, so that no model is needed.
            methods.DESCRIBE.name: {"textDocument": place, "position": {"line": 2}},
        }
        for command in methods.COMMANDS:
            argument = arguments.get(command.name, {})
            answer = editor.request(
                "workspace/executeCommand", {"command": command.name, "arguments": [argument] if argument else []}
            )
            if command.answer is None:
                assert answer is None, command.name
            else:
                assert misfits(command.answer, answer) == [], command.name
                assert command is not methods.SEARCH or answer["hits"]
        streamed = [params["value"] for params in editor.received("$/progress")]
        assert streamed
        notified = editor.received(methods.STATUS_NOTIFICATION.name)
        assert len(notified) > 1
        for value in streamed:
            assert misfits(shapes.Answer, value) == []
        for value in notified:
            assert misfits(shapes.ServerStatus, value) == []
        assert editor.finish() == 0


def test_the_command_line_prints_what_the_schema_says(environment: dict[str, str], tmp_path: Path) -> None:
    """JSON lines of search and similar fit their shape."""
    root = make_workspace(tmp_path / "shop")
    place = f"{root / 'src' / 'queue.js'}:3"
    for command in (["search", QUESTION], ["similar", place]):
        done = subprocess.run(
            [*CLI, *command, "--workspace", str(root), "--format", "jsonl"],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        answer = json.loads(done.stdout)
        assert answer["hits"]
        assert misfits(shapes.PlainAnswer, answer) == []


def test_a_hit_of_the_server_is_one_of_the_command_line_with_places() -> None:
    """The language server adds URI and ranges to a hit, and changes nothing of it."""
    plain = {field.name: field for field in fields_of(shapes.PlainHit)}
    editor = {field.name: field for field in fields_of(shapes.Hit)}
    assert editor.keys() - plain.keys() == {"uri", "range", "selectionRange", "cellSelectionRange"}
    assert all(editor[name] == field for name, field in plain.items())
