"""What is published: its version, the workflows' verbs, the entries for other people's lists."""

from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
VERSION: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/project_version.py"))


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (None, "0.1.0"),
        ("v1.2.3-0-gabc1234", "1.2.3"),
        ("v1.2.3-14-gabc1234", "1.2.4.dev14"),
        ("version-of-somebody-else-3-gabc1234", "0.1.0"),
    ],
)
def test_the_version_comes_from_tags(described: str | None, expected: str) -> None:
    """A tag is a version; what follows it sorts before the next one."""
    assert VERSION["_of_tags"](described) == expected


def test_a_version_has_its_notes() -> None:
    """The changelog begins with what is not released yet, or with the version of the extension."""
    version = json.loads((ROOT / "vscode-extension/package.json").read_text(encoding="utf-8"))["version"]
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == version


def test_entries_name_one_version_and_one_repository() -> None:
    """Files that are handed in to other lists agree with each other and with the extension."""
    package = json.loads((ROOT / "vscode-extension/package.json").read_text(encoding="utf-8"))
    repository = package["repository"]["url"].removesuffix(".git")
    files = [path for path in (ROOT / "packaging").rglob("*.*") if path.suffix != ".md"]
    assert len(files) == 7
    for path in files:
        text = path.read_text(encoding="utf-8")
        versions = set(re.findall(r"\b\d+\.\d+\.\d+\b", re.sub(r"(?i)manifest.*", "", text)))
        assert versions <= {package["version"]}, path
        assert repository in text or "Identifier: CasCode.CasCode" in text, path
    assert json.loads((ROOT / "packaging/mcp-registry/server.json").read_text(encoding="utf-8"))["packages"]
    assert yaml.safe_load((ROOT / "packaging/mason/package.yaml").read_text(encoding="utf-8"))["name"] == "cascode"


def registry() -> dict[str, Any]:
    """Return what the registry of MCP servers gets."""
    entry: dict[str, Any] = json.loads((ROOT / "packaging/mcp-registry/server.json").read_text(encoding="utf-8"))
    return entry


def test_the_registry_finds_its_name_in_the_description() -> None:
    """It takes a server only where the package's description on PyPI names it, and this README is that description."""
    assert f"<!-- mcp-name: {registry()['name']} -->" in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(registry()["description"]) <= 100, "the registry takes no more"


def test_the_registry_starts_the_server() -> None:
    """Clients put the package between its runtime's arguments and its own."""
    (package,) = registry()["packages"]
    before = [text for part in package["runtimeArguments"] for text in (part["name"], part["value"])]
    named = f"{package['identifier']}@{package['version']}"
    command = [package["runtimeHint"], *before, named, *(part["value"] for part in package["packageArguments"])]
    version = package["version"]
    # With `--from`, uvx would look for a program of the name cascode@VERSION.
    assert command == ["uvx", "--with", f"cascode[mcp]=={version}", f"cascode@{version}", "mcp"]


def test_workflows_call_verbs_and_scripts_that_exist() -> None:
    """What runs elsewhere is what a person can run."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    workflows = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github/workflows").glob("*.yml"))
    for verb in re.findall(r"\bmake ([a-z-]+)", workflows):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
    for script in re.findall(r"\b(?:python )(scripts/\S+)", workflows):
        assert (ROOT / script).is_file(), script


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    """A page that nobody is led to is not read."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert {path.name for path in (ROOT / "docs").glob("*.md") if path.name not in navigation} == set()


def test_the_readme_is_short() -> None:
    """It is the first page, and the rest is in docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.skipif(os.name == "nt", reason="the program that leads nowhere is a shell script")
def test_a_python_that_does_not_start_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version manager's name for a Python that is not switched on ends no release."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    release = importlib.import_module("release")
    for name, program in (("python3.10", "exit 127"), ("python3.12", f'exec "{sys.executable}" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert release.interpreters() == [str(tmp_path / "python3.12")]
    (tmp_path / "python3.12").unlink()
    assert release.interpreters() == [sys.executable]
