"""Starlark, the build language of Bazel and Buck: ``def`` of the top level, rules bound to a name, docstrings."""

from __future__ import annotations

from dataclasses import replace

from cascode_indexer.extract.languages.python import SPEC as PYTHON
from cascode_indexer.extract.spec import Files

SPEC = replace(
    PYTHON,
    id="starlark",
    name="Starlark",
    position=165,
    files=Files(suffixes=(".bzl", ".star", ".bazel"), names=("build", "workspace", "buck")),
    editor_ids=("starlark", "bazel"),
    aliases=("bzl",),
    mining=None,
)
