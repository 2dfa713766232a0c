"""Writing what was mined, a repository at a time, so that a stopped run continues where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: What stands in a file's name between owner and name.
_SLASH = "__"


def file_name(repository: str) -> str:
    """Name of a repository's file, without its suffix: ``owner__name``."""
    return repository.replace("/", _SLASH)


def repository_of(file_name: str) -> str:
    """Repository that a file is of, by its name without the suffix: what :func:`file_name` was given.

    Hosts allow two underscores one after the other in the name of a repository, not in an owner's.
    """
    return file_name.replace(_SLASH, "/", 1)


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines by way of a second name, so that a reader never meets half a file."""
    _write(path, (json.dumps(row, ensure_ascii=False) for row in rows))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file the same way."""
    _write(path, [json.dumps(content, indent=1, ensure_ascii=False)])


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write lines; text of a repository may hold lone surrogates, which no file can take."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
            for line in lines:
                stream.write(line + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
