"""What is made of the tree of settings is current where it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cascode_server.settings import Settings, render
from cascode_server.settings.check import Source, check_settings
from cascode_server.settings.leaves import EDITOR_LEAVES, LEAVES, value_of, with_values

ROOT = Path(__file__).parents[3]
EXTENSION = ROOT / "vscode-extension" / "package.json"


def test_document_lists_the_settings_as_they_are() -> None:
    """docs/settings.md holds what ``cascode settings --format markdown`` prints."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    kept = text.partition("--format markdown -->\n")[2].partition("<!-- end of list -->")[0]
    assert kept.strip() == render.markdown().strip(), "paste the output of 'cascode settings --format markdown' there"


@pytest.mark.skipif(not EXTENSION.is_file(), reason="this checkout has no VS Code extension")
def test_vscode_offers_the_settings_as_they_are() -> None:
    """The extension's package.json holds what ``cascode settings --format vscode`` prints."""
    contributes: dict[str, Any] = json.loads(EXTENSION.read_text(encoding="utf-8"))["contributes"]
    assert contributes["configuration"] == render.vscode_configuration(), (
        "write the output of 'cascode settings --format vscode' to contributes.configuration of vscode-extension"
    )


@pytest.mark.skipif(not EXTENSION.is_file(), reason="this checkout has no VS Code extension")
def test_vscode_restricts_what_names_programs_and_files() -> None:
    """Without trust VS Code takes none of the restricted settings from a workspace."""
    capabilities: dict[str, Any] = json.loads(EXTENSION.read_text(encoding="utf-8"))["capabilities"]
    restricted = {
        f"cascode.{leaf.key}" for leaf in (*LEAVES.values(), *EDITOR_LEAVES.values()) if leaf.about.restricted
    }
    assert restricted == {"cascode.path", "cascode.model.path", "cascode.describe.model"}
    assert set(capabilities["untrustedWorkspaces"]["restrictedConfigurations"]) >= restricted


def test_schema_takes_what_the_checks_take() -> None:
    """Every default fits its own schema, and every setting is in it."""

    def leaves(node: dict[str, Any], before: str = "") -> dict[str, dict[str, Any]]:
        if "properties" not in node:
            return {before.removesuffix("."): node}
        return {
            k: v for name, below in node["properties"].items() for k, v in leaves(below, f"{before}{name}.").items()
        }

    found = leaves(render.json_schema())
    assert set(found) == set(LEAVES)
    for key, schema in found.items():
        assert schema["default"] == value_of(Settings(), LEAVES[key])
        assert schema["description"]
        values, problems = check_settings(Source("test", {key: schema["default"]}, personal=True))
        assert (values, problems) == ({key: schema["default"]}, [])
        for choice in schema.get("enum", ()):
            assert check_settings(Source("test", {key: choice}, personal=True))[0] == {key: choice}
        if schema["type"] == "integer":
            assert check_settings(Source("test", {key: schema["minimum"]}, personal=True))[0] == {
                key: schema["minimum"]
            }
            assert check_settings(Source("test", {key: schema["maximum"] + 1}, personal=True))[1] != []


def test_values_reach_their_fields() -> None:
    """Each key sets the one field that it names."""
    values = {"search.rerankTop": 9, "indexing.maxFileSize": 5, "device": "cpu", "indexing.enabled": False}
    found = with_values(Settings(), values)
    assert (found.search.rerank_top, found.indexing.max_file_size, found.device) == (9, 5, "cpu")
    assert not found.indexing.enabled
    assert found.log == Settings().log
