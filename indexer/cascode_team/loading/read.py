"""Reads a repository with the parts that a local index reads a workspace with: walk, decoding, extraction, texts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cascode_indexer.extract import language_of
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts, SkipReason
from cascode_indexer.walk import read_bytes, walk
from cascode_team.loading.types import Extracted, Row


def read_repository(root: Path, *, sources: bool) -> tuple[Extracted, str]:
    """Read a repository's definitions.

    Args:
        root: Its files.
        sources: Whether the code of definitions is kept, so that the team's index can show it.

    Returns:
        What was read, and a digest of the files, which stands in for a revision where there is none.
    """
    rows: list[Row] = []
    texts: dict[bytes, str] = {}
    files = 0
    digest = hashlib.sha256()
    for source in walk(root, language_of=language_of, skipped=SkipCounts(), max_bytes=DEFAULT_MAX_FILE_BYTES):
        content = read_bytes(source, DEFAULT_MAX_FILE_BYTES)
        if isinstance(content, SkipReason):
            continue
        parsed = parse_content(source, content)
        files += 1
        digest.update(source.path.encode("utf-8", "surrogatepass") + b"\0" + parsed.digest)
        for ordinal, (definition, text) in enumerate(zip(parsed.definitions, parsed.texts, strict=True)):
            key = text_key(text)
            texts[key] = text
            rows.append(
                Row(
                    path=_stored(source.path),
                    ordinal=ordinal,
                    language=definition.language,
                    kind=definition.kind.value,
                    name=_stored(definition.name),
                    qualified_name=_stored(definition.qualified_name),
                    signature=_stored(definition.signature),
                    doc=_stored(definition.doc) if sources else "",
                    start_line=definition.start_line,
                    end_line=definition.end_line,
                    name_line=definition.name_line,
                    name_column=definition.name_column,
                    key=key,
                    code=_stored(definition.code) if sources else "",
                )
            )
    return Extracted(rows, texts, files), f"files-{digest.hexdigest()[:32]}"


def _stored(text: str) -> str:
    """A text as PostgreSQL takes it: UTF-8 without NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
