"""Reading the manifest of the corpus: which packages, which versions, under which licence, and why."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

from cascode_lab.corpus.errors import ManifestError
from cascode_lab.corpus.types import LANGUAGES, Package

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
    import yaml

    label = str(path) if path else "the built-in manifest"
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path
            else resources.files(__package__).joinpath("manifest.yaml").read_text(encoding="utf-8")
        )
    except OSError as error:
        raise ManifestError(f"Cannot read {label} ({error.strerror}): give an existing file.") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError(f"{label} is not YAML ({' '.join(str(error).split())}): correct it.") from error
    if not isinstance(data, dict) or not set(data) <= set(SOURCES):
        raise ManifestError(f"{label} must map the sources {', '.join(SOURCES)} to lists of packages.")
    packages = [_entry(source, item, label) for source in SOURCES for item in data.get(source) or []]
    seen: set[tuple[str, str]] = set()
    for package in packages:
        if (package.source, package.name) in seen:
            raise ManifestError(f"{label} names {package.source} package {package.name} twice: remove one.")
        seen.add((package.source, package.name))
    return sorted(packages, key=lambda package: (package.source, package.name))


def _entry(source: str, item: Any, label: str) -> Package:
    """Check one entry."""
    if not isinstance(item, dict):
        raise ManifestError(f"{label}: {item!r} under {source} must be a mapping with {', '.join(_REQUIRED)}.")
    missing = [key for key in _REQUIRED if not item.get(key)]
    if missing:
        raise ManifestError(f"{label}: {item.get('name', item)!r} under {source} lacks {', '.join(missing)}.")
    unknown = sorted(set(item) - {*_REQUIRED, "repository"})
    if unknown:
        raise ManifestError(f"{label}: {item['name']} has the unknown field {unknown[0]}: remove it.")
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
