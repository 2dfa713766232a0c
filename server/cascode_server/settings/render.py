"""What is made of the tree of settings for people and editors: the document, a JSON schema, VS Code's configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cascode_server.settings.check import describe_values
from cascode_server.settings.leaves import EDITOR_LEAVES, LEAVES, SECTION, Leaf

#: Comes first in VS Code, since nothing works without it; the others follow in the order of the tree.
_FIRST = "path"


def vscode_configuration() -> dict[str, Any]:
    """Return the ``contributes.configuration`` of VS Code's extension."""
    leaves = sorted(
        (leaf for leaf in (*EDITOR_LEAVES.values(), *LEAVES.values()) if not leaf.about.personal),
        key=lambda leaf: (leaf.key != _FIRST, leaf.editor_only),
    )
    properties = {
        f"{SECTION}.{leaf.key}": {
            "order": order,
            **_schema_of(leaf),
            # What names a program or a file differs from machine to machine and is never synchronised.
            "scope": "machine-overridable" if leaf.about.restricted or leaf.key == "device" else "window",
            **_descriptions(leaf),
        }
        for order, leaf in enumerate(leaves)
    }
    return {"title": "CasCode", "properties": properties}


def json_schema() -> dict[str, Any]:
    """Return a JSON schema of ``cascode.toml``."""
    root: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "cascode.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }
    for leaf in LEAVES.values():
        node = root
        *tables, name = leaf.key.split(".")
        for table in tables:
            empty = {"type": "object", "additionalProperties": False, "properties": {}}
            node = node["properties"].setdefault(table, empty)
        node["properties"][name] = {**_schema_of(leaf), "description": leaf.about.description}
    return root


def markdown() -> str:
    """Return the settings as a section of a document, one heading a setting."""
    lines: list[str] = []
    for leaf in (*LEAVES.values(), *EDITOR_LEAVES.values()):
        lines += [f"### `{leaf.key}`", "", leaf.about.description, *_facts(leaf), ""]
    return "\n".join(lines)


def _facts(leaf: Leaf) -> Iterator[str]:
    """Lines about what a setting takes."""
    yield ""
    yield f"- Default: `{json.dumps(leaf.default)}`"
    if leaf.about.choices:
        yield from (f'- `"{name}"`: {meaning}' for name, meaning in leaf.about.choices)
    else:
        yield f"- Takes {describe_values(leaf)}"
    if leaf.editor_only:
        yield "- Read by the editor: it has no meaning in a file"
    if leaf.about.restricted:
        yield "- Restricted: taken from a workspace only where the editor trusts the workspace"
    if leaf.about.personal:
        yield "- Personal: taken from your own settings file alone, not from a workspace's file or an editor"


def _schema_of(leaf: Leaf) -> dict[str, Any]:
    """Type, default and bounds of a setting as JSON schema."""
    if isinstance(leaf.default, bool):
        return {"type": "boolean", "default": leaf.default}
    if isinstance(leaf.default, int):
        bounds = {"minimum": leaf.about.minimum, "maximum": leaf.about.maximum}
        return {"type": "integer", "default": leaf.default, **bounds}
    schema: dict[str, Any] = {"type": "string", "default": leaf.default}
    if leaf.about.choices:
        schema["enum"] = [name for name, _ in leaf.about.choices]
    return schema


def _descriptions(leaf: Leaf) -> dict[str, Any]:
    """What VS Code shows about a setting; backticks and links work in a Markdown description only."""
    name = "markdownDescription" if "`" in leaf.about.description else "description"
    shown: dict[str, Any] = {name: leaf.about.description}
    if leaf.about.choices:
        shown["enumDescriptions"] = [f"{meaning[0].upper()}{meaning[1:]}." for _, meaning in leaf.about.choices]
    return shown
