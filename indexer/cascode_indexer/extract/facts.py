"""What is known of each language without its module: enough to walk a workspace and to name languages.

A language's module brings its query, its rules and the parts of the engine that they use; a search of a workspace
where nothing changed needs none of them. ``facts.json`` is written from the modules by ``make generate``, and a test
compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .spec import LanguageSpec

#: Beside this module, as package data.
FACTS_FILE = Path(__file__).with_name("facts.json")


@dataclass(frozen=True, slots=True)
class LanguageFacts:
    """A language's names and files; see :class:`cascode_indexer.extract.spec.LanguageSpec` and ``Files``."""

    id: str
    editor_ids: tuple[str, ...]
    aliases: tuple[str, ...]
    suffixes: tuple[str, ...]
    #: Suffixes whose files the language's module looks into.
    checked: tuple[str, ...]
    foreign_endings: tuple[str, ...]
    names: tuple[str, ...]
    interpreters: tuple[str, ...]
    tests: tuple[str, ...]
    examples: tuple[str, ...]
    encoding_comment: bool


def facts_of(spec: LanguageSpec) -> dict[str, Any]:
    """Return the facts of a language as JSON."""
    files = spec.files
    return {
        "id": spec.id,
        "editor_ids": list(spec.editor_ids),
        "aliases": list(spec.aliases),
        "suffixes": list(files.suffixes),
        "checked": sorted(files.checks),
        "foreign_endings": list(files.foreign_endings),
        "names": list(files.names),
        "interpreters": list(files.interpreters),
        "tests": list(files.tests),
        "examples": list(files.examples),
        "encoding_comment": files.encoding_comment,
    }


def _read() -> Mapping[str, LanguageFacts]:
    """Read the facts that come with the package."""
    read = json.loads(FACTS_FILE.read_text(encoding="utf-8"))
    found: dict[str, LanguageFacts] = {}
    for row in read:
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        found[row["id"]] = LanguageFacts(**fields)
    return found


#: Language id to its facts, in the order shown to people.
FACTS: Mapping[str, LanguageFacts] = _read()
