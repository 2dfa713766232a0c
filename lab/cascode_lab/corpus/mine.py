"""Mining one package: its archives in, the definitions that passed the filters out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cascode_indexer.extract import ExtractionError, extract_definitions, language_of_text, strip_doc
from cascode_indexer.types import FUNCTION_KINDS, TYPE_KINDS
from cascode_lab.corpus.archives import Member, read_members
from cascode_lab.corpus.code_filters import file_rejected, function_rejected, query_remains, type_rejected
from cascode_lab.corpus.metadata import METADATA_NAMES, repositories_of
from cascode_lab.corpus.query_text import query_of
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import MINED, Candidate, MinedDefinition, Package

logger = logging.getLogger(__name__)

#: Suffix of a mined file to the language under which it is counted where nothing comes of it; the extractor
#: decides a header's language by its content.
_LANGUAGE_OF_SUFFIX = {suffix: language for language, mining in MINED.items() for suffix in mining.suffixes}


@dataclass(frozen=True, slots=True)
class Mined:
    """Candidates of a package, with what was left out while mining it."""

    package: Package
    candidates: list[Candidate]
    #: By language, then reason.
    dropped: dict[str, Counter[str]]


def mine_package(package: Package, archives: Sequence[Path], held_out: HeldOut) -> Mined:
    """Mine one package: read its archives, extract its functions and types, apply the filters on code and doc.

    Args:
        package: The manifest's entry.
        archives: Its archives.
        held_out: Repositories that must not be used.

    Returns:
        Candidates in order of path and line; none when the package is held out.

    Raises:
        ArchiveError: An archive is damaged.
    """
    suffixes = {suffix for language in package.languages for suffix in MINED[language].suffixes}
    members = [member for path in archives for member in read_members(path, frozenset(suffixes | METADATA_NAMES))]
    dropped: dict[str, Counter[str]] = {language: Counter() for language in package.languages}
    held = held_out.holds(package, repositories_of(members))
    if held:
        logger.warning("%s is left out: it is the held-out repository %s", package.name, held)
        for counts in dropped.values():
            counts["held-out package"] += 1
        return Mined(package, [], dropped)
    candidates: list[Candidate] = []
    sources = sorted((member for member in members if _suffix(member) in suffixes), key=lambda member: member.path)
    for member in sources:
        candidates.extend(_file_candidates(package, member, dropped[_LANGUAGE_OF_SUFFIX[_suffix(member)]]))
    return Mined(package, candidates, dropped)


def mined_definitions(source: str, path: str) -> Iterator[MinedDefinition]:
    """Find the functions and types of a source file.

    Args:
        source: Its text.
        path: Its path, which decides the language.

    Returns:
        Definitions without their doc comments; none where the language is unknown or parsing is given up.
    """
    language = language_of_text(path, source)
    if language is None:
        return
    try:
        found = extract_definitions(source, language, path=path).definitions
    except ExtractionError as error:
        logger.warning("%s gives no definitions: %s", path, error)
        return
    for definition in found:
        if definition.kind not in FUNCTION_KINDS | TYPE_KINDS:
            continue  # what documents a module or a constant says little of how people ask for one
        yield MinedDefinition(
            name=definition.qualified_name,
            language=definition.language,
            code=strip_doc(definition),
            doc=definition.doc,
            start_line=definition.start_line,
            kind=definition.kind,
        )


def _suffix(member: Member) -> str:
    """File suffix of a member, lower case."""
    return PurePosixPath(member.path).suffix.lower()


def _file_candidates(package: Package, member: Member, dropped: Counter[str]) -> Iterator[Candidate]:
    """Candidates of one file."""
    try:
        source = member.content.decode("utf-8")
    except UnicodeDecodeError:
        dropped["file not UTF-8"] += 1
        return
    reason = file_rejected(member.path, source)
    if reason:
        dropped[reason] += 1
        return
    for definition in mined_definitions(source, member.path):
        if definition.language not in package.languages:
            continue
        reason = _rejected(definition)
        if reason:
            dropped[reason] += 1
            continue
        plain = MINED[definition.language].plain_doc
        query, reason = query_of(plain(definition.doc, definition.name) if plain else definition.doc)
        if not reason and query_remains(query, definition.code):
            query, reason = "", "query remains in code"
        if reason:
            dropped[reason] += 1
        yield Candidate(definition, package, member.path, query)


def _rejected(definition: MinedDefinition) -> str | None:
    """Say why a definition is left out, if it is: a type by its name and size alone, for its outline has no body."""
    if definition.kind in TYPE_KINDS:
        return type_rejected(definition.name, definition.code)
    return function_rejected(definition.name, definition.code)
