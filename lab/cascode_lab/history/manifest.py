"""Reading the manifest of histories: which repositories, at which revision, under which licence, and for what."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from cascode_lab.corpus.errors import ManifestError
from cascode_lab.corpus.manifest import reserved_package_of
from cascode_lab.corpus.splits import HeldOut, repositories_in
from cascode_lab.corpus.types import LANGUAGES, Split
from cascode_lab.manifest_file import check_distinct, check_fields, read_yaml

#: SPDX names of the licences taken: permissive ones, which ask for attribution at most.
LICENCES = frozenset(
    {
        "MIT",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0",
        "ISC",
        "PostgreSQL",
        "Zlib",
        "Unlicense",
        "CC0-1.0",
        "BSL-1.0",
    }
)
_FIELDS = ("url", "revision", "licence", "language", "split")
#: The full name of a commit.
REVISION = re.compile(r"[0-9a-f]{40}")
_SPDX = re.compile(r"[\w.+-]+")
_URL = re.compile(r"https://[\w.-]+/[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A repository of the manifest."""

    #: ``owner/name``.
    repository: str
    url: str
    #: The newest commit that is read.
    revision: str
    #: SPDX expression.
    licence: str
    #: Main language.
    language: str
    split: Split


def load_manifest(path: Path | None = None) -> list[HistoryEntry]:
    """Read and check a manifest.

    Args:
        path: YAML file; the one shipped with this package when None.

    Returns:
        Its repositories, sorted by name.

    Raises:
        ManifestError: The file is missing, not YAML, or an entry is incomplete, malformed, repeated, or not under a
            permissive licence.
    """
    label = str(path) if path else "the built-in manifest of histories"
    data = read_yaml(path, __package__, label)
    if not isinstance(data, list) or not data:
        raise ManifestError(f"{label} must be a list of repositories with {', '.join(_FIELDS)}.")
    entries = [_entry(item, label) for item in data]
    check_distinct(((entry.repository.lower(), entry.repository) for entry in entries), label)
    return sorted(entries, key=lambda entry: entry.repository.lower())


def asked_about() -> list[str]:
    """Return the repositories that questions are asked about, ``owner/name``: nothing of them is trained on.

    Those of the shipped manifest whose histories ask, and those of ``asked_about.txt``, about which questions are
    written by hand alone.
    """
    written = resources.files(__package__).joinpath("asked_about.txt").read_text(encoding="utf-8").split()
    return [entry.repository for entry in load_manifest() if entry.split is not Split.TRAIN] + written


def check_held_out(entries: Collection[HistoryEntry], held_out: HeldOut) -> None:
    """Refuse a manifest that names a repository kept for others' benchmarks, or trains on one kept for ours.

    Raises:
        ManifestError: It names one, in whatever letter case.
    """
    for entry in entries:
        if entry.repository.lower() in held_out.repositories:
            raise ManifestError(f"The manifest names {entry.repository}, which is held out: remove it.")
        reserved = reserved_package_of(entry.repository) if entry.split is Split.TRAIN else None
        if reserved:
            raise ManifestError(
                f"The manifest trains on {entry.repository}, the sources of {reserved}, a package kept for evaluation: "
                f"remove it."
            )


def _entry(item: Any, label: str) -> HistoryEntry:
    """Check one entry."""
    item = check_fields(item, label, required=_FIELDS, name="url")
    url, revision, licence = str(item["url"]), str(item["revision"]), str(item["licence"])
    if not _URL.fullmatch(url) or not repositories_in([url]):
        raise ManifestError(f"{label}: {url!r} is not the https URL of a hosted repository.")
    if not REVISION.fullmatch(revision):
        raise ManifestError(f"{label}: {url} has the revision {revision!r}: give the full name of a commit.")
    if not {*_SPDX.findall(licence)} - {"AND", "OR"} <= LICENCES:
        raise ManifestError(f"{label}: {url} is under {licence!r}, which is not permissive: remove it.")
    if item["language"] not in LANGUAGES:
        raise ManifestError(
            f"{label}: {url} has the unknown language {item['language']!r}: choose among {', '.join(LANGUAGES)}."
        )
    if item["split"] not in {split.value for split in Split}:
        raise ManifestError(f"{label}: {url} has the unknown split {item['split']!r}: it is train, dev or test.")
    repository = "/".join(url.removesuffix(".git").rsplit("/", 2)[1:])
    return HistoryEntry(repository, url, revision, licence, str(item["language"]), Split(item["split"]))
