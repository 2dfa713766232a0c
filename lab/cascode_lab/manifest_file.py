"""What the manifests of packages and of histories have in common: a YAML file of entries with fixed fields."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from cascode_lab.corpus.errors import ManifestError


def read_yaml(path: Path | None, package: str, label: str) -> Any:
    """Read a manifest's YAML.

    Args:
        path: The file; the ``manifest.yaml`` of ``package`` when None.
        package: Import name of the package that ships one.
        label: Name of the manifest in messages.

    Raises:
        ManifestError: The file is missing or not YAML.
    """
    import yaml

    shipped = resources.files(package).joinpath("manifest.yaml")
    try:
        text = (path or shipped).read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"Cannot read {label} ({error.strerror}): give an existing file.") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError(f"{label} is not YAML ({' '.join(str(error).split())}): correct it.") from error


def check_fields(
    item: Any, where: str, *, required: Collection[str], optional: Collection[str] = (), name: str
) -> dict[str, Any]:
    """Check that an entry is a mapping with the fields that it must have, and no others.

    Args:
        item: The entry.
        where: The manifest, for messages.
        required: Fields that must be there and not empty.
        optional: Further fields that may be there.
        name: Field that names the entry in messages.

    Raises:
        ManifestError: It is not.
    """
    if not isinstance(item, dict):
        raise ManifestError(f"{where}: {item!r} must be a mapping with {', '.join(required)}.")
    missing = [key for key in required if not item.get(key)]
    if missing:
        raise ManifestError(f"{where}: {item.get(name, item)!r} lacks {', '.join(missing)}.")
    unknown = sorted(set(item) - {*required, *optional})
    if unknown:
        raise ManifestError(f"{where}: {item[name]} has the unknown field {unknown[0]}: remove it.")
    return item


def check_distinct(keys: Iterable[tuple[Hashable, str]], label: str) -> None:
    """Check that no entry is named twice.

    Args:
        keys: What must differ, and what messages call it.
        label: Name of the manifest in messages.

    Raises:
        ManifestError: An entry is.
    """
    seen: set[Hashable] = set()
    for key, shown in keys:
        if key in seen:
            raise ManifestError(f"{label} names {shown} twice: remove one.")
        seen.add(key)
