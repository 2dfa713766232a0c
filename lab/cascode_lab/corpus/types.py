"""The data that flows through corpus mining."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from cascode_indexer.extract import SPECS
from cascode_indexer.extract.spec import Mining
from cascode_indexer.types import Kind

#: Language id to what mining has to know of it, for the languages that are mined.
MINED: Mapping[str, Mining] = {spec.id: spec.mining for spec in SPECS.values() if spec.mining is not None}
LANGUAGES: tuple[str, ...] = tuple(MINED)


class Split(str, enum.Enum):
    """What a package may be used for; a package belongs to exactly one split."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class MinedDefinition:
    """A function or a type of a source file, its doc comment apart from its code."""

    #: Qualified name inside its file, parts joined by dots.
    name: str
    #: Language id.
    language: str
    #: Source text without its docstring.
    code: str
    #: Doc comment without its markers; empty where there is none.
    doc: str
    #: First line in the file, 1-based.
    start_line: int
    kind: Kind = Kind.FUNCTION


@dataclass(frozen=True, slots=True)
class Package:
    """One entry of the manifest."""

    #: Registry: ``pypi``, ``npm`` or ``debian``.
    source: str
    #: Name in that registry.
    name: str
    #: Exact version.
    version: str
    #: SPDX expression.
    licence: str
    #: Language ids taken from it.
    languages: tuple[str, ...]
    #: Why it is in the corpus.
    why: str
    #: ``owner/name`` of its repository where the package's own metadata does not name it.
    repository: str = ""

    @property
    def folder(self) -> str:
        """Name of its folder in the package cache."""
        name = self.name.lstrip("@").replace("/", "__")
        return f"{name}-{self.version}".replace(":", "_")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition of a package that passed the code filters, with where it comes from."""

    definition: MinedDefinition
    package: Package
    path: str
    #: Cleaned first paragraph of the doc comment; empty where the definition gives no query.
    query: str

    @property
    def key(self) -> tuple[str, str, int]:
        """Sort key that makes every run visit candidates in one order."""
        return (self.package.name, self.path, self.definition.start_line)
