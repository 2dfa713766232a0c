"""Building the corpus: packages in, query-function pairs and evaluation pools out, one file a language."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cascode_indexer.types import TYPE_KINDS
from cascode_lab.corpus.assemble import Corpus, assemble
from cascode_lab.corpus.errors import ArchiveError, CorpusError, FetchError
from cascode_lab.corpus.fetch import fetch
from cascode_lab.corpus.manifest import load_manifest
from cascode_lab.corpus.mine import Mined, mine_package
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import LANGUAGES, Package, Split
from cascode_lab.history.manifest import asked_about

logger = logging.getLogger(__name__)

#: Kinds of types as a row names them.
_TYPES = frozenset(kind.value for kind in TYPE_KINDS)


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
        progress: Given one line a package.

    Returns:
        The summary, as in ``summary.json``.

    Raises:
        CorpusError: A language is unknown, a held-out list is missing, or no package could be had.
        ManifestError: The manifest cannot be used.
    """
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown:
        raise CorpusError(f"The corpus has no {unknown[0]!r}: choose among {', '.join(LANGUAGES)}.")
    # Published packages carry the repositories that questions are asked about, too.
    held = HeldOut.read(*held_out).including(asked_about())
    wanted = set(languages) or set(LANGUAGES)
    chosen = [
        replace(package, languages=tuple(language for language in package.languages if language in wanted))
        for package in load_manifest(manifest)
        if not wanted.isdisjoint(package.languages)
    ]
    return build_corpus(chosen, cache=packages, output=output, held_out=held, progress=progress)


def build_corpus(
    packages: Sequence[Package],
    *,
    cache: Path,
    output: Path,
    held_out: HeldOut,
    progress: Callable[[str], None] = lambda _line: None,
) -> dict[str, Any]:
    """Fetch and mine packages, and write pairs, pools and ``summary.json``.

    The files are the same for the same manifest, whatever order the registries answer in; languages that
    are not asked for keep the files of an earlier run.

    Args:
        packages: What to mine.
        cache: Folder of downloaded archives.
        output: Folder for the results.
        held_out: Repositories that must not be used.
        progress: Given one line a package.

    Returns:
        The summary as written, but for what failed: of this run alone.

    Raises:
        CorpusError: No package could be mined.
    """
    mined: list[Mined] = []
    failed: dict[str, str] = {}
    for number, package in enumerate(packages, start=1):
        try:
            mined.append(mine_package(package, fetch(package, cache), held_out))
        except (FetchError, ArchiveError) as error:
            logger.warning("%s is left out: %s", package.name, error)
            failed[f"{package.source}/{package.name}"] = str(error)
            continue
        progress(f"[{number}/{len(packages)}] {package.name}: {len(mined[-1].candidates)} definitions")
    if not mined:
        raise CorpusError(f"None of the {len(packages)} packages could be had: check the package clients and {cache}.")
    attempted = {f"{package.source}/{package.name}" for package in packages}
    return write_corpus(assemble(mined), output, failed, attempted)


def write_corpus(
    corpora: dict[str, Corpus], output: Path, failed: dict[str, str], attempted: Collection[str]
) -> dict[str, Any]:
    """Write pairs and pools as JSON lines and bring ``summary.json`` up to date.

    Args:
        corpora: Corpus of each language.
        output: Folder for the results.
        failed: Packages that could not be had, and why.
        attempted: All packages of this run: what an earlier run says of them no longer holds.

    Returns:
        The summary as written, but for what failed: of this run alone.
    """
    output.mkdir(parents=True, exist_ok=True)
    path = output / "summary.json"
    summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    languages = summary.setdefault("languages", {})
    for language, corpus in sorted(corpora.items()):
        _write_rows(output / f"{language}.jsonl", corpus.pairs)
        for split in (Split.DEV, Split.TEST):
            _write_rows(output / f"pool-{language}-{split.value}.jsonl", corpus.pools.get(split, []))
            _write_rows(output / f"pool-types-{language}-{split.value}.jsonl", corpus.types.get(split, []))
        languages[language] = {
            "pairs": {split.value: sum(row["split"] == split.value for row in corpus.pairs) for split in Split},
            "pools": {split.value: len(rows) for split, rows in sorted(corpus.pools.items())},
            "types": {
                **{split.value: len(rows) for split, rows in sorted(corpus.types.items())},
                Split.TRAIN.value: sum(row["split"] == "train" and row["kind"] in _TYPES for row in corpus.pairs),
            },
            "packages": dict(sorted(Counter(f"{row['split']}/{row['package']}" for row in corpus.pairs).items())),
            "licences": dict(sorted(Counter(row["licence"] for row in corpus.pairs).items())),
            "dropped": dict(corpus.dropped.most_common()),
        }
    earlier = {name: reason for name, reason in summary.get("failed", {}).items() if name not in attempted}
    summary["failed"] = dict(sorted({**earlier, **failed}.items()))
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return {**summary, "failed": dict(sorted(failed.items()))}


def _write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write JSON lines by way of a second name, so that a reader never meets half a file."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)


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
