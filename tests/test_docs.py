"""The documents name what exists, and what exists is named in them."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/benchmarks.md",
    "docs/index.md",
    "docs/install.md",
    "docs/command-line.md",
    "docs/left-out.md",
    "docs/models.md",
    "packaging/README.md",
    "docs/results.md",
    "docs/settings.md",
    "docs/editors.md",
    "docs/agents.md",
    "docs/packs.md",
    "docs/scale.md",
    "docs/team.md",
    "docs/protocol.md",
    "docs/security.md",
    "docs/languages.md",
    "docs/library.md",
    "docs/literature.md",
    "docs/training.md",
)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_VERB = re.compile(r"\bmake ([a-z][a-z-]*)\b")
_CODE = re.compile(r"`([^`\n]+)`|^```.*?^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"\bcascode ([a-z][a-z-]+)\b")
_OPTION = re.compile(r"(--[a-z][a-z-]+)")


def command_line() -> click.Group:
    """Return the root of the command line."""
    from cascode_server.cli.commands import cli

    assert isinstance(cli, click.Group)
    return cli


def code_of(document: str) -> str:
    """Return what a document sets as code, one piece a line."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return "\n".join(match[0] for match in _CODE.finditer(text))


def test_the_readme_names_every_command() -> None:
    """A command that is not hidden stands in the README."""
    visible = {name for name, command in command_line().commands.items() if not command.hidden}
    assert visible
    text = code_of("README.md")
    assert {name for name in visible if not re.search(rf"\b{re.escape(name)}\b", text)} == set()


def test_the_readme_uses_commands_and_options_that_exist() -> None:
    """A command line shown in the README is one that the program takes."""
    commands = command_line().commands
    shown = [line for line in code_of("README.md").splitlines() if re.search(r"\bcascode [a-z]+", line)]
    assert shown
    for line in shown:
        name = _COMMAND.search(line)
        assert name is not None
        assert name[1] in commands, f"the README shows 'cascode {name[1]}', which does not exist"
        options = {option for parameter in commands[name[1]].params for option in parameter.opts}
        assert set(_OPTION.findall(line.partition("#")[0])) <= options, line


@pytest.mark.parametrize("document", DOCUMENTS)
def test_verbs_exist(document: str) -> None:
    """Every make verb that a document names is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = set(_VERB.findall(code_of(document)))
    assert named <= targets
    assert {"demo", "test"} <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    """Every relative link of a document leads to a file of the project."""
    text = (ROOT / document).read_text(encoding="utf-8")
    broken = [target for target in _LINK.findall(text) if not (ROOT / document).parent.joinpath(target).exists()]
    assert broken == []


def test_continuous_integration_calls_verbs_only() -> None:
    """What CI checks, a person can check with the same verbs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    calls = re.findall(
        r"^(?:stage|beside|exec make) (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE
    )
    words = " ".join(calls).replace("'", " ").split()
    verbs = [word for word in words if not word.startswith("-") and "=" not in word]
    assert {"setup", "lint", "types", "test", "test-slow", "test-editors", "test-window"} <= set(verbs)
    for verb in verbs:
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
