"""Reading the manifest of the corpus: which packages, which versions, under which licence, and why."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from cascode_lab.corpus.errors import ManifestError
from cascode_lab.corpus.splits import is_reserved, upstream_names
from cascode_lab.corpus.types import LANGUAGES, Package
from cascode_lab.manifest_file import check_distinct, check_fields, read_yaml

#: Registries with an ordinary client that :mod:`cascode_lab.corpus.fetch` knows.
SOURCES = ("pypi", "npm", "debian")

# Names and versions become arguments of package clients and folder names, so neither may begin with a
# dash, hold a space or climb out of the cache.
_NAME = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:+~-]*")
_REQUIRED = ("name", "version", "licence", "languages", "why")


def load_manifest(path: Path | None = None) -> list[Package]:
    """Read and check a manifest.

    Args:
        path: YAML file; the manifest shipped with this package when None.

    Returns:
        Its packages, sorted by source and name.

    Raises:
        ManifestError: The file is missing, not YAML, or an entry is incomplete, malformed or repeated.
    """
    label = str(path) if path else "the built-in manifest"
    data = read_yaml(path, __package__, label)
    if not isinstance(data, dict) or not set(data) <= set(SOURCES):
        raise ManifestError(f"{label} must map the sources {', '.join(SOURCES)} to lists of packages.")
    packages = [_entry(source, item, label) for source in SOURCES for item in data.get(source) or []]
    check_distinct(
        (((package.source, package.name), f"{package.source} package {package.name}") for package in packages), label
    )
    return sorted(packages, key=lambda package: (package.source, package.name))


@functools.cache
def _reserved_by_name() -> dict[str, str]:
    """Packages of the shipped manifest that are kept for evaluation, by what their repositories may be called."""
    reserved = [package.name for package in load_manifest() if is_reserved(package.name)]
    return {upstream: name for name in reserved for upstream in upstream_names(name)}


def reserved_package_of(repository: str) -> str | None:
    """The package of the shipped manifest that is kept for evaluation and made of a repository, judged by its name.

    Args:
        repository: ``owner/name``.
    """
    return _reserved_by_name().get(repository.lower().rpartition("/")[2])


def _entry(source: str, item: Any, label: str) -> Package:
    """Check one entry."""
    where = f"{label}, under {source}"
    item = check_fields(item, where, required=_REQUIRED, optional=("repository",), name="name")
    strange = sorted(set(item["languages"]) - set(LANGUAGES))
    if strange:
        raise ManifestError(f"{label}: {item['name']} has the unknown language {strange[0]!r}: remove it.")
    name, version = str(item["name"]), str(item["version"])
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise ManifestError(f"{label}: {name!r} {version!r} is not a package name and an exact version.")
    return Package(
        source=source,
        name=name,
        version=version,
        licence=str(item["licence"]),
        languages=tuple(item["languages"]),
        why=str(item["why"]),
        repository=str(item.get("repository", "")).lower(),
    )
