"""Mining one package: its archives in, the functions that passed the filters out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cascode_indexer.extract import ExtractionError, extract_definitions, language_of_text, strip_doc
from cascode_indexer.types import FUNCTION_KINDS
from cascode_lab.corpus.archives import Member, read_members
from cascode_lab.corpus.code_filters import file_rejected, function_rejected, query_remains
from cascode_lab.corpus.metadata import METADATA_NAMES, repositories_of
from cascode_lab.corpus.query_text import query_of
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import MINED, Candidate, MinedFunction, Package

logger = logging.getLogger(__name__)

#: Suffix of a mined file to the language under which it is counted where nothing comes of it; the extractor
#: tells a header's language by its content.
_LANGUAGE_OF_SUFFIX = {suffix: language for language, mining in MINED.items() for suffix in mining.suffixes}


@dataclass(frozen=True, slots=True)
class Mined:
    """Candidates of a package, with what was left out while mining it."""

    package: Package
    candidates: list[Candidate]
    #: By language, then reason.
    dropped: dict[str, Counter[str]]


def mine_package(package: Package, archives: Sequence[Path], held_out: HeldOut) -> Mined:
    """Mine one package: read its archives, extract its functions, apply the filters on code and doc.

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


def mined_functions(source: str, path: str) -> Iterator[MinedFunction]:
    """Find the functions of a source file.

    Args:
        source: Its text.
        path: Its path, which decides the language.

    Returns:
        Functions without their doc comments; none where the language is unknown or parsing is given up.
    """
    language = language_of_text(path, source)
    if language is None:
        return
    try:
        functions = extract_definitions(source, language, path=path).functions
    except ExtractionError as error:
        logger.warning("%s gives no functions: %s", path, error)
        return
    for function in functions:
        if function.kind not in FUNCTION_KINDS:
            continue  # the corpus pairs functions with their documentation
        yield MinedFunction(
            name=function.qualified_name,
            language=function.language,
            code=strip_doc(function),
            doc=function.doc,
            start_line=function.start_line,
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
    for function in mined_functions(source, member.path):
        if function.language not in package.languages:
            continue
        reason = function_rejected(function.name, function.code)
        if reason:
            dropped[reason] += 1
            continue
        plain = MINED[function.language].plain_doc
        query, reason = query_of(plain(function.doc, function.name) if plain else function.doc)
        if not reason and query_remains(query, function.code):
            query, reason = "", "query remains in code"
        if reason:
            dropped[reason] += 1
        yield Candidate(function, package, member.path, query)
