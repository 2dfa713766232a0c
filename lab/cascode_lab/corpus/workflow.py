"""Mining the training corpus: joins the corpus builder to the extractor, which it may not know by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cascode_indexer.extract import ExtractionError, extract_definitions, language_of_text, strip_doc
from cascode_lab.corpus.build import build_corpus
from cascode_lab.corpus.errors import CorpusError
from cascode_lab.corpus.manifest import load_manifest
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import LANGUAGES, MinedFunction

logger = logging.getLogger(__name__)


def extract(source: str, path: str) -> Iterator[MinedFunction]:
    """Find the functions of a source file with the indexer's extractor.

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
        yield MinedFunction(
            name=function.qualified_name,
            language=function.language,
            code=strip_doc(function),
            doc=function.doc,
            start_line=function.start_line,
        )


def mine(
    manifest: Path | None,
    output: Path,
    *,
    packages: Path,
    held_out: Sequence[Path],
    languages: Collection[str] = (),
    progress: Callable[[str], None] = lambda _line: None,
) -> dict[str, Any]:
    """Fetch the packages of a manifest and write query-function pairs and evaluation pools.

    Debian source packages need ``deb-src`` lines; ``APT_CONFIG`` may name a configuration that has them.

    Args:
        manifest: YAML file; the one shipped with the package when None.
        output: Folder for the JSON lines and ``summary.json``.
        packages: Folder that caches the archives.
        held_out: Lists of ``owner/name`` of the repositories that are never used.
        languages: Languages to mine; all of the manifest when empty.
        progress: Told one line a package.

    Returns:
        The summary, as in ``summary.json``.

    Raises:
        CorpusError: A language is unknown, a held-out list is missing, or no package could be had.
        ManifestError: The manifest cannot be used.
    """
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown:
        raise CorpusError(f"The corpus has no {unknown[0]!r}: choose among {', '.join(LANGUAGES)}.")
    held = HeldOut.read(*held_out)
    wanted = set(languages) or set(LANGUAGES)
    chosen = [
        replace(package, languages=tuple(language for language in package.languages if language in wanted))
        for package in load_manifest(manifest)
        if not wanted.isdisjoint(package.languages)
    ]
    return build_corpus(chosen, cache=packages, output=output, held_out=held, extract=extract, progress=progress)


def summary_table(summary: dict[str, Any]) -> str:
    """Lay out the counts of a summary as a plain table, one language a line."""
    head = ("language", "train", "dev", "test", "dev pool", "test pool", "packages", "dropped")
    rows = [
        (
            language,
            *(f"{counts['pairs'][split]:,}" for split in ("train", "dev", "test")),
            *(f"{counts['pools'].get(split, 0):,}" for split in ("dev", "test")),
            f"{len(counts['packages']):,}",
            f"{sum(counts['dropped'].values()):,}",
        )
        for language, counts in sorted(summary["languages"].items())
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    )
